//! `output`, `errors`: what a program printed.

use super::{Directive, code_figure};
use crate::excerpt::between;
use crate::html::escape;
use crate::programs::Program;

/// `{{output NAME [from TEXT] [to TEXT]}}`
pub(super) fn output(directive: &Directive<'_>) -> Result<String, String> {
    printed(directive, "output.txt", r#"class="output""#, "")
}

/// `{{errors NAME [from TEXT] [to TEXT]}}`
pub(super) fn errors(directive: &Directive<'_>) -> Result<String, String> {
    printed(directive, "errors.txt", r#"class="output errors""#, " writes to its standard error")
}

fn printed(
    directive: &Directive<'_>,
    file: &str,
    class: &str,
    what: &str,
) -> Result<String, String> {
    let program = Program::find(directive.first_argument("a program's name")?)?;
    let wanted = directive.wanted()?;
    if let Some(anchor) = &wanted.anchor {
        return Err(format!("{}: what is {anchor:?}? There are `from` and `to`", directive.name));
    }
    let lines = program.printed(file)?;
    let range = between(&lines, wanted.from.as_deref(), wanted.to.as_deref())
        .map_err(|problem| format!("{}: {problem}", program.file(file)))?;
    if range.is_empty() {
        return Err(format!("{} is empty: there is nothing to show", program.file(file)));
    }
    let part = if range.len() < lines.len() { ", in part" } else { "" };
    let (shown, ending) = without_the_ending(&lines[range]);
    if let (true, Some(ending)) = (shown.is_empty(), ending) {
        return Ok(format!("<code>{}</code> ends with {ending}.", escape(program.command())));
    }
    let ending = ending.map(|ending| format!("; {}", escape(ending))).unwrap_or_default();
    let caption = format!("<code>{}</code>{what}{part}{ending}", escape(program.command()));
    Ok(code_figure(class, &caption, "text", shown))
}

/// The last line of `errors.txt` may be how the program ended, which it doesn't print.
fn without_the_ending(lines: &[String]) -> (&[String], Option<&str>) {
    match lines.split_last() {
        Some((last, shown)) if last.starts_with("exit status: ") => (shown, Some(last)),
        _ => (lines, None),
    }
}
