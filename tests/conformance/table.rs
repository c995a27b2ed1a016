//! `README.md` beside this file claims what passes; this holds it to that.
//!
//! In a row whose second cell begins with `passed`, each name in the first is a test's in this folder. After
//! `passed, by`, a test of another name answers the case; where a file is named behind it, a test in there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// So many cases of `CPython`'s are to pass.
const WANTED: usize = 400;

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of cases among it. A class may stand before the name.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let names = quoted(text).filter_map(|name| name.rsplit('.').next());
    names.filter(|name| name.starts_with("test_"))
}

/// The first two cells of a row, if the second says that the cases in the first passed.
fn passed(line: &str) -> Option<(&str, &str)> {
    let (cases, verdict) = line.strip_prefix("| ")?.split_once(" | ")?;
    verdict.starts_with("passed").then_some((cases, verdict))
}

/// A case that is said to pass, and what shows it.
#[derive(Debug, PartialEq)]
struct Claim<'a> {
    case: &'a str,
    test: &'a str,
    /// Where it is, if not in this folder.
    file: Option<&'a str>,
}

fn claims<'a>(cases: &'a str, verdict: &'a str) -> Vec<Claim<'a>> {
    let by = verdict.strip_prefix("passed, by ").unwrap_or_default();
    let is_elsewhere = by.contains("` in `");
    let mut by = quoted(by);
    let (test, file) = (by.next(), by.next().filter(|_| is_elsewhere));
    let test = test.filter(|test| is_elsewhere || test.starts_with("test_"));
    names_in(cases).map(|case| Claim { case, test: test.unwrap_or(case), file }).collect()
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
    let has_test = |claim: &Claim<'_>| match claim.file {
        None => tests.contains(claim.test),
        Some(file) => {
            let source = fs::read_to_string(folder.join("../..").join(file)).unwrap_or_default();
            source.contains(&format!("fn {}(", claim.test))
        }
    };
    let rows = table.lines().filter_map(passed);
    let claims: Vec<_> = rows.flat_map(|(cases, verdict)| claims(cases, verdict)).collect();
    let without: Vec<_> = claims.iter().filter(|claim| !has_test(claim)).collect();
    assert!(without.is_empty(), "these are said to pass, and there is no such test: {without:?}");
    assert!(claims.len() >= WANTED, "{} cases pass, of {WANTED} that are to", claims.len());
}

#[test]
fn a_row_is_read_as_it_is_meant() {
    let claim = |case, test, file| Claim { case, test, file };
    let read = |row| {
        let (cases, verdict) = passed(row)?;
        Some(claims(cases, verdict))
    };
    assert_eq!(
        read("| `test_a`, `Class.test_b` (`x`) | passed; as `y` |").unwrap(),
        [claim("test_a", "test_a", None), claim("test_b", "test_b", None)]
    );
    assert_eq!(
        read("| `test_a` | passed, by `test_c`: one for both |").unwrap(),
        [claim("test_a", "test_c", None)]
    );
    assert_eq!(
        read("| `test_a` | passed, by `function` |").unwrap(),
        [claim("test_a", "test_a", None)]
    );
    assert_eq!(
        read("| `test_a` | passed, by `it_goes_on` in `a/b.rs`: twice |").unwrap(),
        [claim("test_a", "it_goes_on", Some("a/b.rs"))]
    );
    assert_eq!(read("| `test_a` | n/a: passed by |"), None);
    assert_eq!(tests_in("fn test_a() {}\nasync fn test_b<T>() {}\nfn c() {}").count(), 2);
}
