//! Builds the book: mdBook does, from pages whose directives are filled in.
//!
//! What must hold: `target/book/html` is a whole book or isn't there. A build goes to a folder of its own
//! and takes the place of the last one when it has succeeded; of two builds at once, one waits.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use asyncio_tests::oracle::workspace;
use mdbook_driver::MDBook;

use crate::check::links_lead_somewhere;
use crate::directive::{Problem, expand};
use crate::{pages, warnings};

/// Told what a build is at.
pub type Progress<'a> = &'a dyn Fn(&str);

/// Builds the book into `target/book/html`, and gives what `look` makes of that folder.
///
/// # Errors
///
/// All that is wrong with its pages, each with the page and its line; why nothing could be written; what
/// `look` found.
pub fn build<T>(
    progress: Progress<'_>,
    look: impl FnOnce(&Path) -> Result<T, String>,
) -> Result<T, String> {
    build_from(&workspace("book"), &workspace("target/book"), progress, look)
}

/// Builds the book in the folder `book` into the folder `html` of `into`, and gives what `look` makes of
/// it, before another build may take its place.
///
/// # Errors
///
/// As [`build`].
pub fn build_from<T>(
    book: &Path,
    into: &Path,
    progress: Progress<'_>,
    look: impl FnOnce(&Path) -> Result<T, String>,
) -> Result<T, String> {
    let _lock = lock(into, progress)?;
    let fresh = into.join("fresh");
    remove(&fresh)?;

    let pages = book.join("pages");
    none(&pages::all_are_in_the_summary(&pages)?)?;
    let mut book = MDBook::load(book).map_err(|error| format!("{error:#}"))?;
    book.config.build.build_dir.clone_from(&fresh);
    fill_in(&mut book, progress)?;
    progress("writing the HTML");
    let (built, warnings) = warnings::kept(|| book.build());
    built.map_err(|error| format!("{error:#}"))?;
    if !warnings.is_empty() {
        return Err(warnings.join("\n"));
    }
    progress("following the links");
    none(&links_lead_somewhere(&fresh, &pages::all_in(&pages)?)?)?;

    let html = into.join("html");
    remove(&html)?;
    fs::rename(&fresh, &html).map_err(|error| named(&html, &error))?;
    look(&html)
}

/// Puts what the directives stand for into all pages.
fn fill_in(book: &mut MDBook, progress: Progress<'_>) -> Result<(), String> {
    let mut problems = Vec::new();
    book.book.for_each_chapter_mut(|chapter| {
        let Some(path) = &chapter.source_path else { return };
        progress(&chapter.name);
        let (expanded, found) = expand(&pages::name(path), &chapter.content);
        chapter.content = expanded;
        problems.extend(found);
    });
    none(&problems)
}

/// Fails where there are problems, with one line a problem.
pub(crate) fn none(problems: &[Problem]) -> Result<(), String> {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

/// Held while something writes into a folder, which is made. The system lets go of it, even where the
/// process is killed.
pub(crate) fn lock(into: &Path, progress: Progress<'_>) -> Result<File, String> {
    fs::create_dir_all(into).map_err(|error| named(into, &error))?;
    let path = into.join("lock");
    let file = File::create(&path).map_err(|error| named(&path, &error))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => progress("waiting for another process to end"),
        Err(TryLockError::Error(error)) => return Err(named(&path, &error)),
    }
    file.lock().map_err(|error| named(&path, &error))?;
    Ok(file)
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(folder, &error)),
        _ => Ok(()),
    }
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
