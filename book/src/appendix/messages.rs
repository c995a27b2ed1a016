//! The index of error messages: `book/appendix/messages.toml` and its lists. `said` holds it against the
//! sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::html::{NOTHING, code, inline, link};
use super::{load, said};

pub(crate) const FILE: &str = "messages.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Messages {
    pub(crate) message: Vec<Row>,
    #[serde(default)]
    pub(crate) not_shown: Vec<NotShown>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// For links.
    pub(crate) id: String,
    /// `…` for the parts that vary.
    pub(crate) text: String,
    /// Other wordings of it.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// What Python says in its place.
    #[serde(default)]
    pub(crate) python: Option<String>,
    /// A Python program that says it on standard error, where it is not in the sources of `asyncio`.
    #[serde(default)]
    python_try: Option<String>,
    #[serde(rename = "where")]
    pub(crate) said_by: SaidBy,
    pub(crate) means: String,
    #[serde(rename = "do")]
    pub(crate) to_do: String,
    pub(crate) page: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SaidBy {
    Runtime,
    Macro,
    Compiler,
    /// By Python alone.
    Python,
}

impl SaidBy {
    fn words(self) -> &'static str {
        match self {
            Self::Runtime => "Said by the library.",
            Self::Macro => "Said by the attribute, when you compile.",
            Self::Compiler => "Said by the compiler.",
            Self::Python => "Said by Python alone.",
        }
    }
}

/// A literal that nobody sees as a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotShown {
    pub(crate) text: String,
    pub(crate) why: String,
}

/// What Python says, for a test that asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonText {
    /// The row's id.
    pub id: String,
    /// What it says.
    pub text: String,
    /// A program that makes it say so; none: the text stands in the sources of `asyncio`.
    pub program: Option<String>,
}

/// The index, as Markdown with two lists in HTML: our messages, then Python's with the way to ours.
///
/// Lists, not tables: a message is a line long, and three columns of that fit on no phone.
///
/// # Errors
///
/// A file that can't be read.
pub fn messages_table() -> Result<String, String> {
    let messages: Messages = load(FILE)?;
    let mut rows: Vec<&Row> = messages.message.iter().collect();
    rows.sort_by_key(|row| sort_key(&row.text));
    let ours = rows.iter().filter(|row| row.said_by != SaidBy::Python).map(|row| row.html());
    let ours: Vec<String> = ours.collect();
    Ok(format!(
        "## What you may read here\n\n{}\n## What you may know from Python\n\n{}",
        list(&ours),
        list(&python_rows(&rows)),
    ))
}

fn list(rows: &[String]) -> String {
    format!("<dl class=\"messages\">\n{}\n</dl>\n", rows.join("\n"))
}

/// A row for each of Python's texts, with all that stands in its place.
fn python_rows(rows: &[&Row]) -> Vec<String> {
    let mut texts: BTreeMap<(String, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(text) = row.python_text() {
            texts.entry((sort_key(text), text)).or_default().push(row);
        }
    }
    let row = |((_, text), rows): (_, Vec<&Row>)| {
        let id = rows.iter().find(|row| row.said_by == SaidBy::Python);
        let id = id.map(|row| format!(" id=\"{}\"", row.id)).unwrap_or_default();
        let here: Vec<String> = rows.into_iter().map(Row::instead_of_python).collect();
        format!("<dt{id}>{}</dt>\n{}", code(text), here.join("\n"))
    };
    texts.into_iter().map(row).collect()
}

/// Holds the rows against the sources of the library, its macros and the compiler's messages in the UI
/// tests; and every message in the library and its macros against the rows.
///
/// # Errors
///
/// Each text that nothing says, each message without a row, each row that is wrong in itself.
pub fn check() -> Result<(), String> {
    let faults = said::faults(&load(FILE)?)?;
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// What Python says according to the rows.
///
/// # Errors
///
/// A file that can't be read.
pub fn python_texts() -> Result<Vec<PythonText>, String> {
    let rows = load::<Messages>(FILE)?.message.into_iter();
    let texts = rows.filter_map(|row| {
        let text = row.python_text()?.to_owned();
        Some(PythonText { id: row.id, text, program: row.python_try })
    });
    Ok(texts.collect())
}

/// By words, whatever marks stand before them.
fn sort_key(text: &str) -> String {
    text.chars().filter(|it| it.is_alphanumeric() || *it == ' ').collect::<String>().to_lowercase()
}

impl Row {
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.text).chain(&self.also)
    }

    fn python_text(&self) -> Option<&str> {
        match self.said_by {
            SaidBy::Python => Some(&self.text),
            _ => self.python.as_deref().filter(|text| *text != NOTHING),
        }
    }

    fn html(&self) -> String {
        let texts: Vec<String> = self.texts().map(|text| code(text)).collect();
        let python = match self.python_text() {
            Some(text) if text != self.text => format!("\n<dd>In Python: {}</dd>", code(text)),
            _ => String::new(),
        };
        format!(
            "<dt id=\"{}\">{}</dt>\n<dd><em>{}</em> {} {}{}</dd>{python}",
            self.id,
            texts.join("<br>"),
            self.said_by.words(),
            inline(&self.means),
            inline(&self.to_do),
            link(self.page.as_deref()),
        )
    }

    /// What stands in place of Python's text.
    fn instead_of_python(&self) -> String {
        if self.said_by != SaidBy::Python {
            return format!("<dd>Here: <a href=\"#{}\">{}</a></dd>", self.id, code(&self.text));
        }
        let page = link(self.page.as_deref());
        format!("<dd>{} {}{page}</dd>", inline(&self.means), inline(&self.to_do))
    }
}
