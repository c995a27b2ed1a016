//! Finds functions and classes in Python source by their indentation.

use std::ops::Range;

/// The line ranges of what is called `name`: `main`, `Shop`, `Shop.price`.
pub(super) fn items(lines: &[&str], name: &str) -> Vec<Range<usize>> {
    let (outer, inner) = match name.split_once('.') {
        Some((outer, inner)) => (outer, Some(inner)),
        None => (name, None),
    };
    let found = definitions(lines, 0..lines.len(), outer);
    match inner {
        None => found,
        Some(inner) => {
            let members = found.into_iter().map(|class| definitions(lines, class, inner));
            members.flatten().collect()
        }
    }
}

fn definitions(lines: &[&str], within: Range<usize>, name: &str) -> Vec<Range<usize>> {
    let heads = within.clone().filter(|&line| defines(lines[line], name));
    heads.map(|head| decorated(lines, head)..end(lines, head, within.end)).collect()
}

/// Whether a line is `def name(…)`, `async def name(…)` or `class name…`.
fn defines(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = line.strip_prefix("def ").or(line.strip_prefix("class "));
    let rest = rest.and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with(['(', ':']))
}

/// The first of the decorators above `head`.
fn decorated(lines: &[&str], head: usize) -> usize {
    let decorators = lines[..head].iter().rev().take_while(|line| line.trim().starts_with('@'));
    head - decorators.count()
}

/// The end of the block that `head` opens: before the next line that isn't indented further.
fn end(lines: &[&str], head: usize, limit: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut in_text = false;
    let ends = |line: &&str| {
        let is_code = !in_text;
        in_text ^= opens_or_closes_a_text(line);
        // `)` closes a head that stands on several lines.
        is_code
            && !line.trim().is_empty()
            && indent(line) <= indent(lines[head])
            && !line.trim().starts_with(')')
    };
    let end = lines[head + 1..limit].iter().position(ends).map_or(limit, |end| head + 1 + end);
    let blank = lines[head..end].iter().rev().take_while(|line| line.trim().is_empty()).count();
    end - blank
}

/// Whether one of the two ends of a `"""…"""` is on the line, whose lines need no indent.
fn opens_or_closes_a_text(line: &str) -> bool {
    line.matches("\"\"\"").count() % 2 == 1
}
