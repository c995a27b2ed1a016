//! The ends of pipes, as wires. Mirrors `_UnixReadPipeTransport` and `_UnixWritePipeTransport` of
//! `asyncio.unix_events`.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::socket::{Socket, SocketWire};
use super::wire::Wire;

/// The end that can be read.
pub(crate) type ReadingEnd = SocketWire<File>;

impl Socket for File {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        Ok(())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// The end that can be written.
pub(crate) struct WritingEnd {
    pipe: SocketWire<File>,
    watches: bool,
}

impl WritingEnd {
    /// `watches`: that nobody reads any more can be seen; not so of a terminal.
    pub(crate) fn new(pipe: File, watches: bool) -> io::Result<Self> {
        Ok(Self { pipe: SocketWire::new(pipe)?, watches })
    }
}

impl Wire for WritingEnd {
    /// Nothing ever comes; that something seems to is how the system says that nobody reads any more.
    fn poll_read(&self, cx: &mut Context<'_>, _buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.pipe.with(|pipe| Ok(self.watches.then(|| pipe.poll_readable(cx)))) {
            Ok(Some(readable)) => readable.map_ok(|()| 0),
            Ok(None) => Poll::Pending,
            Err(_closed) => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pipe.poll_write(cx, bytes)
    }

    /// A pipe has no half to end: it is closed.
    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }

    fn ends_with_writing(&self) -> bool {
        true
    }

    fn close(&self) {
        self.pipe.close();
    }
}
