//! A connected byte stream, whatever carries it: TCP, a Unix socket, a pipe, TLS over one of them.
//!
//! A reader and a writer share it as `Rc<dyn Wire>`, so all take `&self`. Mirrors what Python's transports
//! do with their sockets.

use std::io;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll};

#[cfg(feature = "tls")]
use super::tls::TlsInfo;

/// What must hold: an error of the kind `WouldBlock` or `Interrupted` never comes out; of each direction,
/// the last waker is the one that is called.
pub(crate) trait Wire {
    /// Reads some bytes. 0: the peer has ended its side, or the wire is closed.
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some bytes, at once if there is room.
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends on what the wire itself holds back.
    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Calls `write` with the descriptor that bytes are written to as they are, at once and when there is
    /// room again. An error of the kind `Unsupported`: there is none.
    #[cfg(target_os = "linux")]
    fn poll_with_descriptor(
        &self,
        _cx: &mut Context<'_>,
        _write: &mut dyn FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Ends the writing side: the peer reads to the end.
    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether the end of the writing side is the end of it all: nobody reads it.
    fn ends_with_writing(&self) -> bool {
        false
    }

    /// Whether the writing side can be ended by itself.
    fn can_write_eof(&self) -> bool {
        true
    }

    /// What comes before a polite [`close`](Wire::close), once everything is written: TLS says goodbye and
    /// waits for the peer's, for a limited time. An error is what the connection ends with.
    fn poll_goodbye(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the descriptor at once. Whoever waits to read or write isn't woken by this: the caller sees to it.
    fn close(&self);

    /// What TLS has agreed on, where the wire is one.
    #[cfg(feature = "tls")]
    fn tls(&self) -> Option<TlsInfo> {
        None
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this stream has no internet address"))
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this stream has no internet address"))
    }
}

pub(crate) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the stream is closed")
}
