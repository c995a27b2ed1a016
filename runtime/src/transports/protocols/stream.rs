//! What is told of a connection. Mirrors `asyncio.protocols.Protocol`.

use std::any::Any;
use std::io;
use std::rc::Rc;

use super::super::transport::Transport;

/// What is told of a connection. Mirrors `asyncio.Protocol`.
///
/// The calls come in this order: `connection_made`, then any number of `data_received`, then `eof_received`
/// if the peer ends its side, then `connection_lost`. `pause_writing` and `resume_writing` come in pairs in
/// between. Each does nothing unless you write it.
///
/// A method that panics is reported to the exception handler, and the connection is lost with that as its
/// error; but for `pause_writing` and `resume_writing`, after which it goes on, as in Python.
///
/// ```
/// use std::cell::OnceCell;
/// use asyncio::{Protocol, Transport};
///
/// #[derive(Default)]
/// struct Echo {
///     transport: OnceCell<Transport>,
/// }
///
/// impl Protocol for Echo {
///     fn connection_made(&self, transport: Transport) {
///         self.transport.set(transport).expect("made once");
///     }
///
///     fn data_received(&self, data: &[u8]) {
///         self.transport.get().unwrap().write(data);
///     }
/// }
/// ```
pub trait Protocol: Any {
    /// The connection stands. Mirrors `connection_made(transport)`.
    ///
    /// ```
    /// use asyncio::{Protocol, Transport};
    ///
    /// struct Hello;
    ///
    /// impl Protocol for Hello {
    ///     fn connection_made(&self, transport: Transport) {
    ///         transport.write(b"hello");
    ///     }
    /// }
    /// ```
    fn connection_made(&self, transport: Transport) {
        drop(transport);
    }

    /// Some bytes have come: one or more. Where a message ends is for the protocol to find out. Mirrors
    /// `data_received(data)`.
    ///
    /// ```
    /// struct Print;
    ///
    /// impl asyncio::Protocol for Print {
    ///     fn data_received(&self, data: &[u8]) {
    ///         println!("Data received: {}", String::from_utf8_lossy(data));
    ///     }
    /// }
    /// ```
    fn data_received(&self, data: &[u8]) {
        let _ = data;
    }

    /// The peer has ended its side; no more comes. True keeps our side open, for as long as the protocol
    /// likes; false closes the connection. Mirrors `eof_received()`.
    ///
    /// Over TLS it is closed in either case.
    ///
    /// ```
    /// struct Reply;
    ///
    /// impl asyncio::Protocol for Reply {
    ///     fn eof_received(&self) -> bool {
    ///         true // The reply is still to be written.
    ///     }
    /// }
    /// ```
    fn eof_received(&self) -> bool {
        false
    }

    /// The connection is over; the last call. The error is what ended it; there is none if either side has
    /// closed it. Mirrors `connection_lost(exc)`.
    ///
    /// ```
    /// struct Print;
    ///
    /// impl asyncio::Protocol for Print {
    ///     fn connection_lost(&self, error: Option<std::io::Error>) {
    ///         println!("closed: {error:?}");
    ///     }
    /// }
    /// ```
    fn connection_lost(&self, error: Option<io::Error>) {
        drop(error);
    }

    /// More waits to be sent than the upper limit of the write buffer: stop writing. Mirrors
    /// `pause_writing()`. Called inside `write`.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// struct Source {
    ///     is_paused: Cell<bool>,
    /// }
    ///
    /// impl asyncio::Protocol for Source {
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
    /// impl asyncio::Protocol for Source {
    ///     fn resume_writing(&self) {
    ///         self.is_paused.set(false);
    ///     }
    /// }
    /// ```
    fn resume_writing(&self) {}
}

/// One protocol for several connections.
impl<P: Protocol + ?Sized> Protocol for Rc<P> {
    fn connection_made(&self, transport: Transport) {
        (**self).connection_made(transport);
    }

    fn data_received(&self, data: &[u8]) {
        (**self).data_received(data);
    }

    fn eof_received(&self) -> bool {
        (**self).eof_received()
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
