//! Directives: what a page pulls in. `{{output 03_gather}}` on a line of its own becomes what the lesson
//! prints.
//!
//! `parse` finds them; each of the other rooms makes the Markdown and HTML of one kind. What a directive
//! names and isn't there is a `Problem` with the page and its line, and fails the build.

mod benches;
mod diagram;
mod expression;
mod figures;
mod listing;
mod output;
mod pair;
mod parse;
mod plot;
mod prediction;
mod timeline;

pub use parse::Directive;

use std::fmt;
use std::fmt::Write as _;

/// What is wrong on a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The page's path, from the workspace's root.
    pub page: String,
    /// Counted from 1.
    pub line: usize,
    /// What it is, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.message)
    }
}

/// A page's text with what its directives stand for, and what is wrong with them.
pub fn expand(page: &str, text: &str) -> (String, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut expanded = String::new();
    for piece in parse::pieces(text) {
        let (line, made) = match &piece {
            parse::Piece::Text(text) => (0, Ok((*text).to_owned())),
            parse::Piece::Directive(directive) => (directive.line, block(directive)),
            parse::Piece::Inline(directive) => (directive.line, inline(directive)),
            parse::Piece::Broken(line, message) => (*line, Err((*message).to_owned())),
        };
        match made {
            Ok(made) => expanded.push_str(&made),
            Err(message) => problems.push(Problem { page: page.to_owned(), line, message }),
        }
    }
    (expanded, problems)
}

const BLOCKS: [&str; 14] = [
    "benches",
    "compile_error",
    "diagram",
    "errors",
    "expansion",
    "figures",
    "listing",
    "messages",
    "names",
    "output",
    "pair",
    "plot",
    "predict",
    "timeline",
];

/// Those that have lines of their own.
const WITH_BODY: [&str; 3] = ["diagram", "pair", "predict"];

fn block(directive: &Directive<'_>) -> Result<String, String> {
    let name = directive.name.as_str();
    if BLOCKS.contains(&name) && !WITH_BODY.contains(&name) && !directive.body.is_empty() {
        return Err(format!("{name} ends with `}}}}` on its own line: it has no lines below it"));
    }
    let made = match name {
        "bench" => Err("{{bench …}} stands within a line".to_owned()),
        "benches" => benches::table(directive),
        "compile_error" => listing::compile_error(directive),
        "diagram" => diagram::diagram(directive),
        "errors" => output::errors(directive),
        "expansion" => listing::expansion(directive),
        "figure" => Err("{{figure …}} stands within a line".to_owned()),
        "figures" => figures::table(directive),
        "listing" => listing::listing(directive),
        "messages" => {
            directive.no_arguments().and_then(|()| crate::appendix::messages::messages_table())
        }
        "names" => directive.only_argument("a group").and_then(crate::appendix::names::names_table),
        "output" => output::output(directive),
        "pair" => pair::pair(directive),
        "plot" => plot::plot(directive),
        "predict" => prediction::prediction(directive),
        "timeline" => timeline::timeline(directive),
        unknown => Err(unknown_name(unknown)),
    }?;
    // A blank line on both sides: Markdown must see a block of its own.
    Ok(format!("\n{}\n\n", made.trim_matches('\n')))
}

fn inline(directive: &Directive<'_>) -> Result<String, String> {
    match directive.name.as_str() {
        "bench" => benches::value(directive),
        "figure" => figures::value(directive),
        name if BLOCKS.contains(&name) => {
            Err(format!("{{{{{name} …}}}} must stand on a line of its own"))
        }
        unknown => Err(unknown_name(unknown)),
    }
}

fn unknown_name(name: &str) -> String {
    let known = BLOCKS.iter().chain(&["bench", "figure"]);
    let by_distance = known.map(|known| (strsim::damerau_levenshtein(known, name), known));
    match by_distance.min() {
        Some((0..=2, near)) => format!("there is no directive {name:?}: did you mean {near:?}?"),
        _ => format!(
            "there is no directive {name:?}: there are bench, figure, {}",
            BLOCKS.join(", ")
        ),
    }
}

/// A figure with a code block and what stands above it. The theme knows its classes.
fn code_figure(attributes: &str, caption: &str, language: &str, lines: &[String]) -> String {
    let fence = "`".repeat(longest_run_of_backticks(lines).max(2) + 1);
    let mut made = format!("<figure {attributes}>\n");
    if !caption.is_empty() {
        let _ = writeln!(made, "<figcaption>{caption}</figcaption>");
    }
    let _ = write!(made, "\n{fence}{language}\n{}\n{fence}\n\n</figure>\n", lines.join("\n"));
    made
}

fn longest_run_of_backticks(lines: &[String]) -> usize {
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`').map(str::len));
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
