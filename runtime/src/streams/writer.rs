//! The writing half of a connection. Mirrors `asyncio.StreamWriter`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;

use super::foreign::ForeignWriter;
#[cfg(feature = "tls")]
use super::reader::StreamReader;
#[cfg(feature = "tls")]
use super::upgrade;
use crate::event_loop::core::warn;
use crate::exceptions::place;
use crate::net::outbox::Outbox;
#[cfg(feature = "tls")]
use crate::net::tls::{TlsAcceptor, TlsConnector, TlsInfo};
use crate::net::wire::Wire;
use crate::task::table;

/// Writes to a connection. Mirrors `asyncio.StreamWriter`.
///
/// [`open_connection`](crate::open_connection) makes one, and [`start_server`](crate::start_server) for
/// each connection; [`from_async_write`](StreamWriter::from_async_write) makes one of any writer. It
/// implements [`AsyncWrite`], so the helpers of other crates work with it.
///
/// [`write`](StreamWriter::write) doesn't wait: what can't be sent at once is buffered. Await
/// [`drain`](StreamWriter::drain) now and then, or a slow peer makes the buffer grow.
///
/// Its methods take `&self`, so several tasks can share one in an `Rc`. Dropping it closes the connection:
/// what is buffered is still sent, while the loop runs. In debug mode a line on standard error says so, as
/// Python's `ResourceWarning` does.
///
/// ```
/// # async fn shown() -> std::io::Result<()> {
/// let (mut reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
/// writer.write(b"hello\n");
/// writer.drain().await?;
/// writer.close();
/// writer.wait_closed().await?;
/// # Ok(())
/// # }
/// ```
pub struct StreamWriter {
    outbox: Rc<Outbox>,
    // Kept for when the socket is closed.
    local_addr: Option<SocketAddr>,
    peer_addr: Option<SocketAddr>,
}

impl StreamWriter {
    pub(crate) fn over(outbox: Rc<Outbox>) -> Self {
        let wire = outbox.wire();
        Self { local_addr: wire.local_addr().ok(), peer_addr: wire.peer_addr().ok(), outbox }
    }

    /// A writer of a wire that nobody reads.
    pub(crate) fn of_wire(wire: Rc<dyn Wire>, made_at: &'static Location<'static>) -> Self {
        let Some(tasks) = table::running() else { table::outside_a_loop("StreamWriter") };
        Self::over(Outbox::new(&tasks, wire, "stream", made_at))
    }

    /// Writes to anything that is an [`AsyncWrite`]: a file, a compressor, a part of another stream.
    ///
    /// # Panics
    ///
    /// Outside a running loop.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    ///     writer.write(b"gone");
    ///     writer.close();
    ///     writer.wait_closed().await.unwrap();
    /// });
    /// ```
    #[track_caller]
    pub fn from_async_write(writer: impl AsyncWrite + 'static) -> Self {
        Self::of_wire(Rc::new(ForeignWriter::new(writer)), Location::caller())
    }

    /// Sends `data`, or buffers what can't be sent at once. Mirrors `StreamWriter.write(data)`.
    ///
    /// Of a connection that is closed or has failed it is ignored; `drain` says so.
    ///
    /// # Panics
    ///
    /// After [`write_eof`](StreamWriter::write_eof).
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// writer.write("text, or bytes");
    /// writer.drain().await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) {
        self.outbox.write(data.as_ref());
    }

    /// Writes several pieces, one behind the other. Mirrors `StreamWriter.writelines(data)`; it adds no
    /// line ends either.
    ///
    /// # Panics
    ///
    /// After [`write_eof`](StreamWriter::write_eof).
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// writer.write_lines(["one\n", "two\n"]);
    /// # });
    /// ```
    #[doc(alias = "writelines")]
    #[track_caller]
    pub fn write_lines<T: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = T>) {
        let mut whole = Vec::new();
        for piece in pieces {
            whole.extend_from_slice(piece.as_ref());
        }
        self.outbox.write(&whole);
    }

    /// Waits until the buffer is small again, if it has grown beyond its high-water mark. Mirrors
    /// `StreamWriter.drain()`.
    ///
    /// # Errors
    ///
    /// When the connection has failed, with what it failed with; when it is closed, an error of the kind
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset), "Connection lost".
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// for _ in 0..1000 {
    ///     writer.write([0; 4096]);
    ///     writer.drain().await.unwrap();
    /// }
    /// # });
    /// ```
    pub async fn drain(&self) -> io::Result<()> {
        self.outbox.drain().await
    }

    /// Says that no more comes, behind what is buffered: the peer reads to the end, and can still answer.
    /// What is written only, as a process's `stdin`, is closed by it. Mirrors `StreamWriter.write_eof()`.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (mut reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
    /// writer.write("all there is");
    /// writer.write_eof();
    /// let answer = reader.read_to_end().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_eof(&self) {
        self.outbox.write_eof();
    }

    /// Whether the peer can be told so: not over TLS. Mirrors `StreamWriter.can_write_eof()`.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (_reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
    /// assert!(writer.can_write_eof());
    /// # Ok(())
    /// # }
    /// ```
    pub fn can_write_eof(&self) -> bool {
        self.outbox.wire().can_write_eof()
    }

    /// Closes the connection, after what is buffered was sent. Who waits to read from it comes to the end.
    /// Mirrors `StreamWriter.close()`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// writer.close();
    /// assert!(writer.is_closing());
    /// # });
    /// ```
    pub fn close(&self) {
        self.outbox.close();
    }

    /// Closes the connection at once; what is buffered is lost. Mirrors `StreamWriter.transport.abort()`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// writer.abort();
    /// writer.wait_closed().await.unwrap();
    /// # });
    /// ```
    pub fn abort(&self) {
        self.outbox.abort();
    }

    /// Whether it is closed, or about to be. Mirrors `StreamWriter.is_closing()`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// assert!(!writer.is_closing());
    /// # });
    /// ```
    pub fn is_closing(&self) -> bool {
        self.outbox.is_closing()
    }

    /// Waits until it is closed. Mirrors `StreamWriter.wait_closed()`; it closes nothing itself.
    ///
    /// # Errors
    ///
    /// What the connection failed with, if it did.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// writer.close();
    /// writer.wait_closed().await.unwrap();
    /// # });
    /// ```
    pub async fn wait_closed(&self) -> io::Result<()> {
        self.outbox.closed().await
    }

    /// How many bytes are buffered. Mirrors `StreamWriter.transport.get_write_buffer_size()`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// assert_eq!(writer.write_buffer_size(), 0);
    /// # });
    /// ```
    #[doc(alias = "get_write_buffer_size")]
    pub fn write_buffer_size(&self) -> usize {
        self.outbox.len()
    }

    /// Says beyond how many buffered bytes `drain` waits, and until how few: 64 KiB and 16 KiB at first.
    /// One that isn't given follows the other: the low one is a quarter of the high one. Mirrors
    /// `StreamWriter.transport.set_write_buffer_limits(high, low)`.
    ///
    /// # Panics
    ///
    /// When `low` is above `high`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// # let writer = asyncio::StreamWriter::from_async_write(futures::io::sink());
    /// // Whatever can't be sent at once is waited for.
    /// writer.set_write_buffer_limits(0, None);
    /// # });
    /// ```
    #[track_caller]
    pub fn set_write_buffer_limits(
        &self,
        high: impl Into<Option<usize>>,
        low: impl Into<Option<usize>>,
    ) {
        self.outbox.set_limits(high.into(), low.into());
    }

    /// The peer's address; also when the connection is closed. Mirrors
    /// `StreamWriter.get_extra_info("peername")`.
    ///
    /// # Errors
    ///
    /// When it has none: a Unix socket, a pipe.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (_reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
    /// assert_eq!(writer.peer_addr()?.port(), 8888);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.peer_addr.map_or_else(|| self.outbox.wire().peer_addr(), Ok)
    }

    /// This side's address; also when the connection is closed. Mirrors
    /// `StreamWriter.get_extra_info("sockname")`.
    ///
    /// # Errors
    ///
    /// When it has none: a Unix socket, a pipe.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (_reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
    /// println!("connected from {}", writer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr.map_or_else(|| self.outbox.wire().local_addr(), Ok)
    }

    /// What TLS has agreed on; without TLS, nothing. Mirrors `StreamWriter.get_extra_info("ssl_object")`.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (_reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).await?;
    /// assert!(writer.tls_info().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "get_extra_info")]
    pub fn tls_info(&self) -> Option<TlsInfo> {
        self.outbox.wire().tls()
    }

    /// Goes on over TLS, as the client. What is buffered is sent before, what is written meanwhile after.
    /// Mirrors `StreamWriter.start_tls(sslcontext)`.
    ///
    /// It borrows the reader, so that nobody reads meanwhile; what that has read ahead is taken for TLS.
    ///
    /// # Errors
    ///
    /// When no agreement comes; the connection is closed then.
    ///
    /// # Panics
    ///
    /// When the reader is another connection's, and when the connector has no
    /// [`server_name`](TlsConnector::server_name) and the connection no peer address.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, it closes the connection.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (mut reader, writer) = asyncio::open_connection(("127.0.0.1", 587)).await?;
    /// writer.write("STARTTLS\r\n");
    /// reader.read_line().await?;
    /// let connector = asyncio::TlsConnector::new().server_name("mail.example.org");
    /// writer.start_tls(&mut reader, &connector).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    pub async fn start_tls(
        &self,
        reader: &mut StreamReader,
        connector: &TlsConnector,
    ) -> io::Result<()> {
        let host = self.peer_addr.map(|address| address.ip().to_string());
        upgrade::start_tls(&self.outbox, reader, connector, host).await
    }

    /// The same as the server. Mirrors `StreamWriter.start_tls(sslcontext)` of a server's connection.
    ///
    /// # Errors
    ///
    /// When no agreement comes; the connection is closed then.
    ///
    /// # Panics
    ///
    /// When the reader is another connection's.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, it closes the connection.
    ///
    /// ```
    /// # use asyncio::{StreamReader, StreamWriter, TlsAcceptor};
    /// async fn handle(mut reader: StreamReader, writer: StreamWriter, acceptor: TlsAcceptor) -> std::io::Result<()> {
    ///     if reader.read_line().await? == b"STARTTLS\r\n" {
    ///         writer.accept_tls(&mut reader, &acceptor).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "start_tls")]
    pub async fn accept_tls(
        &self,
        reader: &mut StreamReader,
        acceptor: &TlsAcceptor,
    ) -> io::Result<()> {
        upgrade::accept_tls(&self.outbox, reader, acceptor).await
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        if self.outbox.is_closing() {
            return;
        }
        if self.outbox.core().debug.get() {
            warn(&format!(
                "unclosed {self:?}, made at {}: call close() before it is dropped",
                place(self.outbox.made_at())
            ));
        }
        self.outbox.close();
    }
}

/// Takes what is written once the buffer is below its high-water mark.
impl AsyncWrite for StreamWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.outbox.poll_drain(cx))?;
        self.outbox.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.poll_empty(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.close();
        self.outbox.poll_closed(cx)
    }
}

/// `<StreamWriter peer=127.0.0.1:8888 closing>`
impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<StreamWriter")?;
        if let Some(address) = self.peer_addr {
            write!(f, " peer={address}")?;
        }
        if self.outbox.is_lost() {
            f.write_str(" closed")?;
        } else if self.outbox.is_closing() {
            f.write_str(" closing")?;
        }
        if self.outbox.len() > 0 {
            write!(f, " {} bytes", self.outbox.len())?;
        }
        f.write_str(">")
    }
}
