//! Errors of the operating system that say what failed. On its own, "No such file or directory" is of no use
//! in a program that opens two files.

use std::error::Error;
use std::fmt;
use std::io;

#[derive(Debug)]
struct Explained {
    what: String,
    source: io::Error,
}

/// "can't open /x: No such file or directory". It keeps the kind; the error itself is its source.
pub(crate) fn explained(what: String, source: io::Error) -> io::Error {
    io::Error::new(source.kind(), Explained { what, source })
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.source)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
