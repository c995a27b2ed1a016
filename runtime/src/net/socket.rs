//! Sockets and pipes as wires.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, ready};

use super::polled::Polled;
use super::wire::{Wire, closed};
use crate::event_loop::core::Core;
use crate::task::table;
use crate::trace::SocketSpan;

/// How many reads in a row may fill their buffers. Then the loop gets a turn, so that a peer who never pauses
/// can't keep other tasks, or a timeout, from running.
const READS_IN_A_ROW: u8 = 16;

/// What the system knows a socket by.
#[cfg(unix)]
pub(crate) use std::os::fd::AsFd as Descriptor;
#[cfg(windows)]
pub(crate) use std::os::windows::io::AsSocket as Descriptor;

/// What sockets have in common.
pub(crate) trait Socket: Descriptor + 'static {
    /// Whether a read that doesn't fill its buffer has read all there is. Not so of terminals, which give a line
    /// at a time, nor of Unix sockets, where a read stops behind descriptors that were sent along.
    const READS_ALL: bool = false;

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn shutdown_write(&self) -> io::Result<()>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
}

impl Socket for TcpStream {
    const READS_ALL: bool = true;

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

/// A socket that is read once there is something to read.
pub(crate) struct SocketWire<T: Socket> {
    /// `None` once it is closed.
    io: RefCell<Option<Open<T>>>,
    reads_left: Cell<u8>,
}

struct Open<T: Socket> {
    io: Polled<T>,
    span: SocketSpan,
}

impl<T: Socket> SocketWire<T> {
    /// A wire of the running loop.
    pub(crate) fn new(io: T) -> io::Result<Self> {
        let Some(tasks) = table::running() else { table::outside_a_loop("a socket") };
        Ok(Self::polled(&tasks.core, Polled::new(&tasks.core, io)?))
    }

    pub(crate) fn polled(core: &Core, io: Polled<T>) -> Self {
        let peer = || io.get_ref().peer_addr().ok().map(|address| address.to_string());
        let span = core.trace.socket(peer);
        Self { io: RefCell::new(Some(Open { io, span })), reads_left: Cell::new(READS_IN_A_ROW) }
    }

    /// Calls `f` with the socket, while there is one.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&Polled<T>) -> io::Result<R>) -> io::Result<R> {
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
                    io.is_full();
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
            ready!(io.poll_readable(cx))?;
            if self.reads_left.get() == 0 {
                self.reads_left.set(READS_IN_A_ROW);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match io.get_ref().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => io.is_empty(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    span.has_read(length);
                    if length == buffer.len() {
                        self.reads_left.set(self.reads_left.get() - 1);
                    } else {
                        self.reads_left.set(READS_IN_A_ROW);
                        if T::READS_ALL {
                            io.came_short();
                        }
                    }
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
    use std::future::poll_fn;
    use std::net::TcpListener;

    use super::*;

    /// A socket, and its peer's end.
    fn pair() -> (SocketWire<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (SocketWire::new(stream).unwrap(), listener.accept().unwrap().0)
    }

    #[test]
    fn a_peer_who_never_pauses_is_read_so_many_times_in_a_row_and_no_more() {
        let mut in_a_row = Vec::new();
        crate::run(async {
            let (socket, mut peer) = pair();
            peer.write_all(&[0; 1024]).unwrap();
            let read_three_times = poll_fn(|cx| {
                let mut reads = 0;
                while socket.poll_read(cx, &mut [0; 1]).is_ready() {
                    reads += 1;
                }
                // The first poll may come before the first event.
                if reads > 0 {
                    in_a_row.push(reads);
                }
                if in_a_row.len() < 3 {
                    return Poll::Pending;
                }
                Poll::Ready(())
            });
            read_three_times.await;
        });
        assert_eq!(in_a_row, [READS_IN_A_ROW; 3]);
    }

    #[test]
    fn the_end_of_the_stream_is_found_after_the_last_byte() {
        let lengths = crate::run(async {
            let (socket, mut peer) = pair();
            peer.write_all(b"ab").unwrap();
            drop(peer);
            [read(&socket).await, read(&socket).await]
        });
        assert_eq!(lengths, [2, 0]);
    }

    /// A read stops at them, though it has room for more.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_behind_urgent_data_is_read_as_well() {
        let lengths = crate::run(async {
            let (socket, mut peer) = pair();
            peer.write_all(b"ab").unwrap();
            assert_eq!(socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap(), 1);
            peer.write_all(b"cde").unwrap();
            [read(&socket).await, read(&socket).await]
        });
        assert_eq!(lengths, [2, 3]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_behind_a_descriptor_is_read_as_well() {
        use std::io::IoSlice;
        use std::mem::MaybeUninit;

        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

        let lengths = crate::run(async {
            let (socket, mut peer) = UnixStream::pair().unwrap();
            let socket = SocketWire::new(socket).unwrap();
            let descriptor = [peer.as_fd()];
            let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut sent = SendAncillaryBuffer::new(&mut room);
            assert!(sent.push(SendAncillaryMessage::ScmRights(&descriptor)));
            let bytes = [IoSlice::new(b"ab")];
            assert_eq!(sendmsg(&peer, &bytes, &mut sent, SendFlags::empty()).unwrap(), 2);
            peer.write_all(b"cde").unwrap();
            [read(&socket).await, read(&socket).await]
        });
        assert_eq!(lengths, [2, 3]);
    }

    async fn read<T: Socket>(socket: &SocketWire<T>) -> usize {
        poll_fn(|cx| socket.poll_read(cx, &mut [0; 8])).await.unwrap()
    }
}
