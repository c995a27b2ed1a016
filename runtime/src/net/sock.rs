//! The loop's own calls on sockets: `sock_recv` and its kin. Mirrors those of `asyncio.selector_events`.
//!
//! What must hold: a call waits until the socket is ready and then makes one system call, with no await between
//! the two. So a call that is cancelled has taken and sent nothing. (The two that send all there is can't hold to
//! that; they say so.) Several tasks may wait for one socket.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::{self as unix, UnixDatagram, UnixListener, UnixStream};

use async_io::Async;
use socket2::{SockAddr, SockRef};

use crate::event_loop::EventLoop;

impl EventLoop {
    /// Receives up to `max` bytes. None at all: the peer has ended its side.
    /// Mirrors `loop.sock_recv(sock, nbytes)`.
    ///
    /// A socket is whatever the crate `socket2` takes for one: a `TcpStream`, a `UnixStream`, a connected
    /// `UdpSocket`, a `socket2::Socket`. [`Async`] makes it non-blocking and lets the loop wait for it.
    ///
    /// # Errors
    ///
    /// What the system says: the peer has reset the connection, say.
    ///
    /// # Panics
    ///
    /// In debug mode, when the socket blocks.
    ///
    /// # Cancel safety
    ///
    /// Yes: nothing was received.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// use async_io::Async;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut peer = TcpStream::connect(listener.local_addr()?)?;
    /// let socket = Async::new(listener.accept()?.0)?;
    /// peer.write_all(b"hello")?;
    /// let event_loop = asyncio::new_event_loop();
    /// let data = event_loop.run_until_complete(event_loop.sock_recv(&socket, 1024))?;
    /// assert_eq!(data, b"hello");
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_recv<T>(&self, socket: &Async<T>, max: usize) -> io::Result<Vec<u8>>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        if max == 0 {
            return Ok(Vec::new());
        }
        self.check_non_blocking(socket);
        // The buffer is made when there is something for it.
        when_readable(socket, |socket| {
            let mut buffer = vec![0; max];
            let length = (&*SockRef::from(socket)).read(&mut buffer)?;
            Ok(cut(buffer, length))
        })
        .await
    }

    /// Receives into `buffer`; how many bytes. Mirrors `loop.sock_recv_into(sock, buf)`.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](EventLoop::sock_recv), whose panics and cancel safety it shares.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::os::unix::net::UnixStream;
    ///
    /// use async_io::Async;
    ///
    /// let (ours, theirs) = Async::<UnixStream>::pair()?;
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.run_until_complete(event_loop.sock_sendall(&theirs, b"hello"))?;
    /// let mut buffer = [0; 1024];
    /// let length = event_loop.run_until_complete(event_loop.sock_recv_into(&ours, &mut buffer))?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// event_loop.close();
    /// # }
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_recv_into<T>(&self, socket: &Async<T>, buffer: &mut [u8]) -> io::Result<usize>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        self.check_non_blocking(socket);
        when_readable(socket, |socket| (&*SockRef::from(socket)).read(buffer)).await
    }

    /// Receives a datagram of up to `max` bytes, and says who sent it. What is longer is cut off.
    /// Mirrors `loop.sock_recvfrom(sock, bufsize)`.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](EventLoop::sock_recv), whose panics and cancel safety it shares.
    ///
    /// ```
    /// use std::net::UdpSocket;
    ///
    /// use async_io::Async;
    ///
    /// let socket = Async::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// let own = socket.get_ref().local_addr()?;
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.run_until_complete(async {
    ///     event_loop.sock_sendto(&socket, b"hello", &own).await?;
    ///     assert_eq!(event_loop.sock_recvfrom(&socket, 1024).await?, (b"hello".to_vec(), own));
    ///     std::io::Result::Ok(())
    /// })?;
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_recvfrom<T: DatagramSocket>(
        &self,
        socket: &Async<T>,
        max: usize,
    ) -> io::Result<(Vec<u8>, T::Address)> {
        self.check_non_blocking(socket);
        when_readable(socket, |socket| {
            let mut buffer = vec![0; max];
            let (length, sender) = socket.receive_from(&mut buffer)?;
            Ok((cut(buffer, length), sender))
        })
        .await
    }

    /// Receives a datagram into `buffer`, and says who sent it. Mirrors `loop.sock_recvfrom_into(sock, buf)`.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](EventLoop::sock_recv), whose panics and cancel safety it shares.
    ///
    /// ```
    /// use std::net::UdpSocket;
    ///
    /// use async_io::Async;
    ///
    /// let socket = Async::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// let own = socket.get_ref().local_addr()?;
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.run_until_complete(async {
    ///     event_loop.sock_sendto(&socket, b"hello", &own).await?;
    ///     let mut buffer = [0; 1024];
    ///     let (length, sender) = event_loop.sock_recvfrom_into(&socket, &mut buffer).await?;
    ///     assert_eq!((&buffer[..length], sender), (&b"hello"[..], own));
    ///     std::io::Result::Ok(())
    /// })?;
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_recvfrom_into<T: DatagramSocket>(
        &self,
        socket: &Async<T>,
        buffer: &mut [u8],
    ) -> io::Result<(usize, T::Address)> {
        self.check_non_blocking(socket);
        when_readable(socket, |socket| socket.receive_from(buffer)).await
    }

    /// Sends all of `data`. Mirrors `loop.sock_sendall(sock, data)`.
    ///
    /// # Errors
    ///
    /// What the system says. How much was sent before is not known.
    ///
    /// # Panics
    ///
    /// In debug mode, when the socket blocks.
    ///
    /// # Cancel safety
    ///
    /// No: a part may have been sent, and nobody knows how much.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    ///
    /// use async_io::Async;
    ///
    /// let (ours, mut theirs) = UnixStream::pair()?;
    /// let ours = Async::new(ours)?;
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.run_until_complete(event_loop.sock_sendall(&ours, b"hello"))?;
    /// event_loop.close();
    /// drop(ours);
    /// assert_eq!(std::io::read_to_string(theirs)?, "hello");
    /// # }
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_sendall<T>(&self, socket: &Async<T>, data: &[u8]) -> io::Result<()>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        self.check_non_blocking(socket);
        let mut rest = data;
        while !rest.is_empty() {
            rest = match SockRef::from(socket.get_ref()).send(rest) {
                Ok(sent) => &rest[sent..],
                Err(error) if is_to_be_repeated(&error) => rest,
                Err(error) => return Err(error),
            };
            // Also where there is room at once: a peer who reads fast must not keep the loop.
            if !rest.is_empty() {
                socket.writable().await?;
            }
        }
        Ok(())
    }

    /// Sends a datagram to `address`. Mirrors `loop.sock_sendto(sock, data, address)`.
    ///
    /// The address of a Unix socket is a [`SocketAddr` of its own](std::os::unix::net::SocketAddr).
    ///
    /// # Errors
    ///
    /// What the system says: the datagram is too long, say.
    ///
    /// # Panics
    ///
    /// In debug mode, when the socket blocks.
    ///
    /// # Cancel safety
    ///
    /// Yes: nothing was sent.
    ///
    /// ```
    /// use std::net::UdpSocket;
    ///
    /// use async_io::Async;
    ///
    /// let (ours, theirs) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    /// let address = theirs.local_addr()?;
    /// let event_loop = asyncio::new_event_loop();
    /// let ours = Async::new(ours)?;
    /// let sent = event_loop.run_until_complete(event_loop.sock_sendto(&ours, b"hello", &address))?;
    /// assert_eq!(sent, 5);
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_sendto<T: DatagramSocket>(
        &self,
        socket: &Async<T>,
        data: &[u8],
        address: &T::Address,
    ) -> io::Result<usize> {
        self.check_non_blocking(socket);
        loop {
            match socket.get_ref().transmit_to(data, address) {
                Err(error) if is_to_be_repeated(&error) => socket.writable().await?,
                result => return result,
            }
        }
    }

    /// Connects a socket that isn't connected. Mirrors `loop.sock_connect(sock, address)`.
    ///
    /// A `TcpStream` is connected from the start; the crate `socket2` makes sockets that are not, to set
    /// options first. Where there are none to set, `Async::<TcpStream>::connect(address)` does it all.
    /// The address is an address, no name: [`getaddrinfo`](EventLoop::getaddrinfo) finds those of a name.
    ///
    /// # Errors
    ///
    /// What the system says: nobody listens there, say.
    ///
    /// # Panics
    ///
    /// In debug mode, when the socket blocks.
    ///
    /// # Cancel safety
    ///
    /// Yes: the attempt goes on, and another call waits for it.
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// use async_io::Async;
    /// use socket2::{Domain, Socket, Type};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let socket = Async::new(Socket::new(Domain::IPV4, Type::STREAM, None)?)?;
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.run_until_complete(event_loop.sock_connect(&socket, listener.local_addr()?))?;
    /// event_loop.close();
    /// let stream = TcpStream::from(socket.into_inner()?);
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_connect<T>(
        &self,
        socket: &Async<T>,
        address: impl Into<SockAddr>,
    ) -> io::Result<()>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        self.check_non_blocking(socket);
        let address = address.into();
        let failed = |error: io::Error| {
            let message = format!("cannot connect to {}: {error}", shown(&address));
            io::Error::new(error.kind(), message)
        };
        match SockRef::from(socket.get_ref()).connect(&address) {
            Ok(()) => return Ok(()),
            Err(error) if is_under_way(&error) => {}
            Err(error) => return Err(failed(error)),
        }
        socket.writable().await?;
        match SockRef::from(socket.get_ref()).take_error()? {
            Some(error) => Err(failed(error)),
            None => Ok(()),
        }
    }

    /// Accepts a connection: the new socket, and who connected. Mirrors `loop.sock_accept(sock)`.
    ///
    /// # Errors
    ///
    /// What the system says: there are too many open descriptors, say.
    ///
    /// # Panics
    ///
    /// In debug mode, when the listener blocks.
    ///
    /// # Cancel safety
    ///
    /// Yes: no connection is lost.
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// use async_io::Async;
    ///
    /// let listener = Async::new(TcpListener::bind("127.0.0.1:0")?)?;
    /// let client = TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// let event_loop = asyncio::new_event_loop();
    /// let (_socket, address) = event_loop.run_until_complete(event_loop.sock_accept(&listener))?;
    /// event_loop.close();
    /// assert_eq!(address, client.local_addr()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_accept<T: ListeningSocket>(
        &self,
        listener: &Async<T>,
    ) -> io::Result<(Async<T::Stream>, T::Address)> {
        self.check_non_blocking(listener);
        when_readable(listener, T::accept_one).await
    }

    /// Python's debug mode says "the socket must be non-blocking".
    pub(super) fn check_non_blocking<T>(&self, socket: &Async<T>)
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        #[cfg(unix)]
        assert!(
            !self.is_debug() || SockRef::from(socket.get_ref()).nonblocking().unwrap_or(true),
            "the socket must be non-blocking: wrap it with `Async::new`"
        );
        #[cfg(not(unix))]
        let _ = socket;
    }
}

/// A socket for datagrams: a `UdpSocket`, a `UnixDatagram`.
///
/// ```
/// fn takes<T: asyncio::DatagramSocket>(socket: &async_io::Async<T>) {
///     # let _ = socket;
/// }
/// takes(&async_io::Async::<std::net::UdpSocket>::bind(([127, 0, 0, 1], 0))?);
/// # std::io::Result::Ok(())
/// ```
pub trait DatagramSocket: sealed::Socket {
    /// What says where a datagram goes to or comes from.
    type Address;

    #[doc(hidden)]
    fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, Self::Address)>;

    #[doc(hidden)]
    fn transmit_to(&self, data: &[u8], address: &Self::Address) -> io::Result<usize>;
}

/// A socket that listens: a `TcpListener`, a `UnixListener`.
///
/// ```
/// fn takes<T: asyncio::ListeningSocket>(listener: &async_io::Async<T>) {
///     # let _ = listener;
/// }
/// takes(&async_io::Async::<std::net::TcpListener>::bind(([127, 0, 0, 1], 0))?);
/// # std::io::Result::Ok(())
/// ```
pub trait ListeningSocket: sealed::Socket {
    /// What it accepts.
    type Stream;
    /// What says who connected.
    type Address;

    #[doc(hidden)]
    fn accept_one(&self) -> io::Result<(Async<Self::Stream>, Self::Address)>;
}

mod sealed {
    #[cfg(unix)]
    pub trait Socket: std::os::fd::AsFd {}
    #[cfg(windows)]
    pub trait Socket: std::os::windows::io::AsSocket {}

    impl Socket for std::net::UdpSocket {}
    impl Socket for std::net::TcpListener {}
    #[cfg(unix)]
    impl Socket for std::os::unix::net::UnixDatagram {}
    #[cfg(unix)]
    impl Socket for std::os::unix::net::UnixListener {}
}

impl DatagramSocket for UdpSocket {
    type Address = SocketAddr;

    fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.recv_from(buffer)
    }

    fn transmit_to(&self, data: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.send_to(data, address)
    }
}

#[cfg(unix)]
impl DatagramSocket for UnixDatagram {
    type Address = unix::SocketAddr;

    fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, unix::SocketAddr)> {
        self.recv_from(buffer)
    }

    fn transmit_to(&self, data: &[u8], address: &unix::SocketAddr) -> io::Result<usize> {
        self.send_to_addr(data, address)
    }
}

impl ListeningSocket for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn accept_one(&self) -> io::Result<(Async<TcpStream>, SocketAddr)> {
        let (stream, address) = self.accept()?;
        Ok((Async::new(stream)?, address))
    }
}

#[cfg(unix)]
impl ListeningSocket for UnixListener {
    type Stream = UnixStream;
    type Address = unix::SocketAddr;

    fn accept_one(&self) -> io::Result<(Async<UnixStream>, unix::SocketAddr)> {
        let (stream, address) = self.accept()?;
        Ok((Async::new(stream)?, address))
    }
}

/// Calls `operation` once the socket can be read, until it has something.
async fn when_readable<T, R>(
    socket: &Async<T>,
    mut operation: impl FnMut(&T) -> io::Result<R>,
) -> io::Result<R> {
    loop {
        socket.readable().await?;
        match operation(socket.get_ref()) {
            // Somebody else was faster.
            Err(error) if is_to_be_repeated(&error) => {}
            result => return result,
        }
    }
}

pub(super) fn is_to_be_repeated(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// What a connect that doesn't block says while it goes on, the first time and later.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    return rustix::io::Errno::from_io_error(error).is_some_and(|errno| {
        use rustix::io::Errno;
        [Errno::INPROGRESS, Errno::ALREADY, Errno::INTR, Errno::AGAIN].contains(&errno)
    });
    #[cfg(not(unix))]
    return is_to_be_repeated(error);
}

fn shown(address: &SockAddr) -> String {
    if let Some(address) = address.as_socket() {
        return address.to_string();
    }
    #[cfg(unix)]
    if let Some(path) = address.as_pathname() {
        return path.display().to_string();
    }
    format!("{address:?}")
}

/// The first `length` bytes, without the memory of the rest.
fn cut(mut buffer: Vec<u8>, length: usize) -> Vec<u8> {
    buffer.truncate(length);
    buffer.shrink_to_fit();
    buffer
}
