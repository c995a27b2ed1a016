//! Errors that name the path. An operating system's error doesn't: "No such file or directory" alone is of
//! no use in a program that opens two files.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

#[derive(Debug)]
struct PathError {
    what: String,
    source: io::Error,
}

/// "can't open /x: No such file or directory"
pub(super) fn named(verb: &str, path: &Path, source: io::Error) -> io::Error {
    let what = format!("can't {verb} {}", path.display());
    io::Error::new(source.kind(), PathError { what, source })
}

/// "can't copy /x to /y: No such file or directory"
pub(super) fn named_both(verb: &str, from: &Path, to: &Path, source: io::Error) -> io::Error {
    let what = format!("can't {verb} {} to {}", from.display(), to.display());
    io::Error::new(source.kind(), PathError { what, source })
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.source)
    }
}

impl Error for PathError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
