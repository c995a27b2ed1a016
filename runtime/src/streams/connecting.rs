//! Connecting, for a reader and a writer. Mirrors `asyncio.open_connection` and its Unix kin.

use std::fmt;
use std::io;
use std::panic::Location;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use super::reader::assert_limit;
use super::{DEFAULT_LIMIT, StreamReader, StreamWriter, pair};
use crate::event_loop::policy::get_running_loop;
use crate::net::address::Address;
use crate::net::connect::{Options, Target, connect};
#[cfg(feature = "tls")]
use crate::net::tls::TlsConnector;
use crate::task::table::outside_a_loop;

/// Connects to a host and a port. Mirrors `asyncio.open_connection(host, port)`.
///
/// Options are methods of what it returns, before the `.await`.
///
/// # Errors
///
/// When no address can be found or connected to; a [`ConnectError`](crate::ConnectError) is inside, with
/// what each of them said.
///
/// # Panics
///
/// Awaiting it outside a running loop.
///
/// # Cancel safety
///
/// Cancelled, it leaves nothing open.
///
/// ```
/// # async fn echo(mut reader: asyncio::StreamReader, writer: asyncio::StreamWriter) {
/// #     writer.write(reader.read_line().await.unwrap());
/// # }
/// # fn main() -> std::io::Result<()> {
/// # asyncio::run(async {
/// # let server = asyncio::start_server(echo, ("127.0.0.1", 0)).await?;
/// # let port = server.local_addrs()[0].port();
/// let (mut reader, writer) = asyncio::open_connection(("127.0.0.1", port)).await?;
/// writer.write("hello\n");
/// assert_eq!(reader.read_line().await?, b"hello\n");
/// # Ok(())
/// # })
/// # }
/// ```
#[track_caller]
pub fn open_connection(address: impl Into<Address>) -> OpenConnection {
    OpenConnection::new(Target::Address(address.into()), Location::caller())
}

/// Connects to a Unix socket. Mirrors `asyncio.open_unix_connection(path)`.
///
/// # Errors
///
/// When nobody listens there.
///
/// # Panics
///
/// Awaiting it outside a running loop.
///
/// # Cancel safety
///
/// Cancelled, it leaves nothing open.
///
/// ```
/// asyncio::run(async {
///     assert!(asyncio::open_unix_connection("/run/nobody-listens-here").await.is_err());
/// });
/// ```
#[cfg(unix)]
#[track_caller]
pub fn open_unix_connection(path: impl Into<PathBuf>) -> OpenConnection {
    OpenConnection::new(Target::Unix(path.into()), Location::caller())
}

/// What [`open_connection`] and `open_unix_connection` return: say how to connect, and await it for the
/// reader and the writer.
///
/// ```
/// use std::time::Duration;
///
/// # async fn shown() -> std::io::Result<()> {
/// let connecting: asyncio::OpenConnection = asyncio::open_connection(("localhost", 8888));
/// let (reader, writer) =
///     connecting.limit(1024).happy_eyeballs_delay(Duration::from_millis(250)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is connected unless you `.await` it"]
pub struct OpenConnection {
    target: Target,
    options: Options,
    limit: usize,
    made_at: &'static Location<'static>,
}

impl OpenConnection {
    fn new(target: Target, made_at: &'static Location<'static>) -> Self {
        Self { target, options: Options::default(), limit: DEFAULT_LIMIT, made_at }
    }

    /// How long a line may be; 64 KiB at first. Mirrors the argument `limit`.
    ///
    /// # Panics
    ///
    /// When it is 0.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (reader, writer) = asyncio::open_connection(("127.0.0.1", 8888)).limit(1024).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        assert_limit(limit);
        self.limit = limit;
        self
    }

    /// Tries the next address beside those that haven't answered within this time (RFC 8305); without it,
    /// when the one before has failed. Mirrors the argument `happy_eyeballs_delay`; 250 ms are usual.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn shown() -> std::io::Result<()> {
    /// let connecting = asyncio::open_connection(("example.org", 80));
    /// let (reader, writer) = connecting.happy_eyeballs_delay(Duration::from_millis(250)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn happy_eyeballs_delay(mut self, delay: Duration) -> Self {
        self.options.happy_eyeballs_delay = Some(delay);
        self
    }

    /// After so many addresses of the first one's family, the families take turns; 0: the order stays.
    /// Mirrors the argument `interleave`: 1 with a happy eyeballs delay, otherwise 0.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let (reader, writer) = asyncio::open_connection(("example.org", 80)).interleave(1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn interleave(mut self, count: usize) -> Self {
        self.options.interleave = Some(count);
        self
    }

    /// Where to connect from. Mirrors the argument `local_addr`.
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let connecting = asyncio::open_connection(("127.0.0.1", 8888));
    /// let (reader, writer) = connecting.local_addr(("127.0.0.2", 0)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(mut self, address: impl Into<Address>) -> Self {
        self.options.local_addr = Some(address.into());
        self
    }

    /// Speaks TLS. Mirrors the argument `ssl`.
    ///
    /// # Panics
    ///
    /// Awaiting it, when there is no one host to check the certificate against: name one with
    /// [`TlsConnector::server_name`].
    ///
    /// ```
    /// # async fn shown() -> std::io::Result<()> {
    /// let connecting = asyncio::open_connection(("example.org", 443));
    /// let (reader, writer) = connecting.tls(asyncio::TlsConnector::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "ssl")]
    pub fn tls(mut self, connector: TlsConnector) -> Self {
        self.options.tls = Some(connector);
        self
    }

    async fn open(self) -> io::Result<(StreamReader, StreamWriter)> {
        let Ok(event_loop) = get_running_loop() else { outside_a_loop("open_connection") };
        let wire = connect(&event_loop, self.target, &self.options).await?;
        Ok(pair(&event_loop.tasks, wire, self.limit, self.made_at))
    }
}

impl IntoFuture for OpenConnection {
    type Output = io::Result<(StreamReader, StreamWriter)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnection").finish_non_exhaustive()
    }
}
