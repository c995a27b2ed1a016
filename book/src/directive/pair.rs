//! `pair`: Python and Rust side by side, and which of their lines correspond.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::{Directive, listing};
use crate::excerpt::{Wanted, all_with, between, excerpt, the_one_with};
use crate::programs::Program;

/// `{{pair NAME [ANCHOR | PYTHON|RUST]`, lines `python ~ rust`, `}}`
pub(super) fn pair(directive: &Directive<'_>) -> Result<String, String> {
    let program = Program::find(directive.first_argument("a program's name")?)?;
    let (in_python, in_rust) = anchors(directive)?;
    let python = Side::read(&program, "twin.py", in_python)?;
    let rust = Side::read(&program, "main.rs", in_rust)?;
    let mut corresponding = Vec::new();
    for line in directive.body.iter().filter(|line| !line.trim().is_empty()) {
        let (left, right) =
            line.split_once(" ~ ").ok_or(format!("`python ~ rust` is missing in {line:?}"))?;
        corresponding.push((python.find(left.trim())?, rust.find(right.trim())?));
    }
    let mut made =
        format!("<div class=\"pair\" data-lines=\"{}\">\n\n", data_lines(&corresponding));
    made += &python.figure();
    made.push('\n');
    made += &rust.figure();
    made += "\n</div>\n";
    Ok(made)
}

fn anchors<'a>(directive: &'a Directive<'_>) -> Result<(Option<&'a str>, Option<&'a str>), String> {
    match &directive.words[1..] {
        [] => Ok((None, None)),
        [anchor] => {
            let (python, rust) = anchor.split_once('|').unwrap_or((anchor, anchor));
            Ok((Some(python), Some(rust)))
        }
        [_, other, ..] => Err(format!("pair: what is {other:?}?")),
    }
}

/// `[[[3,3],[2,2]],[[5,6],[4,4]]]`: ranges of Python's lines and of Rust's.
fn data_lines(corresponding: &[(RangeInclusive<usize>, RangeInclusive<usize>)]) -> String {
    let mut data = String::from("[");
    for (index, (python, rust)) in corresponding.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            data,
            "{comma}[[{},{}],[{},{}]]",
            python.start(),
            python.end(),
            rust.start(),
            rust.end()
        );
    }
    data + "]"
}

/// One language's half.
struct Side {
    path: String,
    lines: Vec<String>,
}

impl Side {
    fn read(program: &Program, file: &str, anchor: Option<&str>) -> Result<Self, String> {
        let path = program.file(file);
        let lines =
            excerpt(&path, &Wanted { anchor: anchor.map(str::to_owned), ..Wanted::default() })?;
        Ok(Self { path, lines })
    }

    /// The lines, counted from 1, of a text, or from one text to another: `first .. last`.
    fn find(&self, text: &str) -> Result<RangeInclusive<usize>, String> {
        let found = match text.split_once(" .. ") {
            Some((first, last)) => self.between(first.trim(), last.trim()),
            None => position(&self.lines, text).map(|line| line..=line),
        };
        let found = found.map_err(|problem| format!("{}, as shown: {problem}", self.path))?;
        Ok(found.start() + 1..=found.end() + 1)
    }

    fn between(&self, first: &str, last: &str) -> Result<RangeInclusive<usize>, String> {
        let start = position(&self.lines, first)?;
        let range = between(&self.lines[start..], None, Some(last))?;
        Ok(start..=start + range.len() - 1)
    }

    fn figure(&self) -> String {
        listing::figure(&self.path, &self.lines)
    }
}

/// The index of the line that contains a text, or of one of several: `text #2`.
fn position(lines: &[String], text: &str) -> Result<usize, String> {
    let numbered = text
        .rsplit_once(" #")
        .and_then(|(text, number)| Some((text.trim_end(), number.parse::<usize>().ok()?)));
    let Some((text, number)) = numbered else {
        return the_one_with(lines, text)
            .map_err(|problem| format!("{problem} (`{text} #2` is the second of several)"));
    };
    let found = all_with(lines, text);
    let found_there = number.checked_sub(1).and_then(|index| found.get(index));
    let count = found.len();
    found_there.copied().ok_or_else(|| format!("{count} lines contain {text:?}, no #{number}"))
}
