//! `listing`, `expansion`, `compile_error`: code from the project's files.

use super::{Directive, code_figure};
use crate::excerpt::{self, Wanted, excerpt};
use crate::html::escape;

/// `{{listing PATH [ANCHOR] [from TEXT] [to TEXT]}}`
pub(super) fn listing(directive: &Directive<'_>) -> Result<String, String> {
    let path = directive.first_argument("a path")?;
    Ok(figure(path, &excerpt(path, &directive.wanted()?)?))
}

/// `{{expansion NAME}}`
pub(super) fn expansion(directive: &Directive<'_>) -> Result<String, String> {
    let path = format!("macros/expansions/{}.rs", directive.only_argument("a snapshot's name")?);
    Ok(figure(&path, &excerpt(&path, &Wanted::default())?))
}

/// `{{compile_error CASE}}`
pub(super) fn compile_error(directive: &Directive<'_>) -> Result<String, String> {
    let case = directive.only_argument("a case of tests/ui")?;
    let source = format!("tests/ui/{case}.rs");
    let message = format!("tests/ui/{case}.stderr");
    let message = excerpt(&message, &Wanted::default())?;
    Ok(figure(&source, &excerpt(&source, &Wanted::default())?)
        + &code_figure(r#"class="output errors""#, "What the compiler says", "text", &message))
}

/// The listing of `path`, which its caption names.
pub(super) fn figure(path: &str, lines: &[String]) -> String {
    let language = excerpt::language(path);
    code_figure(
        &format!(r#"class="listing" data-language="{language}""#),
        &format!("<code>{}</code>", escape(path)),
        language,
        lines,
    )
}
