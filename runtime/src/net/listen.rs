//! Sockets that listen: binding them, and taking connections from them. Mirrors the first half of
//! `BaseEventLoop.create_server` and of `create_unix_server`.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::Path;
use std::rc::Rc;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::address::Address;
use super::connect::{cannot_bind, tcp_wire};
use super::polled::Polled;
use super::resolve::resolve_own;
use super::socket::Descriptor;
#[cfg(unix)]
use super::socket::SocketWire;
#[cfg(unix)]
use super::socket_file::SocketFile;
#[cfg(feature = "tls")]
use super::tls::TlsAcceptor;
use super::wire::Wire;
use crate::event_loop::EventLoop;
use crate::event_loop::core::Core;

/// How to listen.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an argument of Python's, and on or off")]
pub(crate) struct Options {
    /// How many connections the system keeps until they are taken, and how many are taken in a row.
    pub(crate) backlog: u16,
    /// How many connections there may be at a time.
    pub(crate) max_connections: Option<usize>,
    /// Whether a port may be taken again while old connections of it linger.
    pub(crate) reuse_address: bool,
    /// Whether several sockets may listen on one port.
    pub(crate) reuse_port: bool,
    /// Whether to begin at once.
    pub(crate) start_serving: bool,
    /// Whether a Unix socket's file is removed when the server is closed.
    #[cfg(unix)]
    pub(crate) cleanup_socket: bool,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backlog: 100,
            max_connections: None,
            // On Windows, the option means something else.
            reuse_address: cfg!(unix),
            reuse_port: false,
            start_serving: true,
            #[cfg(unix)]
            cleanup_socket: true,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// A socket that has its address and doesn't listen yet.
pub(crate) enum Bound {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Option<SocketFile>),
}

/// Sockets on all addresses that `address` stands for.
pub(crate) async fn bind(
    event_loop: &EventLoop,
    address: &Address,
    options: &Options,
) -> io::Result<Vec<Bound>> {
    let mut bound = Vec::new();
    for address in resolve_own(event_loop, address).await? {
        // A machine without IPv6 has no such sockets.
        let domain = Domain::for_address(address);
        let Ok(socket) = Socket::new(domain, Type::STREAM, Some(Protocol::TCP)) else { continue };
        bound.push(bind_one(socket, address, options)?);
    }
    if bound.is_empty() {
        let message = format!("cannot listen on {address}: there is no such address");
        return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, message));
    }
    Ok(bound)
}

fn bind_one(socket: Socket, address: SocketAddr, options: &Options) -> io::Result<Bound> {
    socket.set_reuse_address(options.reuse_address)?;
    if options.reuse_port {
        reuse_port(&socket)?;
    }
    if address.is_ipv6() {
        // Each family has a socket of its own.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into()).map_err(|error| cannot_bind(address, &error))?;
    Ok(Bound::Tcp(socket.into()))
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
pub(crate) fn reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
pub(crate) fn reuse_port(_: &Socket) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no SO_REUSEPORT"))
}

/// A Unix socket at `path`, where a socket that nobody has closed may be left from before.
#[cfg(unix)]
pub(crate) fn bind_unix(path: &Path) -> io::Result<Vec<Bound>> {
    let failed = |error: io::Error| {
        let text = match error.kind() {
            io::ErrorKind::AddrInUse => "it is already in use".to_owned(),
            _ => error.to_string(),
        };
        let message = format!("cannot listen on the socket {}: {text}", path.display());
        io::Error::new(error.kind(), message)
    };
    SocketFile::clear(path);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    socket2::SockAddr::unix(path).and_then(|address| socket.bind(&address)).map_err(failed)?;
    Ok(vec![Bound::Unix(socket.into(), SocketFile::at(path))])
}

impl From<TcpListener> for Bound {
    fn from(socket: TcpListener) -> Self {
        Self::Tcp(socket)
    }
}

#[cfg(unix)]
impl From<UnixListener> for Bound {
    fn from(socket: UnixListener) -> Self {
        let address = socket.local_addr().ok();
        let path = address.as_ref().and_then(|address| address.as_pathname());
        let file = path.and_then(SocketFile::at);
        Self::Unix(socket, file)
    }
}

impl Bound {
    /// Leaves a Unix socket's file where it is, in the end.
    #[cfg(unix)]
    pub(crate) fn keep_file(&mut self) {
        if let Self::Unix(_, Some(file)) = self {
            file.keep();
        }
    }

    /// The address it has; a Unix socket has none.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    /// Begins to listen.
    pub(crate) fn listen(self, core: &Rc<Core>, backlog: u16) -> io::Result<Listener> {
        match self {
            Self::Tcp(socket) => {
                SockRef::from(&socket).listen(backlog.into())?;
                Ok(Listener::Tcp(Polled::new(core, socket)?))
            }
            #[cfg(unix)]
            Self::Unix(socket, file) => {
                SockRef::from(&socket).listen(backlog.into())?;
                Ok(Listener::Unix(Polled::new(core, socket)?, file))
            }
        }
    }
}

/// A socket that listens.
pub(crate) enum Listener {
    Tcp(Polled<TcpListener>),
    #[cfg(unix)]
    Unix(Polled<UnixListener>, #[expect(dead_code, reason = "dropped last")] Option<SocketFile>),
}

impl Listener {
    /// Waits for a connection.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        poll_fn(|cx| match self {
            Self::Tcp(socket) => socket.poll_readable(cx),
            #[cfg(unix)]
            Self::Unix(socket, _) => socket.poll_readable(cx),
        })
        .await
    }

    /// A connection, if there is one.
    pub(crate) fn accept(&self) -> io::Result<Rc<dyn Wire>> {
        match self {
            Self::Tcp(socket) => tcp_wire(noting(socket, socket.get_ref().accept())?.0),
            #[cfg(unix)]
            Self::Unix(socket, _) => {
                let (stream, _) = noting(socket, socket.get_ref().accept())?;
                Ok(Rc::new(SocketWire::new(stream)?))
            }
        }
    }
}

/// There are no more connections for now, if the system has said so.
fn noting<T: Descriptor, R>(socket: &Polled<T>, accepted: io::Result<R>) -> io::Result<R> {
    if accepted.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
        socket.is_empty();
    }
    accepted
}

/// `127.0.0.1:8888`, for messages.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(socket) => match socket.get_ref().local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => write!(f, "an unknown address ({error})"),
            },
            #[cfg(unix)]
            Self::Unix(socket, _) => {
                let address = socket.get_ref().local_addr().ok();
                match address.as_ref().and_then(|address| address.as_pathname()) {
                    Some(path) => path.display().fmt(f),
                    None => f.write_str("a Unix socket without a path"),
                }
            }
        }
    }
}
