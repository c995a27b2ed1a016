//! Errors that name the path.

use std::io;
use std::path::Path;

use crate::os_error::explained;

pub(super) fn named(verb: &str, path: &Path, source: io::Error) -> io::Error {
    explained(format!("can't {verb} {}", path.display()), source)
}

pub(super) fn named_both(verb: &str, from: &Path, to: &Path, source: io::Error) -> io::Error {
    explained(format!("can't {verb} {} to {}", from.display(), to.display()), source)
}
