//! The adapter that lets hyper's server use a wire, and notes what goes through it.
//!
//! For `connection`. What must hold: a connection that says nothing has no buffer here; all connections of
//! a server read through one, as a read fills it and hyper copies it within one call.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;

use super::link::Link;

/// What hyper takes from a connection at a time, at most. A TLS record holds no more.
const SCRATCH_SIZE: usize = 16 * 1024;

/// The buffer that a server's connections read through.
pub(super) type Scratch = Rc<RefCell<Box<[u8]>>>;

pub(super) fn scratch() -> Scratch {
    Rc::new(RefCell::new(vec![0; SCRATCH_SIZE].into()))
}

pub(super) struct ServerIo {
    link: Rc<Link>,
    scratch: Scratch,
}

impl ServerIo {
    pub(super) fn new(link: Rc<Link>, scratch: Scratch) -> Self {
        Self { link, scratch }
    }
}

impl hyper::rt::Read for ServerIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.link.reads_fail.get() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let mut scratch = self.scratch.borrow_mut();
        let room = buffer.remaining().min(SCRATCH_SIZE);
        let length = ready!(self.link.wire.poll_read(cx, &mut scratch[..room]))?;
        buffer.put_slice(&scratch[..length]);
        self.link.progress.has_read.set(true);
        self.link.progress.step();
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for ServerIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.link.wire.poll_write(cx, bytes);
        self.link.progress.is_write_blocked.set(written.is_pending());
        if written.is_ready() {
            self.link.progress.step();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.link.wire.poll_flush(cx);
        self.link.progress.is_write_blocked.set(flushed.is_pending());
        flushed
    }

    /// `connection` ends it: there may be something to read first.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
