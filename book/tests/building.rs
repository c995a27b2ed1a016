//! What building a book does where something is wrong, on books of one or two pages.

use std::fs;
use std::thread;

use asyncio_book::building::build_from;
use tempfile::TempDir;

/// A book of a page `page.md` with `text`.
fn book(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pages")).unwrap();
    write(&folder, "book.toml", "[book]\ntitle = \"A book\"\nsrc = \"pages\"\n");
    write(&folder, "pages/SUMMARY.md", "# Summary\n\n- [A page](page.md)\n");
    write(&folder, "pages/page.md", text);
    folder
}

fn write(folder: &TempDir, file: &str, text: &str) {
    fs::write(folder.path().join(file), text).unwrap();
}

fn build(folder: &TempDir) -> Result<String, String> {
    build_from(folder.path(), &folder.path().join("built"), &|_| (), |html| {
        fs::read_to_string(html.join("page.html")).map_err(|error| error.to_string())
    })
}

#[test]
fn a_page_shows_what_its_directives_stand_for() {
    let html = build(&book("# A page\n\n{{output 01_run from Called to Called}}\n")).unwrap();
    assert!(html.contains("Called, but nothing has run."), "{html}");
    assert!(!html.contains("{{"), "{html}");
}

#[test]
fn all_that_is_wrong_is_told_at_once_by_page_and_line() {
    let folder = book("# A page\n\n{{listing gone.rs}}\n\n{{output gone}}\n");
    let message = build(&folder).unwrap_err();
    assert!(message.contains("book/pages/page.md:3: gone.rs: "), "{message}");
    assert!(message.contains("book/pages/page.md:5: there is no program gone"), "{message}");
}

#[test]
fn a_link_that_leads_nowhere_fails_the_build() {
    let folder = book("# A page\n\n[Lost](gone.md), [lost](#gone), [found](page.md#a-page)\n");
    let message = build(&folder).unwrap_err();
    assert!(
        message.contains("book/pages/page.md:3: the link \"gone.html\" leads to no page"),
        "{message}"
    );
    assert!(
        message.contains("book/pages/page.md:3: the link \"#gone\" leads to no place"),
        "{message}"
    );
}

#[test]
fn a_book_without_a_summary_is_told() {
    let folder = book("# A page\n");
    fs::remove_file(folder.path().join("pages/SUMMARY.md")).unwrap();
    let message = build(&folder).unwrap_err();
    assert!(message.starts_with("book/pages/SUMMARY.md: "), "{message}");
}

#[test]
fn a_failed_build_leaves_the_last_good_book() {
    let folder = book("# Good\n");
    build(&folder).unwrap();
    write(&folder, "pages/page.md", "# Bad\n\n{{listing gone.rs}}\n");
    build(&folder).unwrap_err();
    let html = fs::read_to_string(folder.path().join("built/html/page.html")).unwrap();
    assert!(html.contains("Good"), "{html}");
}

#[test]
fn a_page_that_the_summary_names_must_be_there() {
    let folder = book("# A page\n");
    fs::remove_file(folder.path().join("pages/page.md")).unwrap();
    let message = build(&folder).unwrap_err();
    assert_eq!(message, "book/pages/SUMMARY.md:3: there is no page page.md");
    assert!(!folder.path().join("pages/page.md").exists(), "it was made up");
}

#[test]
fn a_page_that_the_summary_does_not_name_is_told() {
    let folder = book("# A page\n");
    write(&folder, "pages/stray.md", "# Stray\n");
    let message = build(&folder).unwrap_err();
    assert_eq!(message, "book/pages/SUMMARY.md:1: doesn't name the page stray.md");
}

#[test]
fn what_mdbook_only_logs_fails_the_build() {
    let message = build(&book("# A page\n\n<div>never closed\n")).unwrap_err();
    assert!(message.contains("div"), "{message}");
}

#[test]
fn each_of_several_builds_at_once_sees_a_whole_book() {
    let folder = book("# A page\n\n{{output 01_run}}\n");
    thread::scope(|scope| {
        let builds: Vec<_> = (0..4).map(|_| scope.spawn(|| build(&folder))).collect();
        for build in builds {
            build.join().unwrap().unwrap();
        }
    });
}
