//! The appendices against what they speak of: rustdoc's pages, the sources, Python.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use asyncio_book::appendix::pattern::{letters, matches, of_literal};
use asyncio_book::appendix::{api, messages, names};
use asyncio_tests::oracle::Python;

/// The first time it takes a minute: `cargo doc` checks what the library depends on.
#[test]
fn every_public_name_has_a_row_and_every_row_a_name() {
    names::check().unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn every_message_has_a_row_and_every_row_a_message() {
    messages::check().unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn every_group_of_names_and_the_messages_make_a_table() {
    let page = include_str!("../pages/appendix/names.md");
    let groups = page.lines().filter_map(|line| line.strip_prefix("{{names ")?.strip_suffix("}}"));
    let groups: Vec<&str> = groups.collect();
    assert_eq!(groups.len(), 15, "{groups:?}");
    for group in groups {
        let table = names::names_table(group).unwrap();
        assert!(table.contains("<th role=\"rowheader\" scope=\"row\">"), "{group}: {table}");
        assert!(!table.contains("\n\n"), "an empty line ends the HTML: {group}");
    }
    let fault = names::names_table("tsaks").unwrap_err();
    assert!(fault.contains("no group `tsaks` of names: there is running, tasks"), "{fault}");
    assert!(messages::messages_table().unwrap().contains("<dt id=\"loop-closed\">"));
}

/// A library with one of each kind of item, public and not.
const LIBRARY: &str = r"
    pub mod inner { pub const LIMIT: u8 = 1; pub use std::time::Duration; }
    mod hidden { pub fn unreachable() {} pub struct Base; impl Base { pub fn name(&self) {} } }
    pub use hidden::Base;
    pub struct Derived(Base);
    impl std::ops::Deref for Derived { type Target = Base; fn deref(&self) -> &Base { &self.0 } }
    impl Derived { pub fn new() -> Self { Self(Base) } fn private(&self) {} }
    pub struct Fields { pub shown: u8, secret: u8 }
    pub enum Choice { Left, Right }
    pub trait Walk { fn walk(&self); fn run(&self) {} }
    #[doc(hidden)] pub fn internal() {}
    #[macro_export] macro_rules! gather { () => {}; }
    pub type Alias = u8;
    pub fn gather() {}
    ADDED";

#[test]
fn a_public_function_that_is_added_is_missed() {
    let scratch = tempfile::tempdir().unwrap();
    let before = names_of(scratch.path(), "fn added() {}");
    assert_eq!(
        before,
        BTreeSet::from(
            [
                "Alias",
                "Base",
                "Base::name",
                "Choice",
                "Choice::Left",
                "Choice::Right",
                "Derived",
                "Derived::name",
                "Derived::new",
                "Fields",
                "Fields::shown",
                "Walk",
                "Walk::run",
                "Walk::walk",
                "gather",
                "gather!",
                "inner",
                "inner::Duration",
                "inner::LIMIT",
            ]
            .map(str::to_owned)
        )
    );
    let after = names_of(scratch.path(), "pub fn added() {}");
    let added: Vec<&String> = after.difference(&before).collect();
    assert_eq!(added, ["added"]);
    let fault = names::check_against(&after).unwrap_err();
    assert!(fault.contains("the public name `added` has no row. Add one:"), "{fault}");
}

fn names_of(folder: &Path, added: &str) -> BTreeSet<String> {
    let manifest = "[package]\nname = \"asyncio\"\nedition = \"2024\"\n[workspace]\n";
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), LIBRARY.replace("ADDED", added)).unwrap();
    api::public_names_of(folder, &folder.join("target")).unwrap()
}

#[test]
fn a_library_that_does_not_compile_is_shown_with_the_compiler_s_words() {
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir_all(scratch.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"asyncio\"\n[workspace]\n";
    fs::write(scratch.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(scratch.path().join("src/lib.rs"), "pub fn broken( {}").unwrap();
    let fault = api::public_names_of(scratch.path(), &scratch.path().join("target")).unwrap_err();
    assert!(fault.starts_with("cargo doc failed:\n"), "{fault}");
    assert!(fault.contains("unclosed delimiter") || fault.contains("mismatched"), "{fault}");
}

/// Prints the strings of the modules of `asyncio`, holes as `{}`, one a line.
const STRINGS: &str = r#"
import ast, asyncio, pathlib, re

def text(node):
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.JoinedStr(values=values):
            return "".join(text(value) or "{}" for value in values)

for file in pathlib.Path(asyncio.__file__).parent.glob("*.py"):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        found = text(node)
        if found:
            print(" ".join(re.sub(r"%[-.\d]*[a-zA-Z]", "{}", found).split()))
"#;

#[test]
fn python_says_what_the_rows_say_it_says() {
    if Python::find_or_leave_out("what Python says by the index of messages").is_none() {
        return;
    }
    let (strings, _) = python(STRINGS);
    let strings: Vec<String> = strings.lines().map(of_literal).collect();
    let texts = messages::python_texts().unwrap();
    assert!(texts.len() > 20, "{texts:?}");
    let mut unsaid = Vec::new();
    for text in texts {
        let is_said = match &text.program {
            None => strings.iter().any(|string| is_said_by(string, &text.text)),
            Some(program) => {
                let (_, errors) = python(program);
                errors.lines().any(|line| matches(&format!("…{}…", text.text), line))
            }
        };
        if !is_said {
            unsaid.push(format!("{}: Python doesn't say `{}`", text.id, text.text));
        }
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}

/// A string with a few letters, or the text is one of its cases.
fn is_said_by(string: &str, text: &str) -> bool {
    matches(text, string) || (letters(string) >= 8 && matches(string, text))
}

/// What Python prints and says on standard error.
fn python(program: &str) -> (String, String) {
    let output = Command::new("python3")
        .args(["-c", program])
        .env("PYTHONWARNINGS", "default")
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
