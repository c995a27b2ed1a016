//! `http::serve`: from a handler and an address to a server. Mirrors `aiohttp.web.run_app` and its runners.

use std::fmt;
use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use hyper::server::conn::http1;

use super::connection::{self, Given};
use super::handler::Handler;
use super::io::{Scratch, scratch};
use super::link::Link;
use crate::event_loop::policy::get_running_loop;
use crate::net::address::Address;
use crate::net::listen::{Bound, Options, bind};
#[cfg(feature = "tls")]
use crate::net::tls::TlsAcceptor;
use crate::net::wire::Wire;
use crate::server::{Server, ServerHandle};
use crate::task::Task;
use crate::task::table::{Tasks, outside_a_loop};
use crate::transports::ServerSocket;

/// Serves HTTP/1.1: listens on `listener`, and has `handler` answer each request. Mirrors
/// `aiohttp.web.run_app` and `web.TCPSite`.
///
/// `listener` is an address, as for [`start_server`](crate::start_server), or a socket of the standard
/// library that is bound already. `handler` is an async function or closure of a
/// [`Request`](super::Request), or any service of the crate tower: an axum `Router` runs as it is.
///
/// Options are methods of what this returns, before the `.await`. The [`Server`] that comes of it listens at
/// once: [`serve_forever`](Server::serve_forever) waits, and shuts down when it is cancelled. To shut down
/// by hand: [`close`](Server::close), [`close_clients`](Server::close_clients),
/// [`wait_closed`](Server::wait_closed). Requests that are being answered are answered first, for
/// [`shutdown_timeout`](Serve::shutdown_timeout) at most.
///
/// Each connection is a task, and its handlers run in it. As in aiohttp, a handler goes on when its client is
/// gone. A handler that panics, or returns an error that isn't for the client, is reported to the loop's
/// exception handler, and answered with 500.
///
/// # Errors
///
/// When the address can't be found or bound.
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
/// use asyncio::http;
/// use asyncio::http::web::Request;
///
/// async fn hello(request: Request) -> String {
///     format!("Hello, {}!", request.query("name").unwrap_or("world".into()))
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// asyncio::run(async {
///     let server = http::serve(("127.0.0.1", 0), hello).await?;
///     let url = format!("http://{}/?name=Ada", server.local_addrs()[0]);
///     let text = http::ClientSession::new().get(&url).await?.text().await?;
///     assert_eq!(text, "Hello, Ada!");
/// #   let closing = server.clone();
/// #   asyncio::get_running_loop().unwrap().call_soon(move || closing.close());
///     server.serve_forever().await?;
///     Ok(())
/// })
/// # }
/// ```
#[track_caller]
pub fn serve<H: Handler<K>, K: 'static>(listener: impl Into<Listener>, handler: H) -> Serve {
    let handler = Rc::new(handler);
    let mut http = http1::Builder::new();
    // Handlers go on when their client has ended its side.
    http.half_close(true).max_header_size(HEADER_LIMIT);
    let start: Box<Start> = Box::new(move |wire, tasks, settings, server, made_at| {
        let link = Link::new(tasks.core.clone(), wire);
        let client: Weak<Link> = Rc::downgrade(&link);
        let given = Given {
            attachment: server.attach(client),
            handler: handler.clone(),
            settings: settings.clone(),
            server: server.clone(),
            tasks: Rc::downgrade(tasks),
            made_at,
        };
        let task = tasks.spawn(connection::run(link.clone(), given), made_at);
        link.set_task(&task);
        Task::<()>::new(task).detach();
    });
    Serve {
        place: listener.into().0,
        start,
        options: Options { backlog: BACKLOG, ..Options::default() },
        http,
        limits: Limits::default(),
        made_at: Location::caller(),
    }
}

/// As aiohttp.
const BACKLOG: u16 = 128;

const HEADER_LIMIT: usize = 16 * 1024;

/// Makes a task for a connection.
type Start =
    dyn Fn(Rc<dyn Wire>, &Rc<Tasks>, &Rc<Settings>, &ServerHandle, &'static Location<'static>);

/// Where [`serve`] listens: an [`Address`] or what makes one, a [`TcpListener`], on Unix a `UnixListener`.
///
/// ```
/// use asyncio::http::web::Listener;
///
/// # fn main() -> std::io::Result<()> {
/// let of_address = Listener::from(("localhost", 8080));
/// let of_socket = Listener::from(std::net::TcpListener::bind("127.0.0.1:0")?);
/// # drop((of_address, of_socket));
/// # Ok(())
/// # }
/// ```
pub struct Listener(Place);

enum Place {
    Address(Address),
    Socket(Bound),
}

impl<A: Into<Address>> From<A> for Listener {
    fn from(address: A) -> Self {
        Self(Place::Address(address.into()))
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self(Place::Socket(socket.into()))
    }
}

#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(socket: UnixListener) -> Self {
        Self(Place::Socket(socket.into()))
    }
}

impl From<ServerSocket> for Listener {
    fn from(socket: ServerSocket) -> Self {
        Self(Place::Socket(socket.into()))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

/// What all connections of a server go by.
pub(super) struct Settings {
    pub(super) http: http1::Builder,
    pub(super) limits: Limits,
    pub(super) scratch: Scratch,
}

/// `None` is no limit.
pub(super) struct Limits {
    pub(super) body: u64,
    pub(super) header: Option<Duration>,
    pub(super) keep_alive: Option<Duration>,
    pub(super) stall: Option<Duration>,
    pub(super) shutdown: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            header: Some(Duration::from_secs(30)),
            keep_alive: Some(Duration::from_secs(75)),
            stall: Some(Duration::from_secs(60)),
            shutdown: Some(Duration::from_secs(60)),
        }
    }
}

/// What [`serve`] returns: say how to serve, and await it for the [`Server`].
///
/// ```
/// # use asyncio::http::web::{Request, Serve};
/// # async fn hello(_request: Request) -> &'static str { "Hello" }
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let serving: Serve = asyncio::http::serve(("127.0.0.1", 0), hello);
///     let server = serving.body_limit(10 << 20).await?;
///     server.close();
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "nobody listens unless you `.await` it"]
pub struct Serve {
    place: Place,
    start: Box<Start>,
    options: Options,
    http: http1::Builder,
    limits: Limits,
    made_at: &'static Location<'static>,
}

impl Serve {
    /// How many bytes a request's body may have; 1 MiB at first. Mirrors the argument `client_max_size` of
    /// `web.Application`.
    ///
    /// Reading a larger one fails with a [`BodyError`](super::BodyError), which `?` makes the answer 413;
    /// nothing beyond the limit is read. [`Request::set_body_limit`](super::Request::set_body_limit) sets it
    /// for one request.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).body_limit(10 << 20);
    /// # drop(serving);
    /// ```
    #[doc(alias = "client_max_size")]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.limits.body = bytes;
        self
    }

    /// How many bytes a request's head may have, its first line and its headers together; 16 KiB at first.
    /// A longer one is answered with 431. The same goes for the trailers of a body in chunks. aiohttp has
    /// 8,190 bytes for each line.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).header_limit(4096);
    /// # drop(serving);
    /// ```
    #[doc(alias = "max_field_size")]
    pub fn header_limit(mut self, bytes: usize) -> Self {
        self.http.max_header_size(bytes);
        self
    }

    /// How many header lines a request may have; 100 at first. One with more is answered with 431.
    ///
    /// Any other number than the first one costs some memory for each request.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).max_headers(200);
    /// # drop(serving);
    /// ```
    pub fn max_headers(mut self, lines: usize) -> Self {
        self.http.max_headers(lines);
        self
    }

    /// How long a request's head may take to come, from its first byte, or for the first one from the
    /// connection's beginning; 30 s at first, `None` for no limit. Then the connection is closed, with 408
    /// if there was a byte. aiohttp has no such limit.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello);
    /// let serving = serving.header_timeout(Duration::from_secs(5));
    /// # drop(serving);
    /// ```
    pub fn header_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.header = limit.into();
        self
    }

    /// How long a connection may be idle between two requests; 75 s at first, `None` for no limit. Then it
    /// is closed. Mirrors the argument `keepalive_timeout` of `web.run_app`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello);
    /// let serving = serving.keep_alive_timeout(Duration::from_secs(15));
    /// # drop(serving);
    /// ```
    #[doc(alias = "keepalive_timeout")]
    pub fn keep_alive_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.keep_alive = limit.into();
        self
    }

    /// How long a client may keep the server waiting in the middle of something; 60 s at first, `None` for no
    /// limit. aiohttp has no such limit.
    ///
    /// - A handler that reads a body of which nothing has come for so long gets a
    ///   [`BodyError`](super::BodyError), which `?` makes the answer 408.
    /// - A client that has taken nothing of its answer for so long is cut off.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello);
    /// let serving = serving.stall_timeout(Duration::from_secs(10));
    /// # drop(serving);
    /// ```
    pub fn stall_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.stall = limit.into();
        self
    }

    /// How long requests are waited for when the server shuts down; 60 s at first, `None` for no limit. Then
    /// their handlers are cancelled and their connections closed. Mirrors the argument `shutdown_timeout` of
    /// `web.run_app`.
    ///
    /// It counts from [`close_clients`](Server::close_clients), which
    /// [`serve_forever`](Server::serve_forever) calls in the end. Idle connections are closed at once.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello);
    /// let serving = serving.shutdown_timeout(Duration::from_secs(5));
    /// # drop(serving);
    /// ```
    pub fn shutdown_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.shutdown = limit.into();
        self
    }

    /// How many connections there may be at a time; no limit at first, but the system's on descriptors
    /// (`ulimit -n`). Further ones wait in the system until one of them is over. aiohttp has no such limit.
    ///
    /// # Panics
    ///
    /// When it is 0.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).max_connections(1000);
    /// # drop(serving);
    /// ```
    #[track_caller]
    pub fn max_connections(mut self, connections: usize) -> Self {
        assert!(connections > 0, "a server without connections serves nobody: allow 1 at least");
        self.options.max_connections = Some(connections);
        self
    }

    /// How many connections wait in the system until they are accepted; 128 at first. Mirrors the argument
    /// `backlog`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).backlog(1000);
    /// # drop(serving);
    /// ```
    pub fn backlog(mut self, backlog: u16) -> Self {
        self.options.backlog = backlog;
        self
    }

    /// Lets other servers that say so too listen on the same port; the system shares connections out.
    /// Mirrors the argument `reuse_port`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let serving = asyncio::http::serve(("127.0.0.1", 0), hello).reuse_port(true);
    /// # drop(serving);
    /// ```
    pub fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.options.reuse_port = reuse_port;
        self
    }

    /// Speaks TLS: https. Mirrors the argument `ssl_context`. With the feature `tls`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// # async fn shown(chain: &[u8], key: &[u8]) -> std::io::Result<()> {
    /// let acceptor = asyncio::TlsAcceptor::new(chain, key)?;
    /// let server = asyncio::http::serve(("127.0.0.1", 8443), hello).tls(acceptor).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "ssl_context")]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.options.tls = Some(acceptor);
        self
    }

    async fn listen(self) -> io::Result<Server> {
        let Ok(event_loop) = get_running_loop() else { outside_a_loop("http::serve") };
        let bound: Vec<Bound> = match self.place {
            Place::Address(address) => bind(&event_loop, &address, &self.options).await?,
            Place::Socket(socket) => vec![socket],
        };
        let tasks = Rc::downgrade(&event_loop.tasks);
        let (start, made_at) = (self.start, self.made_at);
        let settings = Settings { http: self.http, limits: self.limits, scratch: scratch() };
        let settings = Rc::new(settings);
        let accept = move |wire: Rc<dyn Wire>, server: &ServerHandle| {
            let Some(tasks) = tasks.upgrade() else { return };
            start(wire, &tasks, &settings, server, made_at);
        };
        Server::listen(&event_loop.tasks, bound, &self.options, Rc::new(accept), made_at)
    }
}

impl IntoFuture for Serve {
    type Output = io::Result<Server>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.listen())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").finish_non_exhaustive()
    }
}
