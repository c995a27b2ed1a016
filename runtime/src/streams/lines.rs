//! The lines of a reader, one after the other. Mirrors `StreamReader.__aiter__`.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::errors::ReadError;
use super::reader::StreamReader;
use super::scan::Scan;

/// The lines of a [`StreamReader`], with their ends; made by [`lines`](StreamReader::lines).
///
/// After a line that is too long, the next ones come as usual; after an error of the connection, nothing
/// comes.
///
/// ```
/// use futures::StreamExt;
///
/// asyncio::run(async {
///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo"[..]);
///     let lines: asyncio::Lines<'_> = reader.lines();
///     let lines: Vec<_> = lines.map(Result::unwrap).collect().await;
///     assert_eq!(lines, [&b"one\n"[..], b"two"]);
/// });
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct Lines<'a> {
    reader: &'a mut StreamReader,
    scan: Scan<'static>,
    has_ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(reader: &'a mut StreamReader) -> Self {
        Self { reader, scan: Scan::line(), has_ended: false }
    }

    /// The next line; `None` after the last one.
    ///
    /// # Errors
    ///
    /// In the line's place: when it is too long, and when the connection fails.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: the next call gives the line.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo"[..]);
    ///     let mut lines = reader.lines();
    ///     assert_eq!(lines.next().await.unwrap().unwrap(), b"one\n");
    ///     assert_eq!(lines.next().await.unwrap().unwrap(), b"two");
    ///     assert!(lines.next().await.is_none());
    /// });
    /// ```
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, ReadError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Lines<'_> {
    type Item = Result<Vec<u8>, ReadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.has_ended {
            return Poll::Ready(None);
        }
        if this.scan.is_new()
            && let Some(line) = this.reader.line_at_hand()
        {
            return Poll::Ready(Some(Ok(line)));
        }
        let line = ready!(this.reader.poll_line(cx, &mut this.scan));
        this.scan.start_over();
        this.has_ended = match &line {
            Ok(line) => !line.ends_with(b"\n"),
            Err(error) => matches!(error, ReadError::Io(_)),
        };
        Poll::Ready(Some(line).filter(|line| !matches!(line, Ok(line) if line.is_empty())))
    }
}

impl fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("reader", &self.reader).finish_non_exhaustive()
    }
}
