//! What is told of a connection, and has the buffer for it. Mirrors `asyncio.protocols.BufferedProtocol`.

use std::any::Any;
use std::cell::RefMut;
use std::io;
use std::rc::Rc;

use super::super::transport::Transport;

/// A protocol that has the buffer which the connection is read into, so that nothing is copied. Mirrors
/// `asyncio.BufferedProtocol`.
///
/// The calls come as for a [`Protocol`](super::Protocol); in the place of `data_received` there is
/// `get_buffer`, and `buffer_updated` if something has come.
///
/// ```
/// use std::cell::{RefCell, RefMut};
///
/// struct Upload {
///     buffer: RefCell<Vec<u8>>,
/// }
///
/// impl asyncio::BufferedProtocol for Upload {
///     fn get_buffer(&self) -> RefMut<'_, [u8]> {
///         RefMut::map(self.buffer.borrow_mut(), |buffer| &mut buffer[..])
///     }
///
///     fn buffer_updated(&self, nbytes: usize) {
///         println!("{:?}", &self.buffer.borrow()[..nbytes]);
///     }
/// }
/// ```
pub trait BufferedProtocol: Any {
    /// The connection stands. Mirrors `connection_made(transport)`.
    ///
    /// See [`Protocol::connection_made`](super::Protocol::connection_made) for an example.
    fn connection_made(&self, transport: Transport) {
        drop(transport);
    }

    /// Where to put what comes: one byte or more of room. An empty buffer ends the connection. Mirrors
    /// `get_buffer(sizehint)`, which gets no hint from sockets either.
    ///
    /// It may be asked for more often than anything comes.
    ///
    /// ```
    /// use std::cell::{RefCell, RefMut};
    ///
    /// struct Last {
    ///     bytes: RefCell<[u8; 16]>,
    /// }
    ///
    /// impl asyncio::BufferedProtocol for Last {
    ///     fn get_buffer(&self) -> RefMut<'_, [u8]> {
    ///         RefMut::map(self.bytes.borrow_mut(), |bytes| &mut bytes[..])
    ///     }
    ///
    ///     fn buffer_updated(&self, _nbytes: usize) {}
    /// }
    /// ```
    fn get_buffer(&self) -> RefMut<'_, [u8]>;

    /// The first `nbytes` of the buffer have come. Mirrors `buffer_updated(nbytes)`.
    ///
    /// See [`get_buffer`](BufferedProtocol::get_buffer) for an example.
    fn buffer_updated(&self, nbytes: usize);

    /// The peer has ended its side. Mirrors `eof_received()`.
    ///
    /// See [`Protocol::eof_received`](super::Protocol::eof_received) for an example.
    fn eof_received(&self) -> bool {
        false
    }

    /// The connection is over; the last call. Mirrors `connection_lost(exc)`.
    ///
    /// See [`Protocol::connection_lost`](super::Protocol::connection_lost) for an example.
    fn connection_lost(&self, error: Option<io::Error>) {
        drop(error);
    }

    /// More waits to be sent than the upper limit of the write buffer. Mirrors `pause_writing()`.
    ///
    /// See [`Protocol::pause_writing`](super::Protocol::pause_writing) for an example.
    fn pause_writing(&self) {}

    /// No more than the lower limit is left. Mirrors `resume_writing()`.
    ///
    /// See [`Protocol::resume_writing`](super::Protocol::resume_writing) for an example.
    fn resume_writing(&self) {}
}

/// One protocol for several connections.
impl<P: BufferedProtocol + ?Sized> BufferedProtocol for Rc<P> {
    fn connection_made(&self, transport: Transport) {
        (**self).connection_made(transport);
    }

    fn get_buffer(&self) -> RefMut<'_, [u8]> {
        (**self).get_buffer()
    }

    fn buffer_updated(&self, nbytes: usize) {
        (**self).buffer_updated(nbytes);
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
