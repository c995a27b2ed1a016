//! What a user has of a connection that tells a protocol. Mirrors `asyncio.Transport`.

use std::any::Any;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;

use super::connection::{Connection, Ways};
use super::protocols::AnyProtocol;
#[cfg(feature = "tls")]
use crate::net::tls::TlsInfo;

/// A connection that tells its protocol what comes in. Mirrors `asyncio.Transport`; made by
/// [`create_connection`](crate::EventLoop::create_connection),
/// [`create_server`](crate::EventLoop::create_server) and their kin.
///
/// A clone is another handle to the same connection. It lives until it is closed, by either side, whatever
/// handles are dropped. A loop that is closed before that closes it too, and calls no protocol; in debug
/// mode it says so.
///
/// ```
/// use asyncio::{Protocol, Transport};
///
/// struct Hello;
///
/// impl Protocol for Hello {
///     fn connection_made(&self, transport: Transport) {
///         transport.write(b"hello\n");
///         transport.close();
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let server = event_loop.create_server(|| Hello, ("127.0.0.1", 0)).await?;
///     let address = server.local_addrs()[0];
///     let said = asyncio::to_thread(move || {
///         std::io::read_to_string(std::net::TcpStream::connect(address)?)
///     });
///     assert_eq!(said.await?, "hello\n");
///     server.close();
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct Transport {
    pub(super) connection: Rc<Connection>,
}

impl Transport {
    /// Sends some bytes. Mirrors `write(data)`.
    ///
    /// What the system doesn't take at once is buffered; `pause_writing` says when that is much. After
    /// `close`, nothing is sent; from the sixth time on, standard error says so.
    ///
    /// # Panics
    ///
    /// After `write_eof`, while `sendfile` is in progress, and when the transport only reads.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// use std::io::Read;
    ///
    /// transport.write(b"hello");
    /// transport.write(b" world");
    /// let mut said = [0; 11];
    /// (&peer).read_exact(&mut said)?;
    /// assert_eq!(&said, b"hello world");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn write(&self, data: &[u8]) {
        self.assert_writes();
        assert!(
            !self.connection.is_lent.get(),
            "unable to write; sendfile or start_tls is in progress: await it first"
        );
        self.connection.outbox.write(data);
    }

    /// Sends all of these, as if they were one. Mirrors `writelines(list_of_data)`.
    ///
    /// # Panics
    ///
    /// As [`write`](Transport::write).
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// use std::io::Read;
    ///
    /// transport.writelines(["one\n", "two\n"]);
    /// let mut said = [0; 8];
    /// (&peer).read_exact(&mut said)?;
    /// assert_eq!(&said, b"one\ntwo\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn writelines(&self, lines: impl IntoIterator<Item: AsRef<[u8]>>) {
        let mut data = Vec::new();
        for line in lines {
            data.extend_from_slice(line.as_ref());
        }
        self.write(&data);
    }

    /// Ends our side behind what was written: the peer reads to the end, and may go on writing. Mirrors
    /// `write_eof()`. A second time, and after `close`, nothing happens.
    ///
    /// Of a pipe, it is the same as [`close`](Transport::close).
    ///
    /// # Panics
    ///
    /// When the transport can't, as over TLS, and when it only reads.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.write(b"question");
    /// transport.write_eof();
    /// assert_eq!(std::io::read_to_string(&peer)?, "question");
    /// assert!(!transport.is_closing());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn write_eof(&self) {
        self.assert_writes();
        assert!(
            self.can_write_eof(),
            "write_eof() is not possible on this connection: over TLS, `close()` ends both sides"
        );
        self.connection.outbox.write_eof();
    }

    /// Whether our side can be ended by itself: not over TLS. Mirrors `can_write_eof()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert!(transport.can_write_eof());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn can_write_eof(&self) -> bool {
        self.connection.outbox.wire().can_write_eof()
    }

    /// Closes the connection, when what is buffered has been sent: no more is received, and
    /// `connection_lost(None)` is called in a later turn. A second time, nothing happens. Mirrors `close()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.close();
    /// transport.close();
    /// assert!(transport.is_closing());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn close(&self) {
        self.connection.outbox.close();
    }

    /// Closes the connection now; what is buffered is dropped. Mirrors `abort()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.abort();
    /// assert!(transport.is_closing());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn abort(&self) {
        self.connection.outbox.abort();
    }

    /// Whether it was closed, by us or because of an error. Mirrors `is_closing()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert!(!transport.is_closing());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn is_closing(&self) -> bool {
        self.connection.outbox.is_closing()
    }

    /// Receives no more until [`resume_reading`](Transport::resume_reading): the peer finds out when the
    /// system's buffers are full. Mirrors `pause_reading()`. While it is paused or closing, nothing happens.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.pause_reading();
    /// assert!(!transport.is_reading());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn pause_reading(&self) {
        self.connection.pause_reading();
    }

    /// Goes on receiving. Mirrors `resume_reading()`. When it wasn't paused, nothing happens.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.pause_reading();
    /// transport.resume_reading();
    /// assert!(transport.is_reading());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn resume_reading(&self) {
        self.connection.resume_reading();
    }

    /// Whether it receives: not paused, nor closing. Mirrors `is_reading()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert!(transport.is_reading());
    /// transport.close();
    /// assert!(!transport.is_reading());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn is_reading(&self) -> bool {
        self.connection.is_reading()
    }

    /// When to call `pause_writing` and `resume_writing`: above 64 KiB and at 16 KiB, at first. One that is
    /// not given is a quarter of the other, or four times as much. Mirrors
    /// `set_write_buffer_limits(high, low)`.
    ///
    /// # Panics
    ///
    /// When `high` is below `low`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.set_write_buffer_limits(Some(4096), None);
    /// assert_eq!(transport.get_write_buffer_limits(), (1024, 4096));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn set_write_buffer_limits(&self, high: Option<usize>, low: Option<usize>) {
        self.connection.outbox.set_limits(high, low);
    }

    /// The limits, `(low, high)`. Mirrors `get_write_buffer_limits()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert_eq!(transport.get_write_buffer_limits(), (16 * 1024, 64 * 1024));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn get_write_buffer_limits(&self) -> (usize, usize) {
        let (high, low) = self.connection.outbox.limits();
        (low, high)
    }

    /// How many bytes wait to be sent. Mirrors `get_write_buffer_size()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// transport.write(b"hello");
    /// assert_eq!(transport.get_write_buffer_size(), 0, "the system took it");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn get_write_buffer_size(&self) -> usize {
        self.connection.outbox.len()
    }

    /// Our address, also after the connection's end. Mirrors `get_extra_info('sockname')`.
    ///
    /// # Errors
    ///
    /// Of a Unix socket or a pipe, which has none.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert_eq!(transport.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.connection.local.ok_or_else(no_address)
    }

    /// The peer's address, also after the connection's end. Mirrors `get_extra_info('peername')`.
    ///
    /// # Errors
    ///
    /// Of a Unix socket or a pipe, which has none.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// assert_eq!(transport.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "get_extra_info")]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.connection.peer.ok_or_else(no_address)
    }

    /// What TLS has agreed on; `None` without TLS, and of a connection that is over. Mirrors
    /// `get_extra_info('ssl_object')`. With the feature `tls`.
    ///
    /// ```no_run
    /// # fn shown(transport: &asyncio::Transport) {
    /// let info = transport.tls_info().expect("it was connected with TLS");
    /// assert_eq!(info.version(), "TLSv1.3");
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[doc(alias = "get_extra_info")]
    pub fn tls_info(&self) -> Option<TlsInfo> {
        self.connection.outbox.wire().tls()
    }

    /// Puts another protocol into the place of the one there is; what comes in from now on is told to it.
    /// `connection_made` is not called. Mirrors `set_protocol(protocol)`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// struct Other;
    /// impl asyncio::Protocol for Other {}
    ///
    /// transport.set_protocol(std::rc::Rc::new(Other));
    /// assert!(transport.get_protocol::<Other>().is_some());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_protocol<Kind>(&self, protocol: Rc<impl AnyProtocol<Kind>>) {
        self.connection.set_protocol(protocol.erased());
    }

    /// The protocol, if it is a `P`; none when the connection is over. Mirrors `get_protocol()`.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let _peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// let ignore = transport.get_protocol::<Ignore>();
    /// assert!(ignore.is_some());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn get_protocol<P: Any>(&self) -> Option<Rc<P>> {
        self.connection.protocol().and_then(|protocol| protocol.downcast())
    }

    #[track_caller]
    pub(super) fn assert_writes(&self) {
        assert!(
            self.connection.ways != Ways::Reading,
            "the transport only reads: connect_write_pipe makes one that writes"
        );
    }
}

fn no_address() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "this stream has no internet address")
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.connection, f)
    }
}
