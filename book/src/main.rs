//! `cargo book`: builds the book, checks it, serves it.

fn main() {}
