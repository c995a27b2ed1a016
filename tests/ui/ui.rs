//! What the compiler says to somebody who uses `#[asyncio::main]` and `#[asyncio::test]` wrongly, and
//! that it says nothing to somebody who uses them well.
//!
//! - `main`, `test`: wrong uses, each with what is printed for it in a `.stderr` file;
//! - `body`: mistakes in a body, which must read as they do in a plain `async fn`;
//! - `book`: mistakes with tasks and awaits, each explained on the book's page "Compile errors";
//! - `pass`: programs that compile, run, and exit with 0.
//!
//! `TRYBUILD=overwrite cargo test -p asyncio-ui-tests` writes the `.stderr` files anew.

use std::fs;
use std::path::Path;

use asyncio_ui_tests::{TestPackage, headlines};

/// The compiler whose messages the `.stderr` files hold. Another one may word them in another way.
const WRITTEN_BY: &str = "rustc 1.95.";

/// Whether messages can be held to the letter; says so where they can't.
fn is_the_compiler_that_wrote_them() -> bool {
    let version = asyncio_ui_tests::compiler();
    let is_the_same = version.starts_with(WRITTEN_BY);
    if !is_the_same {
        println!("left out: the messages were written by {WRITTEN_BY}x, and this is {version}");
    }
    is_the_same
}

#[test]
fn a_wrong_use_is_explained() {
    if !is_the_compiler_that_wrote_them() {
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("main/*.rs");
    cases.compile_fail("test/*.rs");
    cases.compile_fail("body/*.rs");
    cases.compile_fail("book/*.rs");
}

#[test]
fn a_right_use_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn a_mistake_in_a_body_reads_as_in_a_plain_async_fn() {
    const ATTRIBUTE: &str = "#[asyncio::main]";
    // With the library in sight, as its names decide how the compiler writes those of `std`.
    const PLAIN: &str = "extern crate asyncio as _;";
    let package = TestPackage::new(scratch(), "ui-bodies");
    for case in fs::read_dir("body").unwrap() {
        let case = case.unwrap().path();
        if case.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&case).unwrap();
        assert_eq!(source.matches(ATTRIBUTE).count(), 1, "{}", case.display());
        let plain = package.check(&source.replace(ATTRIBUTE, PLAIN));
        assert_ne!(headlines(&plain), [""; 0], "{} compiles", case.display());
        for attribute in [ATTRIBUTE, "#[asyncio::test]", "#[asyncio::test(seeds = 2)]"] {
            let annotated = package.check(&source.replace(ATTRIBUTE, attribute));
            assert_eq!(annotated, plain, "{} under {attribute}", case.display());
        }
    }
}

/// `#[test]` comes first there, and is gone when `#[asyncio::test]` is expanded.
#[test]
fn a_test_attribute_above_is_answered_once_by_the_compiler() {
    if !is_the_compiler_that_wrote_them() {
        return;
    }
    let answer = TestPackage::new(scratch(), "ui-test-above").check(
        "#[test]\n\
         #[asyncio::test]\n\
         async fn runs() {}\n\
         fn main() {}\n",
    );
    assert_eq!(
        headlines(&answer),
        ["error: async functions cannot be used for tests", "--> src/main.rs:3:1"],
        "{answer}",
    );
}

#[test]
fn a_return_type_no_test_may_have_is_answered_once_at_the_type() {
    if !is_the_compiler_that_wrote_them() {
        return;
    }
    let package = TestPackage::new(scratch(), "ui-return-type");
    for attribute in ["#[asyncio::test]", "#[asyncio::test(seeds = 2)]"] {
        let answer = package.check(&format!(
            "{attribute}\n\
             async fn runs() -> String {{ String::new() }}\n\
             fn main() {{}}\n",
        ));
        assert_eq!(
            headlines(&answer),
            [
                "error[E0277]: the trait bound `String: Termination` is not satisfied",
                "--> src/main.rs:2:20"
            ],
            "{answer}",
        );
    }
}

/// Where the packages of these tests are made.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
