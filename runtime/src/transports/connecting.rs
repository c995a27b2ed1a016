//! Making a connection that tells a protocol. Mirrors `create_connection`, `create_unix_connection` and
//! `connect_accepted_socket`.

use std::fmt;
use std::io;
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::panic::Location;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::connection::{Connection, Ways};
use super::protocols::{AnyProtocol, Erased};
use super::transport::Transport;
use crate::event_loop::EventLoop;
use crate::net::address::Address;
use crate::net::connect::{Options, Target, connect};
#[cfg(feature = "tls")]
use crate::net::tls::TlsConnector;
use crate::net::wire::Wire;

/// What [`create_connection`](EventLoop::create_connection) and its kin return: say how to connect, and
/// await it. The value is the transport and the protocol, after its `connection_made`.
///
/// ```
/// use asyncio::{CreateConnection, Protocol};
///
/// struct Ignore;
/// impl Protocol for Ignore {}
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let server = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).await?;
///     let connecting: CreateConnection<Ignore> =
///         event_loop.create_connection(|| Ignore, server.local_addrs());
///     let (transport, _ignore) = connecting.await?;
///     transport.close();
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct CreateConnection<P> {
    event_loop: EventLoop,
    factory: Box<dyn FnOnce() -> (Rc<P>, Erased)>,
    target: Target,
    options: Options,
    made_at: &'static Location<'static>,
}

impl EventLoop {
    /// Connects to a host and a port, and tells a protocol what comes in. Mirrors
    /// `loop.create_connection(protocol_factory, host, port, …)`.
    ///
    /// # Errors
    ///
    /// When no address can be found or connected to; a [`ConnectError`](crate::ConnectError) is inside, with
    /// what each of them said.
    ///
    /// # Panics
    ///
    /// When the loop is closed; awaiting it, with what `factory` panics with, and outside of this loop's run.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it leaves nothing open.
    ///
    /// ```
    /// use asyncio::{Event, Protocol, Transport};
    ///
    /// #[derive(Default)]
    /// struct Client {
    ///     has_lost: Event,
    /// }
    ///
    /// impl Protocol for Client {
    ///     fn connection_made(&self, transport: Transport) {
    ///         transport.write(b"hello");
    ///     }
    ///
    ///     fn connection_lost(&self, _error: Option<std::io::Error>) {
    ///         self.has_lost.set();
    ///     }
    /// }
    ///
    /// # struct Server;
    /// # impl Protocol for Server {
    /// #     fn connection_made(&self, transport: Transport) {
    /// #         transport.close();
    /// #     }
    /// # }
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    /// #   let server = event_loop.create_server(|| Server, ("127.0.0.1", 0)).await?;
    /// #   let port = server.local_addrs()[0].port();
    ///     let (_transport, client) =
    ///         event_loop.create_connection(Client::default, ("127.0.0.1", port)).await?;
    ///     client.has_lost.wait().await;
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn create_connection<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        address: impl Into<Address>,
    ) -> CreateConnection<P> {
        self.connecting(factory, Target::Address(address.into()), Location::caller())
    }

    /// Connects to a Unix socket. Mirrors `loop.create_unix_connection(protocol_factory, path)`.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    ///
    /// # Panics
    ///
    /// As [`create_connection`](EventLoop::create_connection).
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it leaves nothing open.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let connecting = event_loop.create_unix_connection(|| Ignore, "/run/nobody-listens-here");
    ///     assert!(connecting.await.is_err());
    /// });
    /// ```
    #[cfg(unix)]
    #[track_caller]
    pub fn create_unix_connection<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        path: impl Into<PathBuf>,
    ) -> CreateConnection<P> {
        self.connecting(factory, Target::Unix(path.into()), Location::caller())
    }

    /// Takes a socket that is connected already, by somebody else's `accept` for instance. Mirrors
    /// `loop.connect_accepted_socket(protocol_factory, sock)`, and the argument `sock` of
    /// `create_connection`.
    ///
    /// # Errors
    ///
    /// When the system can't watch the socket.
    ///
    /// # Panics
    ///
    /// As [`create_connection`](EventLoop::create_connection).
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it closes the socket.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    ///     let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    ///     let (socket, _address) = listener.accept()?;
    ///     let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, socket).await?;
    ///     assert_eq!(transport.peer_addr()?, client.local_addr()?);
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn connect_accepted_socket<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        socket: impl Into<ConnectedSocket>,
    ) -> CreateConnection<P> {
        self.connecting(factory, socket.into().0, Location::caller())
    }

    fn connecting<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        target: Target,
        made_at: &'static Location<'static>,
    ) -> CreateConnection<P> {
        self.tasks.core.assert_open();
        let factory = || {
            let protocol = Rc::new(factory());
            (protocol.clone(), protocol.erased())
        };
        CreateConnection {
            event_loop: self.clone(),
            factory: Box::new(factory),
            target,
            options: Options::default(),
            made_at,
        }
    }
}

/// A socket that is connected: a [`TcpStream`], or, on Unix, a `UnixStream`.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let socket = asyncio::ConnectedSocket::from(client);
/// # drop(socket);
/// # Ok(())
/// # }
/// ```
pub struct ConnectedSocket(Target);

impl From<TcpStream> for ConnectedSocket {
    fn from(stream: TcpStream) -> Self {
        Self(Target::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for ConnectedSocket {
    fn from(stream: UnixStream) -> Self {
        Self(Target::UnixStream(stream))
    }
}

impl fmt::Debug for ConnectedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedSocket").finish_non_exhaustive()
    }
}

impl<P> CreateConnection<P> {
    /// Tries the next address beside those that haven't answered within this time (RFC 8305); without it,
    /// when the one before has failed. Mirrors the argument `happy_eyeballs_delay`; 250 ms are usual.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let server = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).await?;
    /// # let port = server.local_addrs()[0].port();
    /// let connecting = event_loop
    ///     .create_connection(|| Ignore, ("localhost", port))
    ///     .happy_eyeballs_delay(Duration::from_millis(250));
    /// let (transport, _ignore) = connecting.await?;
    /// # Ok(())
    /// # })
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
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let server = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).await?;
    /// # let address = server.local_addrs();
    /// let connecting = event_loop.create_connection(|| Ignore, address).interleave(2);
    /// let (transport, _ignore) = connecting.await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn interleave(mut self, count: usize) -> Self {
        self.options.interleave = Some(count);
        self
    }

    /// Where to connect from. Mirrors the argument `local_addr`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let server = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).await?;
    /// # let address = server.local_addrs();
    /// let connecting =
    ///     event_loop.create_connection(|| Ignore, address).local_addr(("127.0.0.1", 0));
    /// let (transport, _ignore) = connecting.await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(mut self, address: impl Into<Address>) -> Self {
        self.options.local_addr = Some(address.into());
        self
    }
}

#[cfg(feature = "tls")]
impl<P> CreateConnection<P> {
    /// Speaks TLS. Mirrors the arguments `ssl` and `server_hostname`. With the feature `tls`.
    ///
    /// # Panics
    ///
    /// Awaiting it, when neither the connector nor the address says whom the certificate has to be for.
    ///
    /// ```no_run
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let connecting = event_loop
    ///     .create_connection(|| Ignore, ("example.org", 443))
    ///     .tls(asyncio::TlsConnector::new());
    /// let (transport, _ignore) = connecting.await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "ssl")]
    pub fn tls(mut self, connector: TlsConnector) -> Self {
        self.options.tls = Some(connector);
        self
    }
}

impl<P> fmt::Debug for CreateConnection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateConnection").finish_non_exhaustive()
    }
}

impl<P: 'static> CreateConnection<P> {
    async fn connect(self) -> io::Result<(Transport, Rc<P>)> {
        let wire = connect(&self.event_loop, self.target, &self.options).await?;
        let (protocol, erased) = (self.factory)();
        let ends = (wire, Ways::Both);
        let transport = made(&self.event_loop, ends, erased, self.made_at).await;
        Ok((transport, protocol))
    }
}

impl<P: 'static> IntoFuture for CreateConnection<P> {
    type Output = io::Result<(Transport, Rc<P>)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

/// Starts a connection and waits until `connection_made` was called.
pub(super) async fn made(
    event_loop: &EventLoop,
    ends: (Rc<dyn Wire>, Ways),
    protocol: Erased,
    made_at: &'static Location<'static>,
) -> Transport {
    let is_made = event_loop.create_future();
    let when_made = is_made.clone();
    let when_made = move || _ = when_made.set_result(());
    let connection = Connection::start(&event_loop.tasks, ends, protocol, when_made, made_at);
    let transport = Transport { connection };
    let mut unless_made = CloseOnDrop(Some(transport.clone()));
    // It can't fail: nobody else has it.
    drop(is_made.await);
    unless_made.0 = None;
    transport
}

/// Closes a connection that nobody waits for any more.
struct CloseOnDrop(Option<Transport>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(transport) = &self.0 {
            transport.close();
        }
    }
}
