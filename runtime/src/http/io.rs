//! A socket that waits before it reads, and the adapter that lets hyper use it.
//!
//! For `http` alone. Python: `asyncio.selector_events`, in spirit.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::ReadBufCursor;

/// How many reads one readiness event allows while each fills its buffer. Then the loop gets a turn,
/// so that a peer who never pauses can't keep other tasks, or a timeout, from running.
const READS_PER_EVENT: u8 = 16;

/// What hyper takes from the stream at a time, at most. A TLS record holds no more.
const SCRATCH_SIZE: usize = 16 * 1024;

/// A byte stream, plain or under TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A TCP socket that is read once the reactor says there is something to read: no failed read before
/// each wait. A read that filled its buffer is followed by another, since more is likely there.
pub(super) struct Socket {
    stream: Async<TcpStream>,
    reads_left: u8,
}

impl Socket {
    pub(super) fn new(stream: Async<TcpStream>) -> Self {
        Self { stream, reads_left: 0 }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.reads_left == 0 {
                ready!(self.stream.poll_readable(cx))?;
                self.reads_left = READS_PER_EVENT;
            }
            match self.stream.get_ref().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.reads_left = 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    let filled = length == buffer.len();
                    self.reads_left = if filled { self.reads_left - 1 } else { 0 };
                    return Poll::Ready(Ok(length));
                }
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

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

/// A stream as hyper wants it. hyper's own buffer can't be lent out in safe code, so each read goes
/// through a scratch buffer.
pub(super) struct HyperIo {
    stream: Box<dyn Stream>,
    scratch: Box<[u8]>,
}

impl HyperIo {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, scratch: vec![0; SCRATCH_SIZE].into() }
    }
}

impl hyper::rt::Read for HyperIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let room = buffer.remaining().min(SCRATCH_SIZE);
        let scratch = &mut this.scratch[..room];
        let length = ready!(Pin::new(&mut this.stream).poll_read(cx, scratch))?;
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
        Pin::new(&mut self.stream).poll_write(cx, bytes).map_err(WriteFailed::mark)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(WriteFailed::mark)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// A socket, and its peer's end.
    fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Socket::new(Async::new(stream).unwrap()), listener.accept().unwrap().0)
    }

    #[test]
    fn a_peer_who_never_pauses_is_read_so_many_times_in_a_row_and_no_more() {
        let (mut socket, mut peer) = pair();
        peer.write_all(&[0; 1024]).unwrap();
        let mut in_a_row = Vec::new();
        async_io::block_on(std::future::poll_fn(|cx| {
            let mut reads = 0;
            while Pin::new(&mut socket).poll_read(cx, &mut [0; 1]).is_ready() {
                reads += 1;
            }
            // The reactor may wake a task that has nothing to read yet.
            if reads > 0 {
                in_a_row.push(reads);
            }
            if in_a_row.len() < 3 {
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        assert_eq!(in_a_row, [READS_PER_EVENT; 3]);
    }

    #[test]
    fn the_end_of_the_stream_is_found_after_the_last_byte() {
        let (mut socket, mut peer) = pair();
        peer.write_all(b"ab").unwrap();
        drop(peer);
        let mut lengths = Vec::new();
        async_io::block_on(std::future::poll_fn(|cx| {
            loop {
                let length = ready!(Pin::new(&mut socket).poll_read(cx, &mut [0; 8])).unwrap();
                lengths.push(length);
                if length == 0 {
                    return Poll::Ready(());
                }
            }
        }));
        assert_eq!(lengths, [2, 0]);
    }
}
