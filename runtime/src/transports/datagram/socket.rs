//! The socket under an endpoint, as little of it as is used: the tests of `endpoint` have one of their own
//! that takes no more when they say so, which the kernel's never does on the loopback.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::task::{Context, Poll};

use async_io::Async;

/// Sends and receives without waiting. What must hold: an error of the kind `Interrupted` never comes out.
pub(super) trait DatagramSocket {
    fn send(&self, data: &[u8], addr: Option<SocketAddr>) -> io::Result<()>;

    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A socket and its addresses.
pub(super) struct Opened {
    pub(super) socket: Box<dyn DatagramSocket>,
    pub(super) local: Option<SocketAddr>,
    /// To whom everything goes.
    pub(super) remote: Option<SocketAddr>,
}

impl Opened {
    /// `remote`: where to send to, if the kernel doesn't know itself.
    pub(super) fn new(io: Async<UdpSocket>, remote: Option<SocketAddr>) -> Self {
        let connected_to = io.get_ref().peer_addr().ok();
        Self {
            local: io.get_ref().local_addr().ok(),
            remote: connected_to.or(remote),
            socket: Box::new(Udp { io, is_connected: connected_to.is_some() }),
        }
    }
}

struct Udp {
    io: Async<UdpSocket>,
    is_connected: bool,
}

impl DatagramSocket for Udp {
    fn send(&self, data: &[u8], addr: Option<SocketAddr>) -> io::Result<()> {
        let socket = self.io.get_ref();
        again(|| match addr {
            Some(addr) if !self.is_connected => socket.send_to(data, addr),
            _ => socket.send(data),
        })
        .map(drop)
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        again(|| self.io.get_ref().recv_from(buffer))
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_readable(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_writable(cx)
    }
}

/// Calls `f` until no signal interrupts it.
fn again<T>(mut f: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match f() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
