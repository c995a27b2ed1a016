//! The book's pages as they were written: where they are, what they are called, what form they have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use asyncio_tests::oracle::workspace;

use crate::directive::Problem;

/// A page as it was written.
#[derive(Debug)]
pub struct Page {
    /// Its path, from the workspace's root.
    pub name: String,
    /// Markdown and directives.
    pub text: String,
}

impl Page {
    /// A problem on one of its lines, counted from 1.
    pub(crate) fn problem(&self, line: usize, message: impl Into<String>) -> Problem {
        Problem { page: self.name.clone(), line, message: message.into() }
    }
}

/// All pages, in the order of their names.
///
/// # Errors
///
/// What can't be read.
pub fn all() -> Result<Vec<Page>, String> {
    all_in(&workspace("book/pages"))
}

/// All pages in `folder`.
pub(crate) fn all_in(folder: &Path) -> Result<Vec<Page>, String> {
    let pages = files(folder)?.into_iter().filter(|path| path != Path::new("SUMMARY.md"));
    pages.map(|path| read(folder, &path)).collect()
}

fn read(folder: &Path, path: &Path) -> Result<Page, String> {
    let name = name(path);
    let text = fs::read_to_string(folder.join(path)).map_err(|error| format!("{name}: {error}"))?;
    Ok(Page { name, text })
}

/// What a page is called in messages: its path, from the workspace's root.
pub(crate) fn name(path: &Path) -> String {
    format!("book/pages/{}", path.display()).replace('\\', "/")
}

/// Each page that SUMMARY.md names is there, and each page is named in it.
pub(crate) fn all_are_in_the_summary(folder: &Path) -> Result<Vec<Problem>, String> {
    let summary = read(folder, Path::new("SUMMARY.md"))?;
    let there: BTreeSet<PathBuf> = files(folder)?.into_iter().collect();
    let mut named = BTreeSet::from([PathBuf::from("SUMMARY.md")]);
    let mut problems = Vec::new();
    for (index, line) in summary.text.lines().enumerate() {
        let target = line.split_once("](").and_then(|(_, rest)| rest.split_once(')'));
        let Some((target, _)) = target else { continue };
        if !there.contains(Path::new(target)) {
            problems.push(summary.problem(index + 1, format!("there is no page {target}")));
        }
        named.insert(PathBuf::from(target));
    }
    for stray in there.difference(&named) {
        problems.push(summary.problem(1, format!("doesn't name the page {}", stray.display())));
    }
    Ok(problems)
}

/// The Markdown files below `folder`, by their paths from there.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let entries =
            fs::read_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for entry in entries.flatten() {
            let below = below.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(below);
            } else if below.extension().is_some_and(|extension| extension == "md") {
                found.push(below);
            }
        }
    }
    found.sort();
    Ok(found)
}
