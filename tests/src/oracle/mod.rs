//! The oracle: a program says what its `output.txt` and its `errors.txt` say, and its Python twin prints
//! the same.
//!
//! The programs are the lessons, those of the book and the library's examples. `check` asks all of them; this room knows where
//! they are (`program`, `build`), how to run one without hanging on it (`process`), what of its standard
//! error and of an example's output can be repeated (`errors`, `volatile`), which Python to ask (`python`), and where the two languages may
//! differ (`differs`).

mod build;
mod check;
mod differs;
mod errors;
mod process;
mod program;
mod python;
mod volatile;

pub use build::{binaries_in, cargo};
pub use check::{bless_all, check_all};
pub use differs::Differences;
pub use process::{Printed, Process};
pub use program::{Program, Said, arguments};
pub use python::Python;

use std::path::{Path, PathBuf};

/// A path below the workspace's root.
pub fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Where two texts part, for a failing test to show. `None`: they are the same.
///
/// ```
/// use asyncio_tests::oracle::difference;
///
/// assert_eq!(difference("a\nb\n", "a\nb\n"), None);
/// let message = difference("a\nb\n", "a\nc\n").unwrap();
/// assert!(message.starts_with("line 2 should be \"b\" and is \"c\""), "{message}");
/// ```
pub fn difference(expected: &str, printed: &str) -> Option<String> {
    if expected == printed {
        return None;
    }
    let same = expected.split('\n').zip(printed.split('\n')).take_while(|(a, b)| a == b).count();
    let line = |text: &str| match text.split('\n').nth(same) {
        Some(line) => format!("{line:?}"),
        None => "missing".to_owned(),
    };
    Some(format!(
        "line {} should be {} and is {}\n--- expected ---\n{expected}--- printed ---\n{printed}---",
        same + 1,
        line(expected),
        line(printed)
    ))
}
