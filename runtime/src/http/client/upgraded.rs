//! A connection that speaks another protocol from now on, after an answer of 101.
//!
//! For `incoming`. Mirrors `ClientResponse.connection`, which `ws_connect` takes over.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::body::Bytes;

use super::connect::Route;
use super::connection::Connection;
use super::pool::Lease;
#[cfg(feature = "tls")]
use crate::net::tls::TlsInfo;
use crate::net::wire::Wire;

/// The wire under a connection that was one of HTTP. It keeps its place among the session's connections.
pub(super) struct UpgradedWire {
    wire: Rc<dyn Wire>,
    /// What was read beyond the answer's head.
    ahead: RefCell<Bytes>,
    _place: Lease<Route, Connection>,
}

impl UpgradedWire {
    pub(super) fn new(wire: Rc<dyn Wire>, ahead: Bytes, place: Lease<Route, Connection>) -> Self {
        Self { wire, ahead: RefCell::new(ahead), _place: place }
    }
}

impl Wire for UpgradedWire {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut ahead = self.ahead.borrow_mut();
        if ahead.is_empty() {
            return self.wire.poll_read(cx, buffer);
        }
        let length = buffer.len().min(ahead.len());
        let piece = ahead.split_to(length);
        buffer[..piece.len()].copy_from_slice(&piece);
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wire.poll_write(cx, bytes)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_shutdown(cx)
    }

    fn can_write_eof(&self) -> bool {
        self.wire.can_write_eof()
    }

    fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_goodbye(cx)
    }

    fn close(&self) {
        self.wire.close();
    }

    #[cfg(feature = "tls")]
    fn tls(&self) -> Option<TlsInfo> {
        self.wire.tls()
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.wire.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.wire.peer_addr()
    }
}
