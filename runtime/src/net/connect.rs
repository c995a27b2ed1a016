//! Connecting: to one of several addresses, in turn or at once (RFC 8305), or to a Unix socket. Mirrors
//! the first half of `BaseEventLoop.create_connection`, and `staggered.staggered_race`.

use std::error::Error;
use std::fmt::{self, Write};
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

#[cfg(unix)]
use async_io::Async;
use socket2::{Domain, Protocol, Socket, Type};

use super::address::Address;
use super::polled::Polled;
use super::race::{interleave, race};
use super::resolve::resolve;
use super::socket::SocketWire;
#[cfg(feature = "tls")]
use super::tls::{TlsConnector, TlsWire};
use super::wire::Wire;
use crate::event_loop::EventLoop;
use crate::event_loop::core::Core;

/// How to connect.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// After this long, the next address is tried beside those that haven't answered; `None`: when the one
    /// before it has failed.
    pub(crate) happy_eyeballs_delay: Option<Duration>,
    /// How many addresses of the first one's family come before the other families take turns; 0: the
    /// order stays. Without one: 1 with a delay, 0 without.
    pub(crate) interleave: Option<usize>,
    pub(crate) local_addr: Option<Address>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsConnector>,
}

/// What to connect to.
pub(crate) enum Target {
    Address(Address),
    /// A socket that is connected already.
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(PathBuf),
    #[cfg(unix)]
    UnixStream(UnixStream),
}

/// A connection, once it stands.
///
/// # Panics
///
/// Where TLS is asked for and nothing says whom the certificate has to be for.
pub(crate) async fn connect(
    event_loop: &EventLoop,
    target: Target,
    options: &Options,
) -> io::Result<Rc<dyn Wire>> {
    #[cfg(feature = "tls")]
    if let Some(connector) = &options.tls {
        let host = target.server_name();
        assert!(
            host.is_some() || connector.has_server_name(),
            "TLS without a host needs the name that the certificate is for: give it to \
             `TlsConnector::server_name`"
        );
        let wire = connect_plain(event_loop, target, options).await?;
        return TlsWire::connect(wire, connector, &host.unwrap_or_default()).await;
    }
    connect_plain(event_loop, target, options).await
}

async fn connect_plain(
    event_loop: &EventLoop,
    target: Target,
    options: &Options,
) -> io::Result<Rc<dyn Wire>> {
    match target {
        Target::Address(address) => connect_to(event_loop, &address, options).await,
        Target::Tcp(stream) => tcp_wire(stream),
        #[cfg(unix)]
        Target::Unix(path) => connect_unix(&path).await,
        #[cfg(unix)]
        Target::UnixStream(stream) => Ok(Rc::new(SocketWire::new(stream)?)),
    }
}

#[cfg(feature = "tls")]
impl Target {
    fn server_name(&self) -> Option<String> {
        if let Self::Address(address) = self { address.server_name() } else { None }
    }
}

/// A connected socket as a wire. What is written goes out at once, as in Python.
pub(super) fn tcp_wire(stream: TcpStream) -> io::Result<Rc<dyn Wire>> {
    // Only a delay is at stake.
    drop(stream.set_nodelay(true));
    Ok(Rc::new(SocketWire::new(stream)?))
}

async fn connect_to(
    event_loop: &EventLoop,
    address: &Address,
    options: &Options,
) -> io::Result<Rc<dyn Wire>> {
    let addresses = resolve(event_loop, address).await?;
    let local = match &options.local_addr {
        Some(local) => Some(resolve(event_loop, local).await?),
        None => None,
    };
    connect_any(event_loop, address, addresses, local.as_deref(), options).await
}

/// A connection to one of `addresses`, which `address` stands for.
pub(crate) async fn connect_any(
    event_loop: &EventLoop,
    address: &Address,
    mut addresses: Vec<SocketAddr>,
    local: Option<&[SocketAddr]>,
    options: &Options,
) -> io::Result<Rc<dyn Wire>> {
    let default = usize::from(options.happy_eyeballs_delay.is_some());
    interleave(&mut addresses, options.interleave.unwrap_or(default));
    let core = &event_loop.tasks.core;
    let attempt = |address| connect_one(core, address, local);
    match race(addresses, options.happy_eyeballs_delay, attempt).await {
        Ok(stream) => {
            // Only a delay is at stake.
            drop(stream.get_ref().set_nodelay(true));
            Ok(Rc::new(SocketWire::polled(core, stream)))
        }
        Err(attempts) => Err(ConnectError { hosts: address.hosts(), attempts }.into()),
    }
}

/// A socket to `address`, from the first of the `local` ones that can be had.
async fn connect_one(
    core: &Rc<Core>,
    address: SocketAddr,
    local: Option<&[SocketAddr]>,
) -> io::Result<Polled<TcpStream>> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if let Some(local) = local {
        bind_one(&socket, address, local)?;
    }
    if let Err(error) = socket.connect(&address.into())
        && !is_under_way(&error)
    {
        return Err(error);
    }
    let stream = Polled::new(core, TcpStream::from(socket))?;
    poll_fn(|cx| stream.poll_writable(cx)).await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

/// What a connect that doesn't block says while it goes on.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error());
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::WouldBlock;
}

fn bind_one(socket: &Socket, remote: SocketAddr, local: &[SocketAddr]) -> io::Result<()> {
    let mut failure = None;
    for local in local.iter().filter(|local| local.is_ipv4() == remote.is_ipv4()) {
        match socket.bind(&(*local).into()) {
            Ok(()) => return Ok(()),
            Err(error) => failure = Some(cannot_bind(*local, &error)),
        }
    }
    Err(failure.unwrap_or_else(|| {
        let family = if remote.is_ipv4() { "IPv4" } else { "IPv6" };
        let message = format!("the local address has no {family} address to connect from");
        io::Error::new(io::ErrorKind::AddrNotAvailable, message)
    }))
}

pub(super) fn cannot_bind(address: impl fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot bind to the address {address}: {error}"))
}

#[cfg(unix)]
async fn connect_unix(path: &Path) -> io::Result<Rc<dyn Wire>> {
    match Async::<UnixStream>::connect(path).await {
        Ok(stream) => Ok(Rc::new(SocketWire::new(stream.into_inner()?)?)),
        Err(error) => {
            let message = format!(
                "cannot connect to the socket {}: {error}. Check that a server is listening there",
                path.display()
            );
            Err(io::Error::new(error.kind(), message))
        }
    }
}

/// No address could be connected to; what each of them said. It is inside of the [`io::Error`] that comes
/// out of connecting. Mirrors `OSError("Multiple exceptions: …")`, and the `ExceptionGroup` that
/// `all_errors=True` gives in its place.
///
/// ```
/// use asyncio::ConnectError;
/// # use std::error::Error;
///
/// fn answers(error: &std::io::Error) -> usize {
///     match error.get_ref().and_then(|error| error.downcast_ref::<ConnectError>()) {
///         Some(error) => error.attempts().len(),
///         None => 0,
///     }
/// }
/// # assert_eq!(answers(&std::io::Error::other("")), 0);
/// ```
#[derive(Debug)]
pub struct ConnectError {
    hosts: String,
    attempts: Vec<(SocketAddr, io::Error)>,
}

impl ConnectError {
    /// Each address that was tried, in the order in which they failed, and why.
    ///
    /// ```
    /// use asyncio::ConnectError;
    ///
    /// fn print_why(error: &ConnectError) {
    ///     for (address, why) in error.attempts() {
    ///         println!("{address}: {why}");
    ///     }
    /// }
    /// ```
    pub fn attempts(&self) -> &[(SocketAddr, io::Error)] {
        &self.attempts
    }

    /// The kind of all errors, if they have one.
    fn kind(&self) -> io::ErrorKind {
        let mut kinds = self.attempts.iter().map(|(_, error)| error.kind());
        let first = kinds.next().unwrap_or(io::ErrorKind::NotFound);
        if kinds.all(|kind| kind == first) { first } else { io::ErrorKind::Other }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut answers = String::new();
        let mut network = "";
        for (address, error) in &self.attempts {
            let before = if answers.is_empty() { "" } else { "; " };
            write!(answers, "{before}{address}: {error}")?;
            if !address.ip().is_loopback() {
                network = ", and that the network is up";
            }
        }
        if answers.is_empty() {
            answers.push_str("there is no address to try");
        }
        let hosts = &self.hosts;
        write!(
            f,
            "cannot connect to {hosts} ({answers}). Check that a server is listening there{network}"
        )
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.attempts.last().map(|(_, error)| error as _)
    }
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests;
