//! The book: builds its pages from the project's own files, checks them, and serves them.
//!
//! `building` makes the book, with what `directive` fills in from the files that `excerpt` cuts pieces out
//! of, from `programs`, from `figures` and from `benches`; `check` says what doesn't hold of it; `serve` shows it in a
//! browser; `record` measures; `appendix` writes the tables at its end.

pub mod appendix;
pub mod benches;
pub mod building;
pub mod check;
pub mod directive;
pub mod excerpt;
pub mod figures;
mod html;
mod markdown;
pub mod pages;
pub mod programs;
pub mod record;
pub mod serve;
mod warnings;

use std::path::PathBuf;

use asyncio_tests::oracle::workspace;

/// The files and folders that the book is built from.
pub fn sources() -> Vec<PathBuf> {
    let sources = [
        ".cargo/config.toml",
        "Cargo.toml",
        "benches/src",
        "book/appendix",
        "book/book.toml",
        "book/figures",
        "book/pages",
        "book/programs/src",
        "book/theme",
        "macros/expansions",
        "macros/src",
        "runtime/src",
        "tests/conformance",
        "tests/crates",
        "tests/oracle",
        "tests/tests",
        "tests/ui",
        "tutorial",
    ];
    sources.map(workspace).to_vec()
}
