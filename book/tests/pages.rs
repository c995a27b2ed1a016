//! The book itself: it builds, so its links lead somewhere, its chapters have their form, and the code
//! written in its pages compiles. What its programs print is the oracle's, its tables `appendix.rs`'s.

use asyncio_book::building::build;
use asyncio_book::check::{blocks_compile, chapters_have_their_form};
use asyncio_book::directive::Problem;
use asyncio_book::pages;
use asyncio_tests::oracle::workspace;

fn assert_none(problems: &[Problem]) {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn the_book_builds_and_its_links_lead_somewhere() {
    build(&|_| (), |_| Ok(())).unwrap_or_else(|message| panic!("\n{message}"));
}

#[test]
fn what_the_pages_show_is_watched_for_changes() {
    let sources = asyncio_book::sources();
    for page in pages::all().unwrap() {
        for line in page.text.lines().filter_map(|line| line.strip_prefix("{{listing ")) {
            let path = line.trim_end_matches("}}").split(' ').next().unwrap();
            let is_watched = sources.iter().any(|source| workspace(path).starts_with(source));
            assert!(is_watched, "{}: add {path} to the sources in book/src/lib.rs", page.name);
        }
    }
}

#[test]
fn chapters_have_the_form_of_chapters() {
    assert_none(&chapters_have_their_form(&pages::all().unwrap()));
}

#[test]
fn the_code_written_in_pages_compiles_or_fails_as_it_says() {
    let problems = blocks_compile(&pages::all().unwrap());
    assert_none(&problems.unwrap_or_else(|message| panic!("\n{message}")));
}
