//! What reading may end with. Mirrors `IncompleteReadError` and `LimitOverrunError` of
//! `asyncio.exceptions`.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

/// The stream ended before all that was asked for was read. Mirrors `asyncio.IncompleteReadError`.
///
/// ```
/// use asyncio::{ReadError, StreamReader};
///
/// asyncio::run(async {
///     let mut reader = StreamReader::from_async_read(&b"too short"[..]);
///     let Err(ReadError::Incomplete(error)) = reader.read_exact(20).await else { unreachable!() };
///     assert_eq!((error.partial.as_slice(), error.expected), (&b"too short"[..], Some(20)));
///     assert_eq!(error.to_string(), "9 bytes read on a total of 20 expected bytes");
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncompleteReadError {
    /// What was read. It is no longer in the reader.
    pub partial: Vec<u8>,
    /// How many bytes were asked for, if that was a number.
    pub expected: Option<usize>,
}

impl fmt::Display for IncompleteReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = self.partial.len();
        match self.expected {
            Some(expected) => {
                write!(f, "{read} bytes read on a total of {expected} expected bytes")
            }
            None => write!(f, "{read} bytes read on a total of undefined expected bytes"),
        }
    }
}

impl Error for IncompleteReadError {}

/// What is up to the separator is longer than the reader's limit. Mirrors `asyncio.LimitOverrunError`.
///
/// ```
/// use asyncio::{ReadError, StreamReader};
///
/// asyncio::run(async {
///     let mut reader = StreamReader::from_async_read(&b"1234567;8"[..]).with_limit(3);
///     let Err(ReadError::LimitOverrun(error)) = reader.read_until(";").await else { unreachable!() };
///     assert_eq!(error.to_string(), "Separator is found, but chunk is longer than limit");
///     // Nothing was taken out: what is too long can still be read.
///     assert_eq!(reader.read_exact(error.consumed).await.unwrap(), b"1234567");
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitOverrunError {
    /// How many bytes in the reader's buffer come before the separator, as far as that is known.
    pub consumed: usize,
    pub(super) is_found: bool,
}

impl fmt::Display for LimitOverrunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_found {
            "Separator is found, but chunk is longer than limit"
        } else {
            "Separator is not found, and chunk exceed the limit"
        })
    }
}

impl Error for LimitOverrunError {}

/// Why a read came to nothing. `?` turns it into an [`io::Error`] where that is wanted: of the kind
/// [`UnexpectedEof`](ErrorKind::UnexpectedEof) or [`InvalidData`](ErrorKind::InvalidData), with the error
/// itself inside.
///
/// ```
/// use asyncio::{ReadError, StreamReader};
///
/// async fn header(reader: &mut StreamReader) -> std::io::Result<Vec<u8>> {
///     Ok(reader.read_exact(4).await?)
/// }
///
/// asyncio::run(async {
///     let error = header(&mut StreamReader::from_async_read(&b"abc"[..])).await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
///     assert_eq!(error.to_string(), "3 bytes read on a total of 4 expected bytes");
/// });
/// ```
#[derive(Debug)]
pub enum ReadError {
    /// The stream ended before.
    Incomplete(IncompleteReadError),
    /// It is longer than the limit.
    LimitOverrun(LimitOverrunError),
    /// The connection failed.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(error) => error.fmt(f),
            Self::LimitOverrun(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Incomplete(error) => Some(error),
            Self::LimitOverrun(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Incomplete(error) => Self::new(ErrorKind::UnexpectedEof, error),
            ReadError::LimitOverrun(error) => Self::new(ErrorKind::InvalidData, error),
            ReadError::Io(error) => error,
        }
    }
}
