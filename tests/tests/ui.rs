//! What the compiler says to somebody who uses `#[asyncio::main]` and `#[asyncio::test]` wrongly, and
//! that it says nothing to somebody who uses them well.
//!
//! - `ui/main`, `ui/test`: wrong uses, each with what is printed for it in a `.stderr` file;
//! - `ui/body`: mistakes in a body, which must read as they do in a plain `async fn`;
//! - `ui/pass`: programs that compile, run, and exit with 0.
//!
//! `TRYBUILD=overwrite cargo test -p asyncio-tests --test ui` writes the `.stderr` files anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_wrong_use_is_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/main/*.rs");
    cases.compile_fail("ui/test/*.rs");
    cases.compile_fail("ui/body/*.rs");
}

#[test]
fn a_right_use_compiles_and_runs() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn a_mistake_in_a_body_reads_as_in_a_plain_async_fn() {
    const ATTRIBUTE: &str = "#[asyncio::main]";
    // With the library in sight, as its names decide how the compiler writes those of `std`.
    const PLAIN: &str = "extern crate asyncio as _;";
    let package = TestPackage::new("ui-bodies");
    for case in fs::read_dir("ui/body").unwrap() {
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
    let answer = TestPackage::new("ui-test-above").check(
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
    let package = TestPackage::new("ui-return-type");
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

/// The first line of each error, and where it is.
fn headlines(answer: &str) -> Vec<&str> {
    let lines: Vec<&str> = answer.lines().map(str::trim_start).collect();
    let errors = lines.windows(2).filter(|pair| {
        pair[0].starts_with("error") && !pair[0].starts_with("error: could not compile")
    });
    errors.flatten().copied().collect()
}

/// A package of one file, compiled as a test. `trybuild` compiles programs only, and in those the
/// compiler drops every `#[test]` function unread.
struct TestPackage {
    folder: PathBuf,
}

impl TestPackage {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = format!(
            "[package]\n\
             name = '{name}'\n\
             edition = '2024'\n\
             [dependencies]\n\
             asyncio.path = '{}'\n\
             [workspace]\n",
            workspace.join("runtime").display(),
        );
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder }
    }

    /// What the compiler says about this source, warnings and all.
    fn check(&self, source: &str) -> String {
        fs::write(self.folder.join("src/main.rs"), source).unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline", "--profile=test", "--color=never"])
            .current_dir(&self.folder)
            // All packages share the compiled dependencies.
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui-target"))
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}
