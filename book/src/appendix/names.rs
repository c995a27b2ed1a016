//! Python to Rust, name by name: `book/appendix/names.toml`, its tables, and the check that no public name
//! is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use asyncio_tests::oracle::workspace;
use serde::Deserialize;

use super::api;
use super::html::{NOTHING, code, inline, link, row, slug, table};
use super::{load, missing_page};
use crate::html::escape;

const FILE: &str = "names.toml";

/// The table's groups, in the order of the page.
const GROUPS: [(&str, &str); 16] = [
    ("running", "Running"),
    ("tasks", "Tasks"),
    ("gather", "Gather"),
    ("waiting", "Waiting for time"),
    ("cancellation", "Cancellation"),
    ("event-loop", "The event loop"),
    ("futures", "Futures"),
    ("synchronisation", "Synchronisation"),
    ("queues", "Queues"),
    ("threads", "Other threads"),
    ("files", "Files"),
    ("processes", "Subprocesses"),
    ("network", "Streams, servers and the network"),
    ("testing", "Testing"),
    ("http", "HTTP"),
    ("errors", "Errors"),
];

const COLUMNS: [&str; 3] = ["Rust", "Python", "What to know"];

#[derive(Debug, Deserialize)]
struct Names {
    name: Vec<Row>,
}

/// A name of the library.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Its path, without the crate: `Task::cancel`.
    rust: String,
    /// Other paths to the same thing.
    #[serde(default)]
    also: Vec<String>,
    /// Its id in the page, if not its words: `sleep` and `Sleep` are two names.
    id: Option<String>,
    /// What Python has; code between backquotes.
    python: String,
    /// What differs.
    note: String,
    group: String,
    /// Where in the book more is said: `guide/tasks.md`.
    page: Option<String>,
}

impl Row {
    fn paths(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.rust).chain(&self.also)
    }

    fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| id(&self.rust))
    }

    fn ids(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.id()).chain(self.also.iter().map(|path| id(path)))
    }

    fn html(&self) -> String {
        let also =
            |path: &String| format!("<br><span id=\"{}\">{}</span>", id(path), breakable(path));
        let also: Vec<String> = self.also.iter().map(also).collect();
        let also = also.concat();
        let [_, python, note] = COLUMNS;
        let cells = [
            (python, inline(&self.python)),
            (note, inline(&self.note) + &link(self.page.as_deref())),
        ];
        row(&self.id(), &(breakable(&self.rust) + &also), &cells)
    }
}

/// A path as code that may go on in another line behind each `::`.
fn breakable(path: &str) -> String {
    code(path).replace("::", "::<wbr>")
}

/// A row's id in the page: `task-cancel`. `gather!` and `gather` are two names.
fn id(path: &str) -> String {
    let words = slug(path);
    match path {
        _ if path.ends_with('!') => format!("{words}-macro"),
        _ if path.starts_with("#[") => format!("{words}-attribute"),
        _ => words,
    }
}

/// The table of one group, as HTML.
///
/// # Errors
///
/// An unknown group; a file that can't be read.
pub fn names_table(group: &str) -> Result<String, String> {
    let Some((_, title)) = GROUPS.iter().find(|(name, _)| *name == group) else {
        return Err(format!("no group `{group}` of names: there is {}", groups()));
    };
    let rows: Vec<String> =
        rows()?.iter().filter(|row| row.group == group).map(Row::html).collect();
    if rows.is_empty() {
        return Err(format!("the group `{group}` has no row in book/appendix/{FILE}"));
    }
    Ok(table("names", title, &COLUMNS, &rows))
}

/// Every public name of the library, from `cargo doc`, which builds below `target`.
///
/// # Errors
///
/// What `cargo doc` says when it fails.
pub fn public_names(target: &Path) -> Result<BTreeSet<String>, String> {
    api::public_names_of(&workspace(""), target)
}

/// Holds the rows against the library's public names. `cargo doc` builds in `target/book-doc`.
///
/// # Errors
///
/// Each name that has no row, each row that no name has any more, each row that is wrong in itself.
pub fn check() -> Result<(), String> {
    check_against(&public_names(&workspace("target/book-doc"))?)
}

/// Holds the rows against these names.
///
/// # Errors
///
/// As [`check`].
pub fn check_against(public: &BTreeSet<String>) -> Result<(), String> {
    let faults = faults(&rows()?, public);
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn rows() -> Result<Vec<Row>, String> {
    load::<Names>(FILE).map(|names| names.name)
}

fn faults(rows: &[Row], public: &BTreeSet<String>) -> Vec<String> {
    let mut faults: Vec<String> = rows.iter().flat_map(faults_of).collect();
    let mut listed = BTreeMap::new();
    for path in rows.iter().flat_map(Row::paths) {
        *listed.entry(path).or_insert(0) += 1;
    }
    for (path, count) in &listed {
        if *count > 1 {
            faults.push(format!("book/appendix/{FILE}: `{path}` has {count} rows: keep one"));
        }
        if !public.contains(*path) {
            faults.push(format!(
                "book/appendix/{FILE}: `{path}` is no public name of the library: remove its row, or \
                 rename it"
            ));
        }
    }
    let missed = public.iter().filter(|name| !listed.contains_key(name));
    faults.extend(missed.map(|name| missing(name)));
    faults.extend(double_ids(rows));
    faults
}

fn double_ids(rows: &[Row]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let ids = rows.iter().flat_map(|row| row.ids().map(move |id| (id, row)));
    ids.filter(|(id, _)| !seen.insert(id.clone()))
        .map(|(id, row)| {
            format!(
                "book/appendix/{FILE}: the row of `{}` has the id `{id}` of another row: give it an `id` \
                 of its own",
                row.rust
            )
        })
        .collect()
}

fn missing(name: &str) -> String {
    format!(
        "book/appendix/{FILE}: the public name `{name}` has no row. Add one:\n\n\
         [[name]]\nrust = \"{name}\"\npython = \"`…`, or {NOTHING} if it has none\"\n\
         note = \"What differs, in one sentence.\"\ngroup = \"{}\"\n",
        likely_group(name)
    )
}

fn likely_group(name: &str) -> &'static str {
    match name.split("::").next() {
        Some("http") => "http",
        Some("testing") => "testing",
        Some("EventLoop") => "event-loop",
        Some("LoopHandle" | "RemoteTask") => "threads",
        Some("Future") => "futures",
        Some("Runner" | "RunnerBuilder") => "running",
        _ => "tasks",
    }
}

fn faults_of(row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    if !GROUPS.iter().any(|(name, _)| *name == row.group) {
        faults.push(format!("its group is `{}`: there is {}", row.group, groups()));
    }
    for (field, text) in [("python", &row.python), ("note", &row.note)] {
        if text.trim().is_empty() {
            faults.push(format!("its `{field}` is empty"));
        }
        if text.matches('`').count() % 2 == 1 {
            faults.push(format!("its `{field}` has a backquote without its partner"));
        }
    }
    if !row.note.ends_with('.') {
        faults.push("its `note` is no sentence: end it with a full stop".to_owned());
    }
    faults.extend(row.page.as_deref().and_then(missing_page));
    let place = |fault| format!("book/appendix/{FILE}: the row of `{}`: {fault}", row.rust);
    faults.into_iter().map(place).collect()
}

fn groups() -> String {
    let names: Vec<String> = GROUPS.iter().map(|(name, _)| escape(name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rust: &str) -> Row {
        Row {
            rust: rust.to_owned(),
            also: Vec::new(),
            id: None,
            python: "`f()`".to_owned(),
            note: "The same.".to_owned(),
            group: "tasks".to_owned(),
            page: None,
        }
    }

    fn public(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_name_without_a_row_is_reported_with_the_row_to_add() {
        let faults = faults(&[row("run")], &public(&["run", "http::Url"]));
        let [fault] = &*faults else { panic!("{faults:?}") };
        assert!(fault.contains("`http::Url` has no row"), "{fault}");
        assert!(fault.contains("[[name]]\nrust = \"http::Url\"\n"), "{fault}");
        assert!(fault.contains("group = \"http\""), "{fault}");
    }

    #[test]
    fn a_row_without_a_name_and_a_second_row_are_reported() {
        let faults = faults(&[row("run"), row("run"), row("walk")], &public(&["run"])).join("\n");
        assert!(faults.contains("`run` has 2 rows"), "{faults}");
        assert!(faults.contains("`walk` is no public name"), "{faults}");
    }

    #[test]
    fn two_rows_with_one_id_are_reported() {
        let rows = [row("sleep"), row("Sleep")];
        let faults = faults(&rows, &public(&["sleep", "Sleep"])).join("\n");
        assert!(
            faults.contains("the row of `Sleep` has the id `sleep` of another row"),
            "{faults}"
        );
    }

    #[test]
    fn a_row_that_is_wrong_in_itself_is_reported() {
        let mut wrong = row("run");
        wrong.group = "runing".to_owned();
        wrong.note = "half a `sentence".to_owned();
        wrong.page = Some("guide/nowhere.md#id".to_owned());
        let faults = faults(&[wrong], &public(&["run"])).join("\n");
        for fault in ["its group is `runing`", "backquote", "full stop", "guide/nowhere.md"] {
            assert!(faults.contains(fault), "{fault}: {faults}");
        }
    }

    #[test]
    fn a_row_s_id_and_header_are_there_to_link_and_to_listen_to() {
        let mut task = row("Task::cancel");
        task.also.push("TaskRef::cancel".to_owned());
        let html = task.html();
        assert!(
            html.contains(" id=\"task-cancel\"><th role=\"rowheader\" scope=\"row\">"),
            "{html}"
        );
        assert!(html.contains("id=\"taskref-cancel\""), "{html}");
    }

    #[test]
    fn a_macro_a_function_and_an_attribute_have_ids_of_their_own() {
        assert_eq!(
            [id("gather"), id("gather!"), id("#[main]")],
            ["gather", "gather-macro", "main-attribute"]
        );
    }
}
