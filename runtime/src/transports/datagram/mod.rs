//! Datagrams in and out of one socket. Mirrors `asyncio.DatagramTransport`.
//!
//! This page has what a user touches. Behind it are `endpoint` (which sends, receives and tells the
//! protocol), `opening` (`create_datagram_endpoint`) and `socket`.

mod endpoint;
mod opening;
mod socket;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;

use endpoint::Endpoint;
pub use opening::DatagramEndpoint;

/// An endpoint for datagrams. Mirrors `asyncio.DatagramTransport`; made by
/// [`create_datagram_endpoint`](crate::EventLoop::create_datagram_endpoint).
///
/// A clone is another handle to the same endpoint. It lives until it is closed, whatever handles are
/// dropped.
///
/// ```
/// use asyncio::{DatagramProtocol, DatagramTransport};
///
/// struct Ignore;
/// impl DatagramProtocol for Ignore {}
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let (transport, _ignore): (DatagramTransport, _) =
///         event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
///     transport.close();
///     assert!(transport.is_closing());
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct DatagramTransport {
    endpoint: Rc<Endpoint>,
}

impl DatagramTransport {
    /// Sends a datagram to the `remote_addr` that the endpoint was made with. Mirrors `sendto(data)`.
    ///
    /// It is sent at once, or buffered when the kernel takes no more. An empty one is sent too, as from
    /// Python 3.13 on. When that fails, `error_received` is called. After `close`, nothing is sent.
    ///
    /// # Panics
    ///
    /// When the endpoint has no `remote_addr`.
    ///
    /// ```
    /// # use asyncio::DatagramProtocol;
    /// struct Ignore;
    /// impl DatagramProtocol for Ignore {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let peer = std::net::UdpSocket::bind("127.0.0.1:0")?;
    ///     let (transport, _ignore) =
    ///         event_loop.create_datagram_endpoint(|| Ignore).remote_addr(peer.local_addr()?).await?;
    ///     transport.send(b"hello");
    ///     assert_eq!(peer.recv(&mut [0; 10])?, 5);
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn send(&self, data: &[u8]) {
        assert!(
            self.endpoint.remote.is_some(),
            "the datagram endpoint has no remote_addr: say where to with `send_to(data, addr)`"
        );
        self.endpoint.send(data, None);
    }

    /// Sends a datagram to `addr`. Mirrors `sendto(data, addr)`; see [`send`](DatagramTransport::send).
    ///
    /// # Panics
    ///
    /// When the endpoint has a `remote_addr` that is another one.
    ///
    /// ```
    /// # use asyncio::DatagramProtocol;
    /// struct Ignore;
    /// impl DatagramProtocol for Ignore {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let peer = std::net::UdpSocket::bind("127.0.0.1:0")?;
    ///     let (transport, _ignore) =
    ///         event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    ///     transport.send_to(b"hello", peer.local_addr()?);
    ///     assert_eq!(peer.recv(&mut [0; 10])?, 5);
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "sendto")]
    #[track_caller]
    pub fn send_to(&self, data: &[u8], addr: SocketAddr) {
        if let Some(remote) = self.endpoint.remote {
            assert!(
                addr == remote,
                "Invalid address {addr}: the datagram endpoint was made to send to {remote} alone"
            );
        }
        self.endpoint.send(data, Some(addr));
    }

    /// Closes the endpoint, when what is buffered has been sent: nothing is received any more, and
    /// `connection_lost(None)` is called in a later turn. A second time, nothing happens. Mirrors
    /// `close()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// transport.close();
    /// transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn close(&self) {
        self.endpoint.close();
    }

    /// Closes the endpoint now; what is buffered is dropped. Mirrors `abort()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// transport.abort();
    /// assert!(transport.is_closing());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn abort(&self) {
        self.endpoint.abort();
    }

    /// Whether it was closed. Mirrors `is_closing()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// assert!(!transport.is_closing());
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn is_closing(&self) -> bool {
        self.endpoint.is_closing()
    }

    /// The address it receives at, also after its end. Mirrors `get_extra_info('sockname')`.
    ///
    /// # Errors
    ///
    /// When the system did not say.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// assert_ne!(transport.local_addr()?.port(), 0, "the system has picked one");
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local.ok_or_else(|| ErrorKind::AddrNotAvailable.into())
    }

    /// The `remote_addr` it was made with. Mirrors `get_extra_info('peername')`.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](ErrorKind::NotConnected) when there was none.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// let anyone = event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0));
    /// let (transport, _ignore) = anyone.await?;
    /// assert!(transport.peer_addr().is_err());
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.remote.ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// When to call `pause_writing` and `resume_writing`: 64 KiB and 16 KiB at first. One that is not given
    /// is a quarter of the other, or four times as much. Mirrors `set_write_buffer_limits(high, low)`.
    ///
    /// A datagram counts for its length and 8 bytes.
    ///
    /// # Panics
    ///
    /// When `high` is below `low`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// transport.set_write_buffer_limits(Some(4096), None);
    /// assert_eq!(transport.get_write_buffer_limits(), (1024, 4096));
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn set_write_buffer_limits(&self, high: Option<usize>, low: Option<usize>) {
        self.endpoint.marks.set(high, low);
        self.endpoint.rises();
    }

    /// The limits, `(low, high)`. Mirrors `get_write_buffer_limits()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// assert_eq!(transport.get_write_buffer_limits(), (16 * 1024, 64 * 1024));
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn get_write_buffer_limits(&self) -> (usize, usize) {
        self.endpoint.marks.limits()
    }

    /// How much waits to be sent. Mirrors `get_write_buffer_size()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::DatagramProtocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let (transport, _ignore) =
    /// #     event_loop.create_datagram_endpoint(|| Ignore).local_addr(("127.0.0.1", 0)).await?;
    /// assert_eq!(transport.get_write_buffer_size(), 0);
    /// # transport.close();
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn get_write_buffer_size(&self) -> usize {
        self.endpoint.queued()
    }
}

impl fmt::Debug for DatagramTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.endpoint, f)
    }
}
