//! A wire that counts what goes over it.
//!
//! For `connection`: whether an answer has begun, and whether it ever comes to its point.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

#[cfg(feature = "tls")]
use crate::net::tls::TlsInfo;
use crate::net::wire::Wire;

pub(super) struct Meter {
    wire: Rc<dyn Wire>,
    read: Cell<u64>,
    written: Cell<u64>,
}

impl Meter {
    pub(super) fn new(wire: Rc<dyn Wire>) -> Self {
        Self { wire, read: Cell::new(0), written: Cell::new(0) }
    }

    /// How many bytes were read in all.
    pub(super) fn read(&self) -> u64 {
        self.read.get()
    }

    /// How many bytes were written in all.
    pub(super) fn written(&self) -> u64 {
        self.written.get()
    }

    pub(super) fn wire(&self) -> Rc<dyn Wire> {
        self.wire.clone()
    }
}

fn add(count: &Cell<u64>, result: &Poll<io::Result<usize>>) {
    if let Poll::Ready(Ok(length)) = result {
        count.set(count.get() + *length as u64);
    }
}

impl Wire for Meter {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let result = self.wire.poll_read(cx, buffer);
        add(&self.read, &result);
        result
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.wire.poll_write(cx, bytes);
        add(&self.written, &result);
        result
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_shutdown(cx)
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
