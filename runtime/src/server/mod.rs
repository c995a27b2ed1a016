//! A server: sockets that listen, and the connections that came through them. Mirrors `base_events.Server`.
//!
//! `start_server` and `create_server` make one; what becomes of a connection is theirs. In here is
//! knowing which connections are left; `accepting` takes them from the sockets.

mod accepting;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::{Rc, Weak};

use crate::locks::Event;
use crate::locks::waiters::Waiters;
use crate::net::listen::{Bound, Listener, Options};
use crate::net::wire::Wire;
use crate::task::cancel::with_cleanup;
use crate::task::service::{self, Service};
use crate::task::table::Tasks;

/// What a connection does that came through a server.
pub(crate) type Accept = Rc<dyn Fn(Rc<dyn Wire>, &ServerHandle)>;

/// A connection, as its server sees it.
pub(crate) trait Client {
    /// Sends what is buffered, then closes.
    fn close(&self);

    /// Closes at once.
    fn abort(&self);
}

/// A server: sockets that listen, and the connections that came through them. Made by
/// [`start_server`](crate::start_server), [`EventLoop::create_server`](crate::EventLoop::create_server) and
/// their Unix kin. Mirrors `asyncio.Server`.
///
/// A clone is another handle to the same server. As in Python, it needs none: where all are dropped, it
/// serves on until the loop is closed. Where Python has `async with server`, call
/// [`close`](Server::close), or let [`serve_forever`](Server::serve_forever) do it.
///
/// When the process has no descriptors left for another connection, the exception handler is told, once, and
/// the server tries again each second.
///
/// ```
#[doc = include_str!("example.txt")]
/// let server: asyncio::Server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
/// let (mut reader, _writer) = asyncio::open_connection(server.local_addrs()).await?;
/// assert_eq!(reader.read_line().await?, b"hello\n");
/// server.close();
/// server.wait_closed().await;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    handle: ServerHandle,
}

/// A server, for its connections.
#[derive(Clone)]
pub(crate) struct ServerHandle(Rc<Inner>);

struct Inner {
    tasks: Weak<Tasks>,
    accept: Accept,
    options: Options,
    local_addrs: Vec<SocketAddr>,
    made_at: &'static Location<'static>,
    sockets: RefCell<Sockets>,
    serves_forever: Cell<bool>,
    clients: RefCell<BTreeMap<u64, Weak<dyn Client>>>,
    next_client: Cell<u64>,
    /// Who waits to take another connection.
    room: Waiters,
    closed: Event,
    /// Closed, and no client is left.
    over: Event,
}

enum Sockets {
    /// They don't listen yet.
    Bound(Vec<Bound>),
    /// Each is in its service.
    Listening(Vec<Service>),
    Closed,
}

impl Server {
    /// A server on `sockets`; it serves at once, unless the options say otherwise.
    pub(crate) fn listen(
        tasks: &Rc<Tasks>,
        #[cfg_attr(not(unix), expect(unused_mut, reason = "other sockets have no files"))]
        mut sockets: Vec<Bound>,
        options: &Options,
        accept: Accept,
        made_at: &'static Location<'static>,
    ) -> io::Result<Self> {
        #[cfg(unix)]
        if !options.cleanup_socket {
            sockets.iter_mut().for_each(Bound::keep_file);
        }
        let server = Self {
            handle: ServerHandle(Rc::new(Inner {
                tasks: Rc::downgrade(tasks),
                accept,
                options: options.clone(),
                local_addrs: sockets.iter().filter_map(Bound::local_addr).collect(),
                made_at,
                sockets: RefCell::new(Sockets::Bound(sockets)),
                serves_forever: Cell::new(false),
                clients: RefCell::new(BTreeMap::new()),
                next_client: Cell::new(0),
                room: Waiters::new(),
                closed: Event::new(),
                over: Event::new(),
            })),
        };
        if options.start_serving {
            server.start_serving()?;
        }
        Ok(server)
    }

    fn inner(&self) -> &Rc<Inner> {
        &self.handle.0
    }

    /// Begins to listen, where it was made not to at once. Serving already, or closed, it does nothing.
    /// Mirrors `Server.start_serving()`.
    ///
    /// # Errors
    ///
    /// When a socket can't listen; the server is closed then.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let listening = asyncio::start_server(greet, ("127.0.0.1", 0));
    /// let server = listening.start_serving(false).await?;
    /// assert!(!server.is_serving());
    /// server.start_serving()?;
    /// assert!(server.is_serving());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn start_serving(&self) -> io::Result<()> {
        let Some(tasks) = self.inner().tasks.upgrade() else { return Ok(()) };
        let mut sockets = self.inner().sockets.borrow_mut();
        let Sockets::Bound(bound) = &mut *sockets else { return Ok(()) };
        let backlog = self.inner().options.backlog;
        let listeners =
            std::mem::take(bound).into_iter().map(|bound| bound.listen(&tasks.core, backlog));
        let listeners: Vec<Listener> = match listeners.collect() {
            Ok(listeners) => listeners,
            Err(error) => {
                drop(sockets);
                self.close();
                return Err(error);
            }
        };
        let serve = |listener: Listener| {
            let name = format!("accept on {listener}");
            let serving = accepting::serve(self.handle.clone(), listener);
            service::spawn(&tasks, name, serving, self.inner().made_at)
        };
        *sockets = Sockets::Listening(listeners.into_iter().map(serve).collect());
        Ok(())
    }

    /// Serves until the task is cancelled or the server closed; then closes it and its connections, and
    /// waits until the last one is gone. Mirrors `Server.serve_forever()`.
    ///
    /// Where another task closes the server, this ends without an error; Python raises `CancelledError`.
    ///
    /// # Errors
    ///
    /// When a socket can't listen.
    ///
    /// # Panics
    ///
    /// When it is awaited twice at a time, and when the server is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the server and its connections, and waits for nothing.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// let closing = server.clone();
    /// asyncio::get_running_loop().unwrap().call_soon(move || closing.close());
    /// server.serve_forever().await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn serve_forever(&self) -> io::Result<()> {
        let inner = self.inner();
        assert!(!inner.closed.is_set(), "the server is closed: make another one");
        assert!(
            !inner.serves_forever.replace(true),
            "the server is already being awaited on serve_forever(): await it once"
        );
        let end = EndOfForever(self);
        self.start_serving()?;
        let cleanup = async {
            self.close();
            self.close_clients();
            self.wait_closed().await;
        };
        with_cleanup(inner.closed.wait(), cleanup).await;
        drop(end);
        Ok(())
    }

    /// Stops listening. Connections go on. A second time, nothing happens. Mirrors `Server.close()`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// server.close();
    /// assert!(!server.is_serving());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn close(&self) {
        self.handle.close();
    }

    /// Closes every connection: what is buffered is sent first. Mirrors `Server.close_clients()` (3.13).
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// let (mut reader, _writer) = asyncio::open_connection(server.local_addrs()).await?;
    /// assert_eq!(reader.read_line().await?, b"hello\n");
    /// server.close();
    /// server.close_clients();
    /// server.wait_closed().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn close_clients(&self) {
        for client in self.handle.clients() {
            client.close();
        }
    }

    /// Closes every connection at once: what is buffered is lost. Mirrors `Server.abort_clients()` (3.13).
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// server.close();
    /// server.abort_clients();
    /// server.wait_closed().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn abort_clients(&self) {
        for client in self.handle.clients() {
            client.abort();
        }
    }

    /// Waits until the server is closed and its last connection gone. Mirrors `Server.wait_closed()`, as it
    /// is since Python 3.12.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// server.close();
    /// server.wait_closed().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn wait_closed(&self) {
        self.inner().over.wait().await;
    }

    /// Whether it takes connections. Mirrors `Server.is_serving()`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// assert!(server.is_serving());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn is_serving(&self) -> bool {
        matches!(*self.inner().sockets.borrow(), Sockets::Listening(_))
    }

    /// The addresses it listens on, in the order given; none when it is closed, and none of Unix sockets.
    /// Mirrors `[socket.getsockname() for socket in Server.sockets]`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    /// let port = server.local_addrs()[0].port();
    /// let (reader, writer) = asyncio::open_connection(("127.0.0.1", port)).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "sockets")]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        if self.inner().closed.is_set() { Vec::new() } else { self.inner().local_addrs.clone() }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addrs", &self.local_addrs())
            .field("serving", &self.is_serving())
            .finish_non_exhaustive()
    }
}

/// Closes a server that nobody serves any more.
struct EndOfForever<'a>(&'a Server);

impl Drop for EndOfForever<'_> {
    fn drop(&mut self) {
        self.0.inner().serves_forever.set(false);
        self.0.close();
        self.0.close_clients();
    }
}

impl ServerHandle {
    /// Counts a connection for as long as what this returns lives.
    pub(crate) fn attach(&self, client: Weak<dyn Client>) -> Attachment {
        let number = self.0.next_client.get();
        self.0.next_client.set(number + 1);
        self.0.clients.borrow_mut().insert(number, client);
        Attachment { server: self.clone(), number }
    }

    /// In the order in which they came.
    fn clients(&self) -> Vec<Rc<dyn Client>> {
        self.0.clients.borrow().values().filter_map(Weak::upgrade).collect()
    }

    /// Whether another connection may come in.
    fn has_room(&self) -> bool {
        let most = self.0.options.max_connections;
        most.is_none_or(|most| self.0.clients.borrow().len() < most)
    }

    fn is_closed(&self) -> bool {
        self.0.closed.is_set()
    }

    fn close(&self) {
        if self.is_closed() {
            return;
        }
        self.0.closed.set();
        let sockets = self.0.sockets.replace(Sockets::Closed);
        if let Sockets::Listening(services) = &sockets {
            services.iter().for_each(Service::stop);
        }
        drop(sockets);
        self.end_if_over();
    }

    fn end_if_over(&self) {
        if self.is_closed() && self.0.clients.borrow().is_empty() {
            self.0.over.set();
        }
    }
}

/// A connection's place in its server's list.
pub(crate) struct Attachment {
    server: ServerHandle,
    number: u64,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let client = self.server.0.clients.borrow_mut().remove(&self.number);
        drop(client);
        self.server.0.room.choose_all(&());
        self.server.end_if_over();
    }
}

#[cfg(test)]
mod tests;
