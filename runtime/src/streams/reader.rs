//! The reading half of a connection. Mirrors `asyncio.StreamReader`.
//!
//! What must hold: what was read from the wire is either handed out or in the buffer, so a read that is
//! dropped midway loses nothing (`reads_that_are_cancelled_lose_nothing`); while nobody reads, nothing is
//! read, so the buffer is bounded by what one asks for; a reader that waits has no buffer.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead};
use memchr::memchr;

use super::DEFAULT_LIMIT;
use super::errors::{IncompleteReadError, ReadError};
use super::foreign::ForeignReader;
use super::lines::Lines;
use super::scan::{Found, Scan};
use crate::net::buffer::Buffer;
use crate::net::outbox::Outbox;
use crate::net::wire::Wire;
use crate::task::table;

/// How much is read from a wire at a time, at most and at least.
const CHUNK: usize = 64 * 1024;
const SMALL_CHUNK: usize = 4096;

/// Reads from a connection. Mirrors `asyncio.StreamReader`.
///
/// [`open_connection`](crate::open_connection) makes one, and [`start_server`](crate::start_server) for
/// each connection; [`from_async_read`](StreamReader::from_async_read) makes one of any reader. It
/// implements [`AsyncRead`] and [`AsyncBufRead`], so the helpers of other crates work with it.
///
/// One read goes on at a time: a read borrows the reader. Python raises `RuntimeError` where a second one is
/// tried.
///
/// # Cancel safety
///
/// Every read: nothing is lost when it is dropped. What came in meanwhile is there for the next one.
///
/// ```
/// # async fn shown() -> std::io::Result<()> {
/// let (mut reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
/// writer.write(b"hello\n");
/// let answer = reader.read_line().await?;
/// # Ok(())
/// # }
/// ```
pub struct StreamReader {
    outbox: Rc<Outbox>,
    buffer: Buffer,
    limit: usize,
    /// A read came to the end.
    has_ended: bool,
}

impl StreamReader {
    pub(crate) fn over(outbox: Rc<Outbox>, limit: usize) -> Self {
        Self { outbox, buffer: Buffer::default(), limit, has_ended: false }
    }

    /// A reader of a wire that nobody writes to.
    pub(crate) fn of_wire(wire: Rc<dyn Wire>, made_at: &'static Location<'static>) -> Self {
        let Some(tasks) = table::running() else { table::outside_a_loop("StreamReader") };
        Self::over(Outbox::new(&tasks, wire, "stream", made_at), DEFAULT_LIMIT)
    }

    /// Reads from anything that is an [`AsyncRead`]: a file, a decompressor, a part of another stream.
    ///
    /// # Panics
    ///
    /// Outside a running loop.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo\n"[..]);
    ///     assert_eq!(reader.read_line().await.unwrap(), b"one\n");
    /// });
    /// ```
    #[track_caller]
    pub fn from_async_read(reader: impl AsyncRead + 'static) -> Self {
        Self::of_wire(Rc::new(ForeignReader::new(reader)), Location::caller())
    }

    /// How long a line may be, and what [`read_until`](StreamReader::read_until) reads; 64 KiB at first.
    /// Mirrors the argument `limit`.
    ///
    /// # Panics
    ///
    /// When it is 0.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let reader = asyncio::StreamReader::from_async_read(&b"a long line\n"[..]);
    ///     assert!(reader.with_limit(5).read_line().await.is_err());
    /// });
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_limit(mut self, limit: usize) -> Self {
        assert_limit(limit);
        self.limit = limit;
        self
    }

    /// Reads what is there, `n` bytes at most; waits for at least one. Nothing comes at the end, and for
    /// `n` = 0. Mirrors `StreamReader.read(n)`; `read(-1)` is [`read_to_end`](StreamReader::read_to_end).
    ///
    /// # Errors
    ///
    /// When the connection has failed.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"abcdef"[..]);
    ///     assert_eq!(reader.read(4).await.unwrap(), b"abcd");
    ///     assert_eq!(reader.read(4).await.unwrap(), b"ef");
    ///     assert_eq!(reader.read(4).await.unwrap(), b"");
    /// });
    /// ```
    pub async fn read(&mut self, n: usize) -> io::Result<Vec<u8>> {
        poll_fn(|cx| self.poll_some(cx, n)).await
    }

    /// Reads until the end. Mirrors `StreamReader.read(-1)`.
    ///
    /// # Errors
    ///
    /// When the connection has failed.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"all of it"[..]);
    ///     assert_eq!(reader.read_to_end().await.unwrap(), b"all of it");
    /// });
    /// ```
    #[doc(alias = "read")]
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        self.check()?;
        while self.fill().await? {}
        Ok(self.buffer.take(self.buffer.len()))
    }

    /// Reads `n` bytes. Mirrors `StreamReader.readexactly(n)`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] where the stream ends before, with what there was;
    /// [`ReadError::Io`] when the connection has failed.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"abcdef"[..]);
    ///     assert_eq!(reader.read_exact(5).await.unwrap(), b"abcde");
    ///     assert!(reader.read_exact(5).await.is_err());
    /// });
    /// ```
    #[doc(alias = "readexactly")]
    pub async fn read_exact(&mut self, n: usize) -> Result<Vec<u8>, ReadError> {
        self.check()?;
        while self.buffer.len() < n {
            if !self.fill().await? {
                return Err(self.incomplete(Some(n)));
            }
        }
        Ok(self.buffer.take(n))
    }

    /// Reads up to and with the next `\n`; at the end, what is left without one, and then nothing. Mirrors
    /// `StreamReader.readline()`.
    ///
    /// # Errors
    ///
    /// [`ReadError::LimitOverrun`] when the line is longer than the limit: it is dropped, as far as it has
    /// come, as in Python, which raises `ValueError`. [`ReadError::Io`] when the connection has failed.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo"[..]);
    ///     assert_eq!(reader.read_line().await.unwrap(), b"one\n");
    ///     assert_eq!(reader.read_line().await.unwrap(), b"two");
    ///     assert_eq!(reader.read_line().await.unwrap(), b"");
    /// });
    /// ```
    #[doc(alias = "readline")]
    pub async fn read_line(&mut self) -> Result<Vec<u8>, ReadError> {
        if let Some(line) = self.line_at_hand() {
            return Ok(line);
        }
        let mut scan = Scan::line();
        poll_fn(|cx| self.poll_line(cx, &mut scan)).await
    }

    /// Reads up to and with the next `separator`. Mirrors `StreamReader.readuntil(separator)`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`] where the stream ends before, with what there was;
    /// [`ReadError::LimitOverrun`] when what is up to the separator is longer than the limit: it stays in
    /// the buffer, and [`read_exact`](StreamReader::read_exact) may take it; [`ReadError::Io`] when the
    /// connection has failed.
    ///
    /// # Panics
    ///
    /// When the separator is empty.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"a: 1\r\n\r\nbody"[..]);
    ///     assert_eq!(reader.read_until("\r\n\r\n").await.unwrap(), b"a: 1\r\n\r\n");
    /// });
    /// ```
    #[doc(alias = "readuntil")]
    pub async fn read_until(&mut self, separator: impl AsRef<[u8]>) -> Result<Vec<u8>, ReadError> {
        let separators = [separator.as_ref()];
        let mut scan = Scan::new(Cow::Borrowed(&separators));
        poll_fn(|cx| self.poll_until(cx, &mut scan)).await
    }

    /// The same with several separators: up to and with the one that ends first. Mirrors
    /// `StreamReader.readuntil(separators)` (Python 3.13).
    ///
    /// # Errors
    ///
    /// As [`read_until`](StreamReader::read_until).
    ///
    /// # Panics
    ///
    /// When there is no separator, or an empty one.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\rtwo\n"[..]);
    ///     assert_eq!(reader.read_until_any(&["\r", "\n"]).await.unwrap(), b"one\r");
    ///     assert_eq!(reader.read_until_any(&["\r", "\n"]).await.unwrap(), b"two\n");
    /// });
    /// ```
    pub async fn read_until_any(
        &mut self,
        separators: &[impl AsRef<[u8]>],
    ) -> Result<Vec<u8>, ReadError> {
        let mut scan = Scan::new(separators.iter().map(AsRef::as_ref).collect());
        poll_fn(|cx| self.poll_until(cx, &mut scan)).await
    }

    /// The lines to come, as a [`Stream`](futures_core::Stream). Mirrors `async for line in reader`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo\n"[..]);
    ///     let mut lines = reader.lines();
    ///     while let Some(line) = lines.next().await {
    ///         assert!(line.unwrap().ends_with(b"\n"));
    ///     }
    /// });
    /// ```
    pub fn lines(&mut self) -> Lines<'_> {
        Lines::new(self)
    }

    /// Whether nothing more comes. Mirrors `StreamReader.at_eof()`.
    ///
    /// That the stream has ended is known once a read has met its end: nobody reads ahead.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"x"[..]);
    ///     assert!(!reader.is_at_eof());
    ///     reader.read_to_end().await.unwrap();
    ///     assert!(reader.is_at_eof());
    /// });
    /// ```
    #[doc(alias = "at_eof")]
    pub fn is_at_eof(&self) -> bool {
        self.buffer.is_empty() && (self.has_ended || self.outbox.is_lost())
    }

    /// What was read ahead: the next reads hand it out.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut reader = asyncio::StreamReader::from_async_read(&b"one\ntwo"[..]);
    ///     reader.read_line().await.unwrap();
    ///     assert_eq!(reader.buffer(), b"two");
    /// });
    /// ```
    pub fn buffer(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    pub(super) fn outbox(&self) -> &Rc<Outbox> {
        &self.outbox
    }

    /// These bytes come before all others.
    #[cfg(feature = "http")]
    pub(super) fn put_ahead(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
    }

    /// What was read ahead is somebody else's now.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        self.buffer.take(self.buffer.len())
    }

    /// As in Python, after an error nothing is handed out any more.
    #[inline]
    fn check(&self) -> io::Result<()> {
        if self.outbox.is_closing() { self.outbox.error().map_or(Ok(()), Err) } else { Ok(()) }
    }

    /// The next line, where it was read ahead and is what one asks for: most lines of a stream are.
    #[inline]
    pub(super) fn line_at_hand(&mut self) -> Option<Vec<u8>> {
        let end = memchr(b'\n', self.buffer.as_slice())?;
        if end > self.limit || self.outbox.is_closing() {
            return None;
        }
        Some(self.buffer.take(end + 1))
    }

    fn incomplete(&mut self, expected: Option<usize>) -> ReadError {
        ReadError::Incomplete(IncompleteReadError { partial: self.take_buffer(), expected })
    }

    /// How much to read at a time, so that no line takes much more memory than the limit.
    fn chunk(&self) -> usize {
        self.limit.clamp(SMALL_CHUNK, CHUNK)
    }

    fn poll_some(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<io::Result<Vec<u8>>> {
        self.check()?;
        if n == 0 || !self.buffer.is_empty() {
            return Poll::Ready(Ok(self.buffer.take(n.min(self.buffer.len()))));
        }
        with_chunk(self.chunk(), |chunk| {
            let length = ready!(self.poll_wire(cx, chunk))?;
            let (given, kept) = chunk[..length].split_at(n.min(length));
            self.buffer.extend(kept);
            Poll::Ready(Ok(given.to_vec()))
        })
    }

    /// Reads until the buffer has what `scan` looks for.
    fn poll_until(
        &mut self,
        cx: &mut Context<'_>,
        scan: &mut Scan<'_>,
    ) -> Poll<Result<Vec<u8>, ReadError>> {
        self.check()?;
        loop {
            match scan.look(self.buffer.as_slice(), self.limit) {
                Found::At(length) => return Poll::Ready(Ok(self.buffer.take(length))),
                Found::Overrun(error) => return Poll::Ready(Err(ReadError::LimitOverrun(error))),
                Found::NotYet => {}
            }
            if !ready!(self.poll_fill(cx))? {
                return Poll::Ready(Err(self.incomplete(None)));
            }
        }
    }

    /// The same for a line: the last one may have no end, and one that is too long is dropped.
    pub(super) fn poll_line(
        &mut self,
        cx: &mut Context<'_>,
        scan: &mut Scan<'_>,
    ) -> Poll<Result<Vec<u8>, ReadError>> {
        Poll::Ready(match ready!(self.poll_until(cx, scan)) {
            Err(ReadError::Incomplete(error)) => Ok(error.partial),
            Err(ReadError::LimitOverrun(error)) => {
                if error.is_found {
                    self.buffer.consume(error.consumed + 1);
                } else {
                    self.buffer.clear();
                }
                Err(ReadError::LimitOverrun(error))
            }
            result => result,
        })
    }

    async fn fill(&mut self) -> io::Result<bool> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    /// Reads some bytes into the buffer. False: there are no more.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        with_chunk(self.chunk(), |chunk| {
            let length = ready!(self.poll_wire(cx, chunk))?;
            self.buffer.extend(&chunk[..length]);
            Poll::Ready(Ok(length > 0))
        })
    }

    /// Reads from the wire, until the connection is over. As in Python, one that is closing is not read
    /// any more.
    fn poll_wire(&mut self, cx: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.has_ended || self.outbox.is_lost() {
            return Poll::Ready(self.check().map(|()| 0));
        }
        if !self.outbox.is_closing() {
            match self.outbox.wire().poll_read(cx, bytes) {
                Poll::Ready(Ok(length)) => {
                    self.has_ended = length == 0;
                    return Poll::Ready(Ok(length));
                }
                Poll::Ready(Err(error)) => {
                    self.outbox.lose(Some(error));
                    return Poll::Ready(self.check().map(|()| 0));
                }
                Poll::Pending => {}
            }
        }
        self.outbox.wake_reader_when_lost(cx);
        Poll::Pending
    }
}

#[track_caller]
pub(super) fn assert_limit(limit: usize) {
    assert!(limit > 0, "Limit cannot be <= 0: say how many bytes a line may have");
}

thread_local! {
    /// What the readers of this thread read into, one after the other, so that one that waits needs none.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with `length` bytes to read into.
fn with_chunk<R>(length: usize, f: impl FnOnce(&mut [u8]) -> R) -> R {
    // A wire that reads a reader of ours in turn finds none, and makes one.
    let mut scratch = SCRATCH.take();
    if scratch.is_empty() {
        scratch.resize(CHUNK, 0);
    }
    let result = f(&mut scratch[..length]);
    SCRATCH.set(scratch);
    result
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        if bytes.is_empty() {
            // Not to be taken for the stream's end.
            return Poll::Ready(Ok(0));
        }
        if self.buffer.is_empty() {
            return self.poll_wire(cx, bytes);
        }
        let length = bytes.len().min(self.buffer.len());
        bytes[..length].copy_from_slice(&self.buffer.as_slice()[..length]);
        self.buffer.consume(length);
        Poll::Ready(Ok(length))
    }
}

impl AsyncBufRead for StreamReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        this.check()?;
        if this.buffer.is_empty() {
            ready!(this.poll_fill(cx))?;
        }
        Poll::Ready(Ok(this.buffer.as_slice()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.buffer.consume(amount);
    }
}

/// `<StreamReader 4 bytes eof limit=123>`, as in Python.
impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<StreamReader")?;
        if !self.buffer.is_empty() {
            write!(f, " {} bytes", self.buffer.len())?;
        }
        if self.has_ended {
            f.write_str(" eof")?;
        }
        if self.limit != DEFAULT_LIMIT {
            write!(f, " limit={}", self.limit)?;
        }
        if let Some(error) = self.outbox.error() {
            write!(f, " exception={error:?}")?;
        }
        f.write_str(">")
    }
}
