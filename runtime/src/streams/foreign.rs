//! Readers and writers of others as wires.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::net::wire::{Wire, closed};

/// A wire that is read only.
pub(super) struct ForeignReader(RefCell<Option<Pin<Box<dyn AsyncRead>>>>);

impl ForeignReader {
    pub(super) fn new(reader: impl AsyncRead + 'static) -> Self {
        Self(RefCell::new(Some(Box::pin(reader))))
    }
}

impl Wire for ForeignReader {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut *self.0.borrow_mut() {
            Some(reader) => reader.as_mut().poll_read(cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&self, _cx: &mut Context<'_>, _bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(ErrorKind::Unsupported.into()))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn close(&self) {
        drop(self.0.take());
    }
}

/// A wire that is written only.
pub(super) struct ForeignWriter(RefCell<Option<Pin<Box<dyn AsyncWrite>>>>);

impl ForeignWriter {
    pub(super) fn new(writer: impl AsyncWrite + 'static) -> Self {
        Self(RefCell::new(Some(Box::pin(writer))))
    }

    fn with<R>(
        &self,
        f: impl FnOnce(Pin<&mut dyn AsyncWrite>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match &mut *self.0.borrow_mut() {
            Some(writer) => f(writer.as_mut()),
            None => Poll::Ready(Err(closed())),
        }
    }
}

impl Wire for ForeignWriter {
    fn poll_read(&self, _cx: &mut Context<'_>, _buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|writer| writer.poll_write(cx, bytes))
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|writer| writer.poll_flush(cx))
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|writer| writer.poll_close(cx))
    }

    fn ends_with_writing(&self) -> bool {
        true
    }

    /// What a compressor or an encoder holds back is written by its `poll_close`.
    fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shutdown(cx)
    }

    fn close(&self) {
        drop(self.0.take());
    }
}
