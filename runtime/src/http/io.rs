//! The adapter that lets hyper use a wire.
//!
//! For `http` alone.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;

use crate::net::wire::Wire;

/// What hyper takes from the stream at a time, at most. A TLS record holds no more.
const SCRATCH_SIZE: usize = 16 * 1024;

/// Marks an error as one of writing: hyper reports both directions alike.
#[derive(Debug)]
pub(super) struct WriteFailed(pub(super) io::Error);

impl WriteFailed {
    fn mark(error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self(error))
    }
}

impl std::fmt::Display for WriteFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WriteFailed {}

/// A wire as hyper wants it. hyper's own buffer can't be lent out in safe code, so each read goes
/// through a scratch buffer.
///
/// Nothing is read before the request was written. hyper reads first, and takes what a hasty server has sent
/// by then for an answer to nothing.
pub(super) struct HyperIo {
    wire: Rc<dyn Wire>,
    scratch: Box<[u8]>,
    has_written: bool,
    /// A read waits for the first write.
    is_held_back: bool,
}

impl HyperIo {
    pub(super) fn new(wire: Rc<dyn Wire>) -> Self {
        let scratch = vec![0; SCRATCH_SIZE].into();
        Self { wire, scratch, has_written: false, is_held_back: false }
    }
}

impl hyper::rt::Read for HyperIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.has_written {
            this.is_held_back = true;
            return Poll::Pending;
        }
        let room = buffer.remaining().min(SCRATCH_SIZE);
        let scratch = &mut this.scratch[..room];
        let length = ready!(this.wire.poll_read(cx, scratch))?;
        buffer.put_slice(&scratch[..length]);
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for HyperIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.wire.poll_write(cx, bytes)).map_err(WriteFailed::mark);
        self.has_written = true;
        // hyper reads and writes in one task.
        if std::mem::take(&mut self.is_held_back) {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(cx).map_err(WriteFailed::mark)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_shutdown(cx)
    }
}
