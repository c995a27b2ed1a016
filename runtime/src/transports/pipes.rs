//! Pipes that tell a protocol. Mirrors `loop.connect_read_pipe` and `loop.connect_write_pipe`.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;

use super::connecting::made;
use super::connection::Ways;
use super::protocols::AnyProtocol;
use super::transport::Transport;
use crate::event_loop::EventLoop;
use crate::net::pipe::{ReadingEnd, WritingEnd};
use crate::net::wire::Wire;

impl EventLoop {
    /// Reads a pipe, and tells a protocol what comes in. Mirrors
    /// `loop.connect_read_pipe(protocol_factory, pipe)`.
    ///
    /// A pipe is whatever has a descriptor that can be waited for: an end of [`std::io::pipe`], a child's
    /// output, a FIFO or a terminal opened as a file, a socket. It becomes non-blocking, for everybody who
    /// has it; it is closed with the transport.
    ///
    /// # Errors
    ///
    /// When it is a file on a disk, or a folder; when the system can't watch it.
    ///
    /// # Panics
    ///
    /// With what `factory` panics with, and outside of this loop's run.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it closes the pipe.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use std::io::Write;
    ///
    /// #[derive(Default)]
    /// struct Collect {
    ///     bytes: RefCell<Vec<u8>>,
    ///     is_over: asyncio::Event,
    /// }
    ///
    /// impl asyncio::Protocol for Collect {
    ///     fn data_received(&self, data: &[u8]) {
    ///         self.bytes.borrow_mut().extend_from_slice(data);
    ///     }
    ///
    ///     fn connection_lost(&self, _error: Option<std::io::Error>) {
    ///         self.is_over.set();
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let (reader, mut writer) = std::io::pipe()?;
    ///     let (_transport, collect) =
    ///         event_loop.connect_read_pipe(Collect::default, reader).await?;
    ///     writer.write_all(b"hello")?;
    ///     drop(writer);
    ///     collect.is_over.wait().await;
    ///     assert_eq!(*collect.bytes.borrow(), b"hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn connect_read_pipe<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        pipe: impl Into<OwnedFd>,
    ) -> Connecting<P> {
        self.connect_pipe(factory, pipe.into(), Ways::Reading, Location::caller())
    }

    /// Writes to a pipe. Mirrors `loop.connect_write_pipe(protocol_factory, pipe)`.
    ///
    /// The protocol is told when the other end is closed, at once: `connection_lost`, with
    /// [`BrokenPipe`](ErrorKind::BrokenPipe) if something was still to be sent. For pipes, see
    /// [`connect_read_pipe`](EventLoop::connect_read_pipe).
    ///
    /// # Errors
    ///
    /// As [`connect_read_pipe`](EventLoop::connect_read_pipe).
    ///
    /// # Panics
    ///
    /// As [`connect_read_pipe`](EventLoop::connect_read_pipe).
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it closes the pipe.
    ///
    /// ```
    /// struct Ignore;
    /// impl asyncio::Protocol for Ignore {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let (reader, writer) = std::io::pipe()?;
    ///     let (transport, _ignore) = event_loop.connect_write_pipe(|| Ignore, writer).await?;
    ///     transport.write(b"hello");
    ///     transport.close();
    ///     let read = asyncio::to_thread(|| std::io::read_to_string(reader));
    ///     assert_eq!(read.await?, "hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn connect_write_pipe<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        pipe: impl Into<OwnedFd>,
    ) -> Connecting<P> {
        self.connect_pipe(factory, pipe.into(), Ways::Writing, Location::caller())
    }

    fn connect_pipe<P: AnyProtocol<Kind>, Kind>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        pipe: OwnedFd,
        ways: Ways,
        made_at: &'static Location<'static>,
    ) -> Connecting<P> {
        self.tasks.core.assert_open();
        let event_loop = self.clone();
        Box::pin(async move {
            let wire = wire(File::from(pipe), ways)?;
            let protocol = Rc::new(factory());
            let ends = (wire, ways);
            let transport = made(&event_loop, ends, protocol.clone().erased(), made_at).await;
            Ok((transport, protocol))
        })
    }
}

type Connecting<P> = Pin<Box<dyn Future<Output = io::Result<(Transport, Rc<P>)>>>>;

fn wire(pipe: File, ways: Ways) -> io::Result<Rc<dyn Wire>> {
    let kind = pipe.metadata()?.file_type();
    if !(kind.is_fifo() || kind.is_socket() || kind.is_char_device()) {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "Pipe transport is for pipes/sockets only: use `asyncio::fs` for files",
        ));
    }
    // Of a terminal, the other end can't be watched so.
    let watches = !kind.is_char_device();
    Ok(match ways {
        Ways::Writing => Rc::new(WritingEnd::new(pipe, watches)?),
        _ => Rc::new(ReadingEnd::new(pipe)?),
    })
}
