//! A protocol of either kind, so that there is one `create_connection` for both, as in Python.

use std::any::Any;
use std::io;
use std::rc::Rc;

use super::super::transport::Transport;
use super::{BufferedProtocol, Protocol};

/// A [`Protocol`] or a [`BufferedProtocol`]: what a connection can be made for. `Kind` says which; the
/// compiler finds it out.
///
/// ```
/// use std::rc::Rc;
/// use asyncio::{AnyProtocol, EventLoop, Transport};
///
/// /// Hands a connection over to another protocol.
/// fn upgrade<Kind>(transport: &Transport, to: impl AnyProtocol<Kind>) {
///     transport.set_protocol(Rc::new(to));
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no protocol of a connection",
    label = "implement `asyncio::Protocol` or `asyncio::BufferedProtocol` for it, and not both"
)]
pub trait AnyProtocol<Kind>: Any + Sized {
    /// Forgets which protocol it is.
    #[doc(hidden)]
    fn erased(self: Rc<Self>) -> Erased;
}

/// Of a [`Protocol`].
pub enum Streamed {}

/// Of a [`BufferedProtocol`].
pub enum Buffered {}

impl<P: Protocol> AnyProtocol<Streamed> for P {
    fn erased(self: Rc<Self>) -> Erased {
        Erased(Kind::Streamed(self))
    }
}

impl<P: BufferedProtocol> AnyProtocol<Buffered> for P {
    fn erased(self: Rc<Self>) -> Erased {
        Erased(Kind::Buffered(self))
    }
}

/// A protocol, of whatever type.
#[derive(Clone)]
pub struct Erased(pub(in super::super) Kind);

#[derive(Clone)]
pub(in super::super) enum Kind {
    Streamed(Rc<dyn Protocol>),
    Buffered(Rc<dyn BufferedProtocol>),
}

/// What both kinds have.
impl Erased {
    pub(in super::super) fn downcast<P: Any>(&self) -> Option<Rc<P>> {
        let any: Rc<dyn Any> = match &self.0 {
            Kind::Streamed(protocol) => protocol.clone(),
            Kind::Buffered(protocol) => protocol.clone(),
        };
        any.downcast().ok()
    }

    pub(in super::super) fn connection_made(&self, transport: Transport) {
        match &self.0 {
            Kind::Streamed(protocol) => protocol.connection_made(transport),
            Kind::Buffered(protocol) => protocol.connection_made(transport),
        }
    }

    pub(in super::super) fn eof_received(&self) -> bool {
        match &self.0 {
            Kind::Streamed(protocol) => protocol.eof_received(),
            Kind::Buffered(protocol) => protocol.eof_received(),
        }
    }

    pub(in super::super) fn connection_lost(&self, error: Option<io::Error>) {
        match &self.0 {
            Kind::Streamed(protocol) => protocol.connection_lost(error),
            Kind::Buffered(protocol) => protocol.connection_lost(error),
        }
    }

    pub(in super::super) fn pause_writing(&self) {
        match &self.0 {
            Kind::Streamed(protocol) => protocol.pause_writing(),
            Kind::Buffered(protocol) => protocol.pause_writing(),
        }
    }

    pub(in super::super) fn resume_writing(&self) {
        match &self.0 {
            Kind::Streamed(protocol) => protocol.resume_writing(),
            Kind::Buffered(protocol) => protocol.resume_writing(),
        }
    }
}
