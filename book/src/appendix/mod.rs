//! The appendices: tables that stand in `book/appendix/*.toml`, and the checks that hold them against
//! what they speak of.
//!
//! - `names`: Python to Rust, a row for each public name; `api` reads those names from rustdoc's pages.
//! - `messages`: the index of error messages; `said` holds it against what is said: `literals` reads the
//!   texts from the sources, `pattern` knows which of them make up a message.
//! - `html`: what both tables are written with.
//!
//! Nothing in here knows mdBook: the directives `{{names GROUP}}` and `{{messages}}` call
//! [`names::names_table`] and [`messages::messages_table`].

pub mod api;
mod html;
pub mod literals;
pub mod messages;
pub mod names;
pub mod pattern;
mod said;

use std::fs;
use std::path::Path;

use asyncio_tests::oracle::workspace;

use crate::excerpt;

/// The text of a file; an error names it.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Reads one of the tables in `book/appendix`.
pub(crate) fn load<T: serde::de::DeserializeOwned>(file: &str) -> Result<T, String> {
    parse_table(file, &excerpt::read(&format!("book/appendix/{file}"))?)
}

/// The table in a text; `file` is for messages.
fn parse_table<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| format!("book/appendix/{file}: {error}"))
}

/// The file of a row's `page`, such as `guide/tasks.md#anchor`.
fn page_file(page: &str) -> String {
    format!("book/pages/{}", page.split('#').next().unwrap_or(page))
}

/// What is wrong with a row's `page`.
fn missing_page(page: &str) -> Option<String> {
    let is_there = workspace(&page_file(page)).is_file();
    (!is_there).then(|| format!("its page `{page}` isn't there: book/pages has no such file"))
}
