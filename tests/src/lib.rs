//! What the tests that cross crates have in common.

pub mod oracle;

/// The programs in the README compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
