//! An I/O error that several are told of: each read, write and wait that follows it.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

pub(crate) struct Failure(Arc<io::Error>);

impl Failure {
    /// The error again: with its number, where it has one, or else with the error itself as its source.
    pub(crate) fn to_error(&self) -> io::Error {
        match self.0.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::Error::new(self.0.kind(), Shared(self.0.clone())),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

#[derive(Debug)]
struct Shared(Arc<io::Error>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
