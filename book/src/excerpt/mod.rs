//! A piece of one of the project's own files, found by name: the source of every listing.
//!
//! A piece is an item, found by parsing (`rust`, `python`), or what stands between two markers
//! (`// ANCHOR: name` and `// ANCHOR_END: name`), or the whole file without its head comment. A name that
//! isn't there is an error: mdBook's own `{{#include}}` shows an empty listing.

mod python;
mod rust;

use std::fs;
use std::ops::Range;
use std::path::Path;

use asyncio_tests::oracle::workspace;

/// What of a file to show.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// An item's or a marker's name. `None`: the whole file, without its head comment.
    pub anchor: Option<String>,
    /// Starts with the one line that contains this.
    pub from: Option<String>,
    /// Ends with the next line that contains this.
    pub to: Option<String>,
}

/// The lines of `path`, a file below the workspace's root, that `wanted` names.
///
/// # Errors
///
/// What isn't there.
pub fn excerpt(path: &str, wanted: &Wanted) -> Result<Vec<String>, String> {
    let text = read(path)?;
    let lines: Vec<&str> = text.lines().collect();
    let range = match &wanted.anchor {
        Some(anchor) => named(path, &text, &lines, anchor)?,
        None => after_the_head(Path::new(path), &lines)..lines.len(),
    };
    let lines: Vec<&str> =
        lines[range].iter().copied().filter(|line| marker(line).is_none()).collect();
    let range =
        between(&lines, wanted.from.as_deref(), wanted.to.as_deref()).map_err(|problem| {
            let anchor =
                wanted.anchor.as_ref().map(|anchor| format!(", {anchor}")).unwrap_or_default();
            format!("{path}{anchor}: {problem}")
        })?;
    Ok(dedent(&lines[range]))
}

/// The text of `path`, a file below the workspace's root.
///
/// # Errors
///
/// That it can't be read.
pub fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(workspace(path)).map_err(|error| format!("{path}: {error}"))
}

/// The lines from the one that contains `from` to the next that contains `to`.
///
/// # Errors
///
/// That no line contains a text, or that several contain `from`.
pub(crate) fn between(
    lines: &[impl AsRef<str>],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Range<usize>, String> {
    let start = from.map_or(Ok(0), |text| the_one_with(lines, text))?;
    let is_end = |line: &_, text| AsRef::<str>::as_ref(line).contains(text);
    let end = to.map_or(Ok(lines.len()), |text| {
        let end = lines[start..].iter().position(|line| is_end(line, text));
        end.map(|end| start + end + 1).ok_or_else(|| format!("no line contains {text:?}"))
    })?;
    Ok(start..end)
}

/// The index of the line that contains `text`. Of several, the first would be a guess.
pub(crate) fn the_one_with(lines: &[impl AsRef<str>], text: &str) -> Result<usize, String> {
    match all_with(lines, text)[..] {
        [index] => Ok(index),
        [] => Err(format!("no line contains {text:?}")),
        ref several => Err(format!("{} lines contain {text:?}, not one", several.len())),
    }
}

/// The indices of the lines that contain `text`.
pub(crate) fn all_with(lines: &[impl AsRef<str>], text: &str) -> Vec<usize> {
    let numbered = lines.iter().enumerate();
    let found = numbered.filter(|(_, line)| line.as_ref().contains(text));
    found.map(|(index, _)| index).collect()
}

/// What the code blocks of a file are marked with.
pub fn language(path: &str) -> &'static str {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("rs") => "rust",
        Some("py") => "python",
        Some("toml") => "toml",
        Some("sh") => "sh",
        _ => "text",
    }
}

fn named(path: &str, text: &str, lines: &[&str], anchor: &str) -> Result<Range<usize>, String> {
    if let Some(range) = marked(lines, anchor).map_err(|problem| format!("{path}: {problem}"))? {
        return Ok(range);
    }
    let mut found = match language(path) {
        "rust" => rust::items(text, anchor),
        "python" => Ok(python::items(lines, anchor)),
        _ => Ok(Vec::new()),
    }
    .map_err(|problem| format!("{path} can't be parsed: {problem}"))?;
    match found.len() {
        1 => Ok(with_comment_above(lines, found.remove(0))),
        0 => Err(format!("{path} has no item and no marker called {anchor}")),
        many => Err(format!(
            "{path} has {many} items called {anchor}: put the type in front of it, or markers around the one"
        )),
    }
}

/// What stands between the markers of `name`.
fn marked(lines: &[&str], name: &str) -> Result<Option<Range<usize>>, String> {
    let find = |kind| -> Vec<usize> {
        (0..lines.len()).filter(|&line| marker(lines[line]) == Some((kind, name))).collect()
    };
    match (&find("ANCHOR")[..], &find("ANCHOR_END")[..]) {
        ([], []) => Ok(None),
        ([start], [end]) if start < end => Ok(Some(start + 1..*end)),
        _ => Err(format!(
            "ANCHOR: {name} and ANCHOR_END: {name} must both be there, once, in this order"
        )),
    }
}

/// `("ANCHOR", name)` in `// ANCHOR: name`.
fn marker(line: &str) -> Option<(&str, &str)> {
    let comment = line.trim();
    let (kind, name) = comment.strip_prefix("//").or(comment.strip_prefix('#'))?.split_once(':')?;
    let kind = kind.trim();
    matches!(kind, "ANCHOR" | "ANCHOR_END").then_some((kind, name.trim()))
}

/// Where a file's code starts: behind `//! …`, or behind Python's `"""…"""`.
fn after_the_head(path: &Path, lines: &[&str]) -> usize {
    let head = match language(&path.to_string_lossy()) {
        "rust" => lines.iter().take_while(|line| line.starts_with("//!")).count(),
        "python" if lines.first().is_some_and(|line| line.starts_with("\"\"\"")) => {
            let quotes = |line: &&str| line.matches("\"\"\"").count();
            let first = quotes(&lines[0]) == 2;
            let end = lines.iter().skip(1).position(|line| quotes(line) > 0);
            if first { 1 } else { end.map_or(0, |end| end + 2) }
        }
        _ => 0,
    };
    head + lines[head..].iter().take_while(|line| line.trim().is_empty()).count()
}

/// A comment right above an item belongs to it.
fn with_comment_above(lines: &[&str], range: Range<usize>) -> Range<usize> {
    let is_comment = |line: &&&str| {
        let line = line.trim();
        (line.starts_with("//") || line.starts_with("# ")) && !line.starts_with("//!")
    };
    let above = lines[..range.start].iter().rev().take_while(is_comment).count();
    range.start - above..range.end
}

fn dedent(lines: &[&str]) -> Vec<String> {
    let indents = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| line.get(indent..).unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests;
