//! Serving connections, each with a task of its own. Mirrors `asyncio.start_server` and its Unix kin.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::Poll;

use super::reader::assert_limit;
use super::{DEFAULT_LIMIT, StreamReader, StreamWriter, pair};
use crate::event_loop::policy::get_running_loop;
use crate::exceptions::ExceptionContext;
use crate::net::address::Address;
#[cfg(unix)]
use crate::net::listen::bind_unix;
use crate::net::listen::{Bound, Options, bind};
use crate::net::outbox::Outbox;
#[cfg(feature = "tls")]
use crate::net::tls::TlsAcceptor;
use crate::net::wire::Wire;
use crate::server::{Client, Server, ServerHandle};
use crate::task::Task;
use crate::task::table::{self, Tasks, outside_a_loop};

/// What Python's exception handler is told.
const UNHANDLED: &str = "Unhandled exception in client_connected_cb";

/// Listens on a host and a port, and calls `handler` for each connection, in a task of its own. Mirrors
/// `asyncio.start_server(client_connected_cb, host, port)`.
///
/// The connection is closed when the handler drops its writer: at its end at the latest. A handler that
/// panics, or returns an error, takes down its own connection alone; the loop's exception handler is told.
/// A client that goes away in the middle is such an error too, as in Python: where that is nothing new,
/// catch the errors of the kinds `ConnectionReset` and `BrokenPipe`, and return `Ok(())`.
///
/// Options are methods of what this returns, before the `.await`.
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
/// use asyncio::{StreamReader, StreamWriter};
///
/// async fn echo(mut reader: StreamReader, writer: StreamWriter) -> std::io::Result<()> {
///     loop {
///         let line = reader.read_line().await?;
///         if line.is_empty() {
///             return Ok(());
///         }
///         writer.write(line);
///         writer.drain().await?;
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let server = asyncio::start_server(echo, ("127.0.0.1", 0)).await?;
/// #   let stopping = server.clone();
/// #   asyncio::get_running_loop().unwrap().call_soon(move || stopping.close());
///     server.serve_forever().await
/// })
/// # }
/// ```
#[track_caller]
pub fn start_server<F, R>(handler: F, address: impl Into<Address>) -> StartServer
where
    F: AsyncFn(StreamReader, StreamWriter) -> R + 'static,
    R: Handled,
{
    StartServer::new(handler, Place::Address(address.into()), Location::caller())
}

/// Listens on a Unix socket. Mirrors `asyncio.start_unix_server(client_connected_cb, path)`.
///
/// A socket that is left there from before is removed first; ours is, when the server is closed. For the
/// rest see [`start_server`].
///
/// # Errors
///
/// When the path is taken by something else, or can't be written to.
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
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("asyncio-streams-{}.sock", std::process::id()));
/// asyncio::run(async {
///     let greet = async |_reader, writer: asyncio::StreamWriter| writer.write("welcome\n");
///     let server = asyncio::start_unix_server(greet, &path).await?;
///     let (mut reader, _writer) = asyncio::open_unix_connection(&path).await?;
///     assert_eq!(reader.read_line().await?, b"welcome\n");
///     server.close();
///     Ok(())
/// })
/// # }
/// ```
#[cfg(unix)]
#[track_caller]
pub fn start_unix_server<F, R>(handler: F, path: impl Into<PathBuf>) -> StartServer
where
    F: AsyncFn(StreamReader, StreamWriter) -> R + 'static,
    R: Handled,
{
    StartServer::new(handler, Place::Path(path.into()), Location::caller())
}

/// What a handler of connections may return: nothing, or a [`Result`] whose error is reported.
///
/// ```
/// # use asyncio::{StreamReader, StreamWriter};
/// async fn quiet(_reader: StreamReader, _writer: StreamWriter) {}
///
/// async fn careful(mut reader: StreamReader, _writer: StreamWriter) -> std::io::Result<()> {
///     reader.read_line().await?;
///     Ok(())
/// }
///
/// let servers = (
///     asyncio::start_server(quiet, ("127.0.0.1", 0)),
///     asyncio::start_server(careful, ("127.0.0.1", 0)),
/// );
/// # drop(servers);
/// ```
pub trait Handled: sealed::Sealed + 'static {
    /// The error, if it is one.
    #[doc(hidden)]
    fn failure(self) -> Option<String>;
}

impl Handled for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: fmt::Display + 'static> Handled for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

/// What [`start_server`] and `start_unix_server` return: say how to listen, and await it for the
/// [`Server`].
///
/// ```
/// # use asyncio::{StreamReader, StreamWriter};
/// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let listening: asyncio::StartServer = asyncio::start_server(handle, ("127.0.0.1", 0));
///     let server = listening.limit(1024).backlog(10).await?;
///     server.close();
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "nobody listens unless you `.await` it"]
pub struct StartServer {
    handle: Rc<Handle>,
    place: Place,
    options: Options,
    limit: usize,
    made_at: &'static Location<'static>,
}

/// Makes a task for a connection.
type Handle = dyn Fn(&Rc<Tasks>, StreamReader, StreamWriter);

enum Place {
    Address(Address),
    #[cfg(unix)]
    Path(PathBuf),
}

impl StartServer {
    fn new<F, R>(handler: F, place: Place, made_at: &'static Location<'static>) -> Self
    where
        F: AsyncFn(StreamReader, StreamWriter) -> R + 'static,
        R: Handled,
    {
        let handler = Rc::new(handler);
        let handle = move |tasks: &Rc<Tasks>, reader, writer| {
            let handling = handle(handler.clone(), reader, writer);
            Task::<()>::new(tasks.spawn(handling, made_at)).detach();
        };
        let (handle, options) = (Rc::new(handle), Options::default());
        Self { handle, place, options, limit: DEFAULT_LIMIT, made_at }
    }

    /// How long a line may be; 64 KiB at first. Mirrors the argument `limit`.
    ///
    /// # Panics
    ///
    /// When it is 0.
    ///
    /// ```
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let server = asyncio::start_server(handle, ("127.0.0.1", 0)).limit(1024).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        assert_limit(limit);
        self.limit = limit;
        self
    }

    /// How many connections wait in the system until they are accepted; 100 at first. Mirrors the argument
    /// `backlog`.
    ///
    /// When more come at once, as from a test that opens hundreds, Linux may drop one that its client takes
    /// for connected: a client that waits for the server's first word waits for ever. Say more here then,
    /// up to the system's own limit (`net.core.somaxconn`).
    ///
    /// ```
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let server = asyncio::start_server(handle, ("127.0.0.1", 0)).backlog(1000).await?;
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
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let server = asyncio::start_server(handle, ("127.0.0.1", 0)).reuse_address(false).await?;
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
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let one = asyncio::start_server(handle, ("127.0.0.1", 0)).reuse_port(true).await?;
    /// let two = asyncio::start_server(handle, one.local_addrs()).reuse_port(true).await?;
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
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let server = asyncio::start_server(handle, ("127.0.0.1", 0)).start_serving(false).await?;
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
    /// # use asyncio::{StreamReader, StreamWriter};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("asyncio-kept-{}.sock", std::process::id()));
    /// # asyncio::run(async {
    /// let server = asyncio::start_unix_server(handle, &path).cleanup_socket(false).await?;
    /// server.close();
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

    /// Speaks TLS. Mirrors the argument `ssl`.
    ///
    /// ```
    /// # use asyncio::{StreamReader, StreamWriter, TlsAcceptor};
    /// # async fn handle(_reader: StreamReader, _writer: StreamWriter) {}
    /// # async fn shown(chain: &[u8], key: &[u8]) -> std::io::Result<()> {
    /// let acceptor = TlsAcceptor::new(chain, key)?;
    /// let server = asyncio::start_server(handle, ("127.0.0.1", 8443)).tls(acceptor).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "ssl")]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.options.tls = Some(acceptor);
        self
    }

    async fn start(self) -> io::Result<Server> {
        let Ok(event_loop) = get_running_loop() else { outside_a_loop("start_server") };
        let bound: Vec<Bound> = match &self.place {
            Place::Address(address) => bind(&event_loop, address, &self.options).await?,
            #[cfg(unix)]
            Place::Path(path) => bind_unix(path)?,
        };
        let tasks = Rc::downgrade(&event_loop.tasks);
        let (handle, limit, made_at) = (self.handle, self.limit, self.made_at);
        let accept = move |wire: Rc<dyn Wire>, server: &ServerHandle| {
            let Some(tasks) = tasks.upgrade() else { return };
            let (reader, writer) = pair(&tasks, wire, limit, made_at);
            attach(&reader, server);
            handle(&tasks, reader, writer);
        };
        Server::listen(&event_loop.tasks, bound, &self.options, Rc::new(accept), made_at)
    }
}

/// A connection, as its server sees it. The outbox keeps it.
struct Visitor(Weak<Outbox>);

impl Client for Visitor {
    fn close(&self) {
        if let Some(outbox) = self.0.upgrade() {
            outbox.close();
        }
    }

    fn abort(&self) {
        if let Some(outbox) = self.0.upgrade() {
            outbox.abort();
        }
    }
}

/// Makes a connection one of the server's.
pub(crate) fn attach(reader: &StreamReader, server: &ServerHandle) {
    let outbox = reader.outbox();
    let visitor = Rc::new(Visitor(Rc::downgrade(outbox)));
    let client: Weak<Visitor> = Rc::downgrade(&visitor);
    outbox.keep_until_lost((server.attach(client), visitor));
}

/// A connection's task.
async fn handle<F, R>(handler: Rc<F>, reader: StreamReader, writer: StreamWriter)
where
    F: AsyncFn(StreamReader, StreamWriter) -> R,
    R: Handled,
{
    contain(async { handler(reader, writer).await.failure() }).await;
}

/// Awaits what handles a connection, and gives the text of its error. What goes wrong in it is reported,
/// and goes no further.
pub(crate) async fn contain(handling: impl Future<Output = Option<String>>) {
    let mut call = pin!(handling);
    let outcome = poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        poll.map_or_else(|payload| Poll::Ready(Err(payload)), |poll| poll.map(Ok))
    });
    report(outcome.await);
}

fn report(outcome: Result<Option<String>, Box<dyn Any + Send>>) {
    let (core, task) = match (table::running(), table::current()) {
        (Some(tasks), Some(task)) => (tasks.core.clone(), task),
        _ => return,
    };
    match outcome {
        Ok(None) => {}
        Ok(Some(error)) => {
            core.report(&ExceptionContext::new(format!("{UNHANDLED}: {task}: {error}")));
        }
        Err(payload) => core.report_panic(UNHANDLED, task.panicked(payload)),
    }
}

impl IntoFuture for StartServer {
    type Output = io::Result<Server>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

impl fmt::Debug for StartServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartServer").finish_non_exhaustive()
    }
}
