//! The programs that the book's pages stand on, where a lesson doesn't show it: pairs of Rust and Python
//! that differ, and programs that go wrong.
//!
//! Each is a folder in `src/bin`: `main.rs`, `twin.py` where Python has something to say, `output.txt`
//! and, where it writes there, `errors.txt`. `cargo run -p asyncio-book-programs --bin NAME` runs one; the
//! oracle (`cargo test -p asyncio-tests --test oracle`) holds all of them to what they print.
