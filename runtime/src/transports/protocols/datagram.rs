//! What is told of datagrams. Mirrors `asyncio.protocols.DatagramProtocol`.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::super::datagram::DatagramTransport;

/// What is told of the datagrams that come in. Mirrors `asyncio.DatagramProtocol`; used by
/// [`create_datagram_endpoint`](crate::EventLoop::create_datagram_endpoint).
///
/// The calls come in this order: `connection_made`, then any number of `datagram_received` and
/// `error_received`, then `connection_lost`. Each does nothing unless you write it.
///
/// A method that panics is reported to the exception handler; the endpoint goes on, as in Python.
///
/// ```
/// use std::cell::OnceCell;
/// use std::net::SocketAddr;
/// use asyncio::{DatagramProtocol, DatagramTransport};
///
/// #[derive(Default)]
/// struct Echo {
///     transport: OnceCell<DatagramTransport>,
/// }
///
/// impl DatagramProtocol for Echo {
///     fn connection_made(&self, transport: DatagramTransport) {
///         self.transport.set(transport).expect("made once");
///     }
///
///     fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
///         self.transport.get().unwrap().send_to(data, addr);
///     }
/// }
/// ```
pub trait DatagramProtocol: 'static {
    /// The endpoint is there. Mirrors `connection_made(transport)`.
    ///
    /// ```
    /// use asyncio::{DatagramProtocol, DatagramTransport};
    ///
    /// struct Hello;
    ///
    /// impl DatagramProtocol for Hello {
    ///     fn connection_made(&self, transport: DatagramTransport) {
    ///         transport.send(b"hello");
    ///     }
    /// }
    /// ```
    fn connection_made(&self, transport: DatagramTransport) {
        drop(transport);
    }

    /// A datagram has come from `addr`. Mirrors `datagram_received(data, addr)`.
    ///
    /// ```
    /// struct Print;
    ///
    /// impl asyncio::DatagramProtocol for Print {
    ///     fn datagram_received(&self, data: &[u8], addr: std::net::SocketAddr) {
    ///         println!("{} bytes from {addr}", data.len());
    ///     }
    /// }
    /// ```
    fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
        let _ = (data, addr);
    }

    /// Sending or receiving failed; the endpoint goes on. Mirrors `error_received(exc)`.
    ///
    /// It is called inside `send_to` when the datagram is refused at once: one that is too large, or, of an
    /// endpoint with a `remote_addr`, one behind another that reached nobody.
    ///
    /// ```
    /// struct Print;
    ///
    /// impl asyncio::DatagramProtocol for Print {
    ///     fn error_received(&self, error: std::io::Error) {
    ///         println!("Error received: {error}");
    ///     }
    /// }
    /// ```
    fn error_received(&self, error: io::Error) {
        drop(error);
    }

    /// The endpoint is closed; the last call. Mirrors `connection_lost(exc)`.
    ///
    /// ```
    /// struct Print;
    ///
    /// impl asyncio::DatagramProtocol for Print {
    ///     fn connection_lost(&self, error: Option<std::io::Error>) {
    ///         println!("closed: {error:?}");
    ///     }
    /// }
    /// ```
    fn connection_lost(&self, error: Option<io::Error>) {
        drop(error);
    }

    /// More waits to be sent than the upper limit of the write buffer: stop sending. Mirrors
    /// `pause_writing()`. Called inside `send_to`.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// struct Source {
    ///     is_paused: Cell<bool>,
    /// }
    ///
    /// impl asyncio::DatagramProtocol for Source {
    ///     fn pause_writing(&self) {
    ///         self.is_paused.set(true);
    ///     }
    /// }
    /// ```
    fn pause_writing(&self) {}

    /// No more than the lower limit is left: go on. Mirrors `resume_writing()`.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// struct Source {
    ///     is_paused: Cell<bool>,
    /// }
    ///
    /// impl asyncio::DatagramProtocol for Source {
    ///     fn resume_writing(&self) {
    ///         self.is_paused.set(false);
    ///     }
    /// }
    /// ```
    fn resume_writing(&self) {}
}

/// One protocol for several endpoints.
impl<P: DatagramProtocol + ?Sized> DatagramProtocol for Rc<P> {
    fn connection_made(&self, transport: DatagramTransport) {
        (**self).connection_made(transport);
    }

    fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
        (**self).datagram_received(data, addr);
    }

    fn error_received(&self, error: io::Error) {
        (**self).error_received(error);
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        (**self).connection_lost(error);
    }

    fn pause_writing(&self) {
        (**self).pause_writing();
    }

    fn resume_writing(&self) {
        (**self).resume_writing();
    }
}
