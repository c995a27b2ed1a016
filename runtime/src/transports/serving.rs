//! Serving connections that tell a protocol each. Mirrors `create_server` and `create_unix_server`.

use std::fmt;
use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::panic::Location;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use super::connection::{Connection, Ways};
use super::guarded;
use super::protocols::{AnyProtocol, Erased};
use crate::event_loop::EventLoop;
use crate::net::address::Address;
#[cfg(unix)]
use crate::net::listen::bind_unix;
use crate::net::listen::{Bound, Options, bind};
#[cfg(feature = "tls")]
use crate::net::tls::TlsAcceptor;
use crate::net::wire::Wire;
use crate::server::{Client, Server, ServerHandle};
use crate::task::table::Tasks;

/// What [`create_server`](EventLoop::create_server) and
/// [`create_unix_server`](EventLoop::create_unix_server) return: say how to listen, and await it for the
/// [`Server`].
///
/// ```
/// use asyncio::{CreateServer, Protocol};
///
/// struct Ignore;
/// impl Protocol for Ignore {}
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let listening: CreateServer = event_loop.create_server(|| Ignore, ("127.0.0.1", 0));
///     let server = listening.backlog(10).await?;
///     server.close();
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct CreateServer {
    event_loop: EventLoop,
    factory: Rc<dyn Fn() -> Erased>,
    place: Place,
    options: Options,
    made_at: &'static Location<'static>,
}

enum Place {
    Address(Address),
    Socket(Bound),
    #[cfg(unix)]
    Path(PathBuf),
}

impl EventLoop {
    /// Listens on a host and a port; each connection gets a protocol of its own. Mirrors
    /// `loop.create_server(protocol_factory, host, port, …)`.
    ///
    /// A `factory` that panics is reported, and closes that connection alone.
    ///
    /// # Errors
    ///
    /// When the address can't be found or bound.
    ///
    /// # Panics
    ///
    /// When the loop is closed; awaiting it, outside of this loop's run.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it leaves nothing open.
    ///
    /// ```
    /// use std::cell::OnceCell;
    /// use asyncio::{Protocol, Transport};
    ///
    /// #[derive(Default)]
    /// struct Echo {
    ///     transport: OnceCell<Transport>,
    /// }
    ///
    /// impl Protocol for Echo {
    ///     fn connection_made(&self, transport: Transport) {
    ///         self.transport.set(transport).expect("made once");
    ///     }
    ///
    ///     fn data_received(&self, data: &[u8]) {
    ///         self.transport.get().unwrap().write(data);
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let server = event_loop.create_server(Echo::default, ("127.0.0.1", 0)).await?;
    /// #   let stopping = server.clone();
    /// #   event_loop.call_soon(move || stopping.close());
    ///     server.serve_forever().await
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn create_server<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl Fn() -> P + 'static,
        address: impl Into<Address>,
    ) -> CreateServer {
        self.listening(factory, Place::Address(address.into()), Location::caller())
    }

    /// Listens on a Unix socket. Mirrors `loop.create_unix_server(protocol_factory, path)`.
    ///
    /// A socket that is left there from before is removed first; ours is, when the server is closed.
    ///
    /// # Errors
    ///
    /// When the path is taken by something else, or can't be written to.
    ///
    /// # Panics
    ///
    /// As [`create_server`](EventLoop::create_server).
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it leaves nothing open.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("asyncio-doc-{}.sock", std::process::id()));
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let server = event_loop.create_unix_server(|| Ignore, &path).await?;
    ///     let (transport, _ignore) = event_loop.create_unix_connection(|| Ignore, &path).await?;
    ///     transport.close();
    ///     server.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[cfg(unix)]
    #[track_caller]
    pub fn create_unix_server<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl Fn() -> P + 'static,
        path: impl Into<PathBuf>,
    ) -> CreateServer {
        self.listening(factory, Place::Path(path.into()), Location::caller())
    }

    /// Listens on a socket that is bound already. Mirrors `loop.create_server(protocol_factory, sock=sock)`
    /// and the same of `create_unix_server`.
    ///
    /// # Errors
    ///
    /// When it can't listen.
    ///
    /// # Panics
    ///
    /// As [`create_server`](EventLoop::create_server).
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
    ///     let address = listener.local_addr()?;
    ///     let server = event_loop.create_server_on(|| Ignore, listener).await?;
    ///     assert_eq!(server.local_addrs(), [address]);
    ///     server.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn create_server_on<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl Fn() -> P + 'static,
        socket: impl Into<ServerSocket>,
    ) -> CreateServer {
        self.listening(factory, Place::Socket(socket.into().0), Location::caller())
    }

    fn listening<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl Fn() -> P + 'static,
        place: Place,
        made_at: &'static Location<'static>,
    ) -> CreateServer {
        self.tasks.core.assert_open();
        CreateServer {
            event_loop: self.clone(),
            factory: Rc::new(move || Rc::new(factory()).erased()),
            place,
            options: Options::default(),
            made_at,
        }
    }
}

/// A socket to listen on: a [`TcpListener`], or, on Unix, a `UnixListener`.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let socket = asyncio::ServerSocket::from(listener);
/// # drop(socket);
/// # Ok(())
/// # }
/// ```
pub struct ServerSocket(Bound);

#[cfg(feature = "http")]
impl From<ServerSocket> for Bound {
    fn from(socket: ServerSocket) -> Self {
        socket.0
    }
}

impl From<TcpListener> for ServerSocket {
    fn from(listener: TcpListener) -> Self {
        Self(listener.into())
    }
}

#[cfg(unix)]
impl From<UnixListener> for ServerSocket {
    fn from(listener: UnixListener) -> Self {
        Self(listener.into())
    }
}

impl fmt::Debug for ServerSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSocket").finish_non_exhaustive()
    }
}

impl CreateServer {
    /// How many connections wait in the system until they are accepted; 100 at first. Mirrors the argument
    /// `backlog`.
    ///
    /// When more come at once, as from a test that opens hundreds, Linux may drop one that its client takes
    /// for connected: a client that waits for the server's first word waits for ever. Say more here then,
    /// up to the system's own limit (`net.core.somaxconn`).
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let server = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).backlog(1000).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn backlog(mut self, backlog: u16) -> Self {
        self.options.backlog = backlog;
        self
    }

    /// Whether the port may be taken again while old connections of it linger; on Unix they may, unless you
    /// say otherwise. Mirrors the argument `reuse_address`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let listening = event_loop.create_server(|| Ignore, ("127.0.0.1", 0));
    /// let server = listening.reuse_address(false).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn reuse_address(mut self, reuse_address: bool) -> Self {
        self.options.reuse_address = reuse_address;
        self
    }

    /// Lets other servers that say so too listen on the same port; the system shares connections out.
    /// Mirrors the argument `reuse_port`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let one = event_loop.create_server(|| Ignore, ("127.0.0.1", 0)).reuse_port(true).await?;
    /// let two = event_loop.create_server(|| Ignore, one.local_addrs()).reuse_port(true).await?;
    /// assert_eq!(one.local_addrs(), two.local_addrs());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.options.reuse_port = reuse_port;
        self
    }

    /// Whether to accept connections at once; otherwise
    /// [`start_serving`](Server::start_serving) or [`serve_forever`](Server::serve_forever) does. Mirrors
    /// the argument `start_serving`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let listening = event_loop.create_server(|| Ignore, ("127.0.0.1", 0));
    /// let server = listening.start_serving(false).await?;
    /// assert!(!server.is_serving());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn start_serving(mut self, start_serving: bool) -> Self {
        self.options.start_serving = start_serving;
        self
    }

    /// Whether a Unix socket's file is removed when the server is closed; it is, unless this says otherwise.
    /// Mirrors the argument `cleanup_socket`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("asyncio-left-{}.sock", std::process::id()));
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let listening = event_loop.create_unix_server(|| Ignore, &path);
    /// listening.cleanup_socket(false).await?.close();
    /// assert!(path.exists());
    /// # std::fs::remove_file(path)
    /// # })
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn cleanup_socket(mut self, cleanup_socket: bool) -> Self {
        self.options.cleanup_socket = cleanup_socket;
        self
    }

    /// Speaks TLS with each client. Mirrors the argument `ssl`. With the feature `tls`.
    ///
    /// ```no_run
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let (chain, key) = (std::fs::read("certificate.pem")?, std::fs::read("key.pem")?);
    /// let listening = event_loop.create_server(|| Ignore, ("", 443));
    /// let server = listening.tls(asyncio::TlsAcceptor::new(chain, key)?).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "ssl")]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.options.tls = Some(acceptor);
        self
    }

    async fn listen(self) -> io::Result<Server> {
        let bound = bound(&self.event_loop, self.place, &self.options).await?;
        let tasks = &self.event_loop.tasks;
        let (weak, factory, made_at) = (Rc::downgrade(tasks), self.factory, self.made_at);
        let accept = move |wire, server: &ServerHandle| {
            if let Some(tasks) = weak.upgrade() {
                accept(&tasks, wire, &*factory, server, made_at);
            }
        };
        Server::listen(tasks, bound, &self.options, Rc::new(accept), made_at)
    }
}

async fn bound(event_loop: &EventLoop, place: Place, options: &Options) -> io::Result<Vec<Bound>> {
    match place {
        Place::Address(address) => bind(event_loop, &address, options).await,
        Place::Socket(socket) => Ok(vec![socket]),
        #[cfg(unix)]
        Place::Path(path) => bind_unix(&path),
    }
}

/// Makes a connection of what a server has accepted.
fn accept(
    tasks: &Rc<Tasks>,
    wire: Rc<dyn Wire>,
    factory: &dyn Fn() -> Erased,
    server: &ServerHandle,
    made_at: &'static Location<'static>,
) {
    match guarded::make(&tasks.core, factory) {
        Ok(protocol) => {
            let connection = Connection::start(tasks, (wire, Ways::Both), protocol, || {}, made_at);
            let client: Weak<dyn Client> = Rc::<Connection>::downgrade(&connection);
            connection.outbox.keep_until_lost(server.attach(client));
        }
        Err(_) => wire.close(),
    }
}

impl fmt::Debug for CreateServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateServer").finish_non_exhaustive()
    }
}

impl IntoFuture for CreateServer {
    type Output = io::Result<Server>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.listen())
    }
}
