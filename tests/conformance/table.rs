//! `README.md` beside this file claims what passes; this holds it to that.
//!
//! In a row whose second cell begins with `passed`, each name in the first is a test's in this folder; after
//! `passed, by`, a test of another name answers the case.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// So many cases of `CPython`'s are to pass.
const WANTED: usize = 400;

/// The names that begin with `test_` among what stands in backticks.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    // A class may stand before the name.
    quoted.filter_map(|name| name.rsplit('.').next()).filter(|name| name.starts_with("test_"))
}

/// The first two cells of a row, if the second says that the cases in the first passed.
fn passed(line: &str) -> Option<(&str, &str)> {
    let (cases, verdict) = line.strip_prefix("| ")?.split_once(" | ")?;
    verdict.starts_with("passed").then_some((cases, verdict))
}

/// The cases that a row lists as passed, each with the test that shows it.
fn claims<'a>(cases: &'a str, verdict: &'a str) -> Vec<(&'a str, &'a str)> {
    let by = verdict.strip_prefix("passed, by ").and_then(|rest| names_in(rest).next());
    names_in(cases).map(|case| (case, by.unwrap_or(case))).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The names of the tests in a file.
fn tests_in(source: &str) -> impl Iterator<Item = String> {
    source.split("fn ").skip(1).filter_map(|rest| {
        let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        name.starts_with("test_").then(|| name.to_owned())
    })
}

#[test]
fn every_case_that_is_said_to_pass_has_its_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    let tests: BTreeSet<String> = sources(&folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .flat_map(|path| tests_in(&fs::read_to_string(path).unwrap()).collect::<Vec<_>>())
        .collect();
    let rows = table.lines().filter_map(passed);
    let claims: Vec<_> = rows.flat_map(|(cases, verdict)| claims(cases, verdict)).collect();
    let without: Vec<_> = claims.iter().filter(|(_, test)| !tests.contains(*test)).collect();
    assert!(without.is_empty(), "these are said to pass, and there is no such test: {without:?}");
    assert!(claims.len() >= WANTED, "{} cases pass, of {WANTED} that are to", claims.len());
}

#[test]
fn a_row_is_read_as_it_is_meant() {
    let (cases, verdict) = passed("| `test_a`, `Class.test_b` (`x`) | passed; as `y` |").unwrap();
    assert_eq!(claims(cases, verdict), [("test_a", "test_a"), ("test_b", "test_b")]);
    let (cases, verdict) = passed("| `test_a` | passed, by `test_c`: one for both |").unwrap();
    assert_eq!(claims(cases, verdict), [("test_a", "test_c")]);
    assert_eq!(passed("| `test_a` | n/a: passed by |"), None);
    assert_eq!(tests_in("fn test_a() {}\nasync fn test_b<T>() {}\nfn c() {}").count(), 2);
}
