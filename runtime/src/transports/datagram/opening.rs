//! Making a datagram endpoint. Mirrors `BaseEventLoop.create_datagram_endpoint`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;

use async_io::Async;
use socket2::{Domain, Socket, Type};

use super::super::protocols::DatagramProtocol;
use super::DatagramTransport;
use super::endpoint::Endpoint;
use super::socket::Opened;
use crate::event_loop::EventLoop;
use crate::net::address::Address;
use crate::net::listen::reuse_port;
use crate::net::resolve::{resolve, resolve_own};

impl EventLoop {
    /// Opens a socket for datagrams. Mirrors
    /// `loop.create_datagram_endpoint(protocol_factory, local_addr, remote_addr, …)`.
    ///
    /// What comes back says with `local_addr` and `remote_addr` which socket, and is awaited. The value is
    /// the transport and the protocol that `factory` made, after its `connection_made`.
    ///
    /// # Errors
    ///
    /// When no address can be found or used.
    ///
    /// # Panics
    ///
    /// Awaiting it: with neither address, and outside of this loop's run.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it leaves nothing open.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use asyncio::{DatagramProtocol, Event};
    ///
    /// #[derive(Default)]
    /// struct Listener {
    ///     heard: Event,
    /// }
    ///
    /// impl DatagramProtocol for Listener {
    ///     fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
    ///         assert_eq!(data, b"hello");
    ///         self.heard.set();
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let (transport, listener) = event_loop
    ///         .create_datagram_endpoint(Listener::default)
    ///         .local_addr(("127.0.0.1", 0))
    ///         .await?;
    ///     transport.send_to(b"hello", transport.local_addr()?);
    ///     listener.heard.wait().await;
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn create_datagram_endpoint<P: DatagramProtocol>(
        &self,
        factory: impl FnOnce() -> P + 'static,
    ) -> DatagramEndpoint<P> {
        self.tasks.core.assert_open();
        DatagramEndpoint {
            event_loop: self.clone(),
            factory: Box::new(factory),
            options: Options::default(),
            made_at: Location::caller(),
        }
    }
}

/// What [`create_datagram_endpoint`](EventLoop::create_datagram_endpoint) returns: say which socket, and
/// await it.
///
/// ```
/// use asyncio::{DatagramEndpoint, DatagramProtocol};
///
/// struct Ignore;
/// impl DatagramProtocol for Ignore {}
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let opening: DatagramEndpoint<Ignore> = event_loop.create_datagram_endpoint(|| Ignore);
///     let (transport, _ignore) = opening.local_addr(("localhost", 0)).await?;
///     transport.close();
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct DatagramEndpoint<P> {
    event_loop: EventLoop,
    factory: Box<dyn FnOnce() -> P>,
    options: Options,
    made_at: &'static Location<'static>,
}

#[derive(Default)]
struct Options {
    local: Option<Address>,
    remote: Option<Address>,
    reuse_port: bool,
    allow_broadcast: bool,
    socket: Option<UdpSocket>,
}

impl<P> DatagramEndpoint<P> {
    /// The address to receive at. Mirrors the argument `local_addr`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let opening = event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0));
    /// let (transport, _ignore) = opening.await?;
    /// assert!(transport.local_addr()?.ip().is_loopback());
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(mut self, address: impl Into<Address>) -> Self {
        self.options.local = Some(address.into());
        self
    }

    /// The address that everything is sent to. Datagrams of others are not received then, unless
    /// [`allow_broadcast`](DatagramEndpoint::allow_broadcast) is set. Mirrors the argument `remote_addr`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let peer = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
    /// let opening = event_loop.create_datagram_endpoint(|| Ignore).remote_addr(peer);
    /// let (transport, _ignore) = opening.await?;
    /// assert_eq!(transport.peer_addr()?, peer);
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn remote_addr(mut self, address: impl Into<Address>) -> Self {
        self.options.remote = Some(address.into());
        self
    }

    /// Lets others who say so too have the same local address. Mirrors the argument `reuse_port`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let opening = || event_loop.create_datagram_endpoint(|| Ignore).reuse_port(true);
    /// let (one, _ignore) = opening().local_addr(("127.0.0.1", 0)).await?;
    /// let (two, _ignore) = opening().local_addr(one.local_addr()?).await?;
    /// # (one.close(), two.close());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.options.reuse_port = reuse_port;
        self
    }

    /// Allows sending to broadcast addresses; one as the `remote_addr` sends there and receives from all.
    /// Mirrors the argument `allow_broadcast`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let opening = event_loop.create_datagram_endpoint(|| Ignore).allow_broadcast(true);
    /// let (transport, _ignore) = opening.remote_addr(("127.255.255.255", 9999)).await?;
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn allow_broadcast(mut self, allow_broadcast: bool) -> Self {
        self.options.allow_broadcast = allow_broadcast;
        self
    }

    /// Takes a socket that is there already. Mirrors the argument `sock`.
    ///
    /// # Panics
    ///
    /// Awaiting it, when addresses or options are given too.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let opening = event_loop.create_datagram_endpoint(|| Ignore).socket(socket);
    /// let (transport, _ignore) = opening.await?;
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn socket(mut self, socket: UdpSocket) -> Self {
        self.options.socket = Some(socket);
        self
    }
}

impl<P> fmt::Debug for DatagramEndpoint<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramEndpoint")
            .field("local_addr", &self.options.local)
            .field("remote_addr", &self.options.remote)
            .finish_non_exhaustive()
    }
}

impl<P: DatagramProtocol> DatagramEndpoint<P> {
    async fn open(self) -> io::Result<(DatagramTransport, Rc<P>)> {
        let opened = self.options.open(&self.event_loop).await?;
        let protocol = Rc::new((self.factory)());
        let is_made = self.event_loop.create_future();
        let when_made = is_made.clone();
        let endpoint = Endpoint::start(
            &self.event_loop.tasks,
            opened,
            protocol.clone(),
            move || _ = when_made.set_result(()),
            self.made_at,
        );
        let transport = DatagramTransport { endpoint };
        let mut unless_made = CloseOnDrop(Some(transport.clone()));
        // It can't fail: nobody else has it.
        drop(is_made.await);
        unless_made.0 = None;
        Ok((transport, protocol))
    }
}

impl<P: DatagramProtocol> IntoFuture for DatagramEndpoint<P> {
    type Output = io::Result<(DatagramTransport, Rc<P>)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

/// Closes an endpoint that nobody waits for any more.
struct CloseOnDrop(Option<DatagramTransport>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(transport) = &self.0 {
            transport.close();
        }
    }
}

impl Options {
    async fn open(mut self, event_loop: &EventLoop) -> io::Result<Opened> {
        if let Some(socket) = self.socket.take() {
            self.assert_plain();
            return Ok(Opened::new(Async::new(socket)?, None));
        }
        let mut first_error = None;
        for pair in self.pairs(event_loop).await? {
            match self.open_one(pair) {
                Ok(opened) => return Ok(opened),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(no_address))
    }

    /// One that is there has its own options.
    fn assert_plain(&self) {
        let is_plain = self.local.is_none()
            && self.remote.is_none()
            && !self.reuse_port
            && !self.allow_broadcast;
        assert!(
            is_plain,
            "local_addr, remote_addr, reuse_port and allow_broadcast can't be used together with a socket: \
             set them on the socket itself"
        );
    }

    /// The addresses to try, of one family each.
    async fn pairs(&self, event_loop: &EventLoop) -> io::Result<Vec<Pair>> {
        match (&self.local, &self.remote) {
            (Some(local), None) => {
                let local = resolve_own(event_loop, local).await?;
                Ok(local.into_iter().map(|local| (Some(local), None)).collect())
            }
            (None, Some(remote)) => {
                let remote = resolve(event_loop, remote).await?;
                Ok(remote.into_iter().map(|remote| (None, Some(remote))).collect())
            }
            (Some(local), Some(remote)) => {
                let local = resolve_own(event_loop, local).await?;
                let remote = resolve(event_loop, remote).await?;
                Ok(of_one_family(&local, &remote))
            }
            (None, None) => panic!(
                "unexpected address family: give the datagram endpoint a local_addr, a remote_addr or a socket"
            ),
        }
    }

    fn open_one(&self, (local, remote): Pair) -> io::Result<Opened> {
        let Some(address) = local.or(remote) else { return Err(no_address()) };
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
        if self.reuse_port {
            reuse_port(&socket)?;
        }
        socket.set_broadcast(self.allow_broadcast)?;
        if let Some(local) = local {
            socket.bind(&local.into())?;
        }
        if let Some(remote) = remote.filter(|_| !self.allow_broadcast) {
            socket.connect(&remote.into())?;
        }
        Ok(Opened::new(Async::new(UdpSocket::from(socket))?, remote))
    }
}

type Pair = (Option<SocketAddr>, Option<SocketAddr>);

fn of_one_family(local: &[SocketAddr], remote: &[SocketAddr]) -> Vec<Pair> {
    let pairs = local.iter().flat_map(|local| remote.iter().map(move |remote| (*local, *remote)));
    let pairs = pairs.filter(|(local, remote)| local.is_ipv4() == remote.is_ipv4());
    pairs.map(|(local, remote)| (Some(local), Some(remote))).collect()
}

fn no_address() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        "local_addr and remote_addr have no address family in common",
    )
}
