//! Every lesson and every program of the book says what its files say, and its twin prints the same.
//!
//! `BLESS=1 cargo test -p asyncio-tests --test oracle` writes each `output.txt` and `errors.txt` anew from
//! what the Rust program says.

use std::env;
use std::io::{self, Write};

use asyncio_tests::oracle::{bless_all, check_all};

#[test]
fn every_program_says_what_its_files_and_its_twin_say() {
    let checked = match env::var_os("BLESS") {
        Some(_) => bless_all(show),
        None => check_all(show),
    };
    assert!(checked.is_ok(), "\n{}", checked.unwrap_err().join("\n\n"));
}

/// What is left out is worth a line where the test passes; not `eprintln!`, which nobody sees then.
fn show(line: &str) {
    if line.starts_with("left out") {
        let _ = writeln!(io::stderr(), "{line}");
    }
}
