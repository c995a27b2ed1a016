//! Sockets as wires. Readiness first: a read waits until the reactor says that there is something to read,
//! instead of failing first (DESIGN.md, decision 4: 5.2 µs a request of an echo server, 6.1 the other way).

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, ready};

use async_io::Async;

use super::wire::{Wire, closed};
use crate::task::table;
use crate::trace::SocketSpan;

/// How many reads one readiness event allows while each fills its buffer. Then the loop gets a turn, so
/// that a peer who never pauses can't keep other tasks, or a timeout, from running.
const READS_PER_EVENT: u8 = 16;

/// What the system knows a socket by.
#[cfg(unix)]
pub(crate) use std::os::fd::AsFd as Descriptor;
#[cfg(windows)]
pub(crate) use std::os::windows::io::AsSocket as Descriptor;

/// What sockets have in common.
pub(crate) trait Socket: Descriptor + 'static {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn shutdown_write(&self) -> io::Result<()>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
}

impl Socket for TcpStream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpStream::local_addr(self)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        TcpStream::peer_addr(self)
    }
}

#[cfg(unix)]
impl Socket for UnixStream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(no_internet_address())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(no_internet_address())
    }
}

#[cfg(unix)]
fn no_internet_address() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "a Unix socket has no internet address")
}

/// A socket that is read once there is something to read. A read that filled its buffer is followed by
/// another, since more is likely there.
pub(crate) struct SocketWire<T> {
    /// `None` once it is closed.
    io: RefCell<Option<Open<T>>>,
    reads_left: Cell<u8>,
}

struct Open<T> {
    io: Async<T>,
    span: SocketSpan,
}

impl<T: Socket> SocketWire<T> {
    pub(crate) fn new(io: Async<T>) -> Self {
        let trace = table::with_running(|tasks| tasks.core.trace.clone()).unwrap_or_default();
        let peer = || io.get_ref().peer_addr().ok().map(|address| address.to_string());
        let span = trace.socket(peer);
        Self { io: RefCell::new(Some(Open { io, span })), reads_left: Cell::new(0) }
    }

    /// Calls `f` with the socket, while there is one.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&Async<T>) -> io::Result<R>) -> io::Result<R> {
        self.io.borrow().as_ref().map_or_else(|| Err(closed()), |open| f(&open.io))
    }

    /// Calls `write`, at once and when there is room again.
    fn poll_writing(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let io = self.io.borrow();
        let Some(Open { io, span }) = io.as_ref() else { return Poll::Ready(Err(closed())) };
        loop {
            match write(io.get_ref()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(io.poll_writable(cx))?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    span.has_written(length);
                    return Poll::Ready(Ok(length));
                }
            }
        }
    }
}

impl<T: Socket> Wire for SocketWire<T> {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let io = self.io.borrow();
        let Some(Open { io, span }) = io.as_ref() else { return Poll::Ready(Ok(0)) };
        loop {
            if self.reads_left.get() == 0 {
                ready!(io.poll_readable(cx))?;
                self.reads_left.set(READS_PER_EVENT);
            }
            match io.get_ref().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.reads_left.set(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    span.has_read(length);
                    let is_filled = length == buffer.len();
                    self.reads_left.set(if is_filled { self.reads_left.get() - 1 } else { 0 });
                    return Poll::Ready(Ok(length));
                }
            }
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |socket| socket.write(bytes))
    }

    #[cfg(target_os = "linux")]
    fn poll_with_descriptor(
        &self,
        cx: &mut Context<'_>,
        write: &mut dyn FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |socket| write(socket.as_fd()))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.with(|io| match io.get_ref().shutdown_write() {
            // The peer is gone: it waits for no end.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            result => result,
        }))
    }

    fn close(&self) {
        drop(self.io.take());
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.with(|io| io.get_ref().local_addr())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.with(|io| io.get_ref().peer_addr())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A socket, and its peer's end.
    fn pair() -> (SocketWire<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (SocketWire::new(Async::new(stream).unwrap()), listener.accept().unwrap().0)
    }

    #[test]
    fn a_peer_who_never_pauses_is_read_so_many_times_in_a_row_and_no_more() {
        let (socket, mut peer) = pair();
        peer.write_all(&[0; 1024]).unwrap();
        let mut in_a_row = Vec::new();
        async_io::block_on(std::future::poll_fn(|cx| {
            let mut reads = 0;
            while socket.poll_read(cx, &mut [0; 1]).is_ready() {
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
        let (socket, mut peer) = pair();
        peer.write_all(b"ab").unwrap();
        drop(peer);
        let mut lengths = Vec::new();
        async_io::block_on(std::future::poll_fn(|cx| {
            loop {
                let length = ready!(socket.poll_read(cx, &mut [0; 8])).unwrap();
                lengths.push(length);
                if length == 0 {
                    return Poll::Ready(());
                }
            }
        }));
        assert_eq!(lengths, [2, 0]);
    }
}
