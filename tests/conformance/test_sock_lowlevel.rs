//! `test_sock_lowlevel.py`, of Python 3.11. Servers are threads with the standard library's sockets.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::thread::{self, JoinHandle};

use async_io::Async;
use asyncio::{EventLoop, create_task, new_event_loop, timeout, wait_for, yield_now};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::support::{LONG, SHORT, panic_of};

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const HUGE: usize = 1_000_000;

/// Answers one request of HTTP/1.0, and gives back the body of a POST while it comes.
fn answer(stream: impl Read + Write) {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    stream.get_mut().write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
    if length == 0 {
        return stream.get_mut().write_all(b"Test message").unwrap();
    }
    while length > 0 {
        let chunk = stream.fill_buf().unwrap().to_vec();
        stream.get_mut().write_all(&chunk).unwrap();
        stream.consume(chunk.len());
        length -= chunk.len();
    }
}

/// A server for so many connections.
fn serve(connections: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = move || {
        for _ in 0..connections {
            answer(listener.accept().unwrap().0);
        }
    };
    (address, thread::spawn(server))
}

/// Gives back the datagrams it is sent.
fn echo_datagrams(count: usize) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let server = move || {
        let mut buffer = [0; 8192];
        for _ in 0..count {
            let (length, sender) = socket.recv_from(&mut buffer).unwrap();
            socket.send_to(&buffer[..length], sender).unwrap();
        }
    };
    (address, thread::spawn(server))
}

fn new_socket(domain: Domain) -> Async<Socket> {
    Async::new(Socket::new(domain, Type::STREAM, None).unwrap()).unwrap()
}

fn datagram_socket() -> Async<UdpSocket> {
    Async::<UdpSocket>::bind(([127, 0, 0, 1], 0)).unwrap()
}

/// In debug mode, calls on a socket that blocks fail.
fn assert_blocking_sockets_fail(event_loop: &EventLoop, domain: Domain, address: &SockAddr) {
    event_loop.set_debug(true);
    let socket = Async::new_nonblocking(Socket::new(domain, Type::STREAM, None).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Async::new_nonblocking(listener).unwrap();
    let panics = [
        panic_of(|| {
            event_loop.run_until_complete(event_loop.sock_connect(&socket, address.clone()))
        }),
        panic_of(|| event_loop.run_until_complete(event_loop.sock_sendall(&socket, REQUEST))),
        panic_of(|| event_loop.run_until_complete(event_loop.sock_recv(&socket, 1024))),
        panic_of(|| event_loop.run_until_complete(event_loop.sock_recv_into(&socket, &mut []))),
        panic_of(|| event_loop.run_until_complete(event_loop.sock_accept(&listener))),
    ];
    for panic in panics {
        assert!(panic.starts_with("the socket must be non-blocking"), "{panic}");
    }
    event_loop.set_debug(false);
}

fn client_ops(event_loop: &EventLoop, domain: Domain, address: &SockAddr) {
    assert_blocking_sockets_fail(event_loop, domain, address);
    let socket = new_socket(domain);
    event_loop.run_until_complete(async {
        event_loop.sock_connect(&socket, address.clone()).await.unwrap();
        event_loop.sock_sendall(&socket, REQUEST).await.unwrap();
        let data = event_loop.sock_recv(&socket, 1024).await.unwrap();
        event_loop.sock_recv(&socket, 1024).await.unwrap();
        assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    });
}

fn recv_into(event_loop: &EventLoop, domain: Domain, address: &SockAddr) {
    let socket = new_socket(domain);
    event_loop.run_until_complete(async {
        event_loop.sock_connect(&socket, address.clone()).await.unwrap();
        event_loop.sock_sendall(&socket, REQUEST).await.unwrap();
        let mut data = [0; 1024];
        let length = event_loop.sock_recv_into(&socket, &mut data).await.unwrap();
        event_loop.sock_recv_into(&socket, &mut data[length..]).await.unwrap();
        assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    });
}

#[test]
fn test_sock_client_ops() {
    let event_loop = new_event_loop();
    let (address, server) = serve(2);
    client_ops(&event_loop, Domain::IPV4, &address.into());
    recv_into(&event_loop, Domain::IPV4, &address.into());
    server.join().unwrap();
    event_loop.close();
}

#[test]
fn test_unix_sock_client_ops() {
    let event_loop = new_event_loop();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            answer(listener.accept().unwrap().0);
        }
    });
    let address = SockAddr::unix(&path).unwrap();
    client_ops(&event_loop, Domain::UNIX, &address);
    recv_into(&event_loop, Domain::UNIX, &address);
    server.join().unwrap();
    event_loop.close();
}

async fn recv_racing(event_loop: EventLoop, address: SocketAddr) {
    let socket = Rc::new(new_socket(Domain::IPV4));
    event_loop.sock_connect(&socket, address).await.unwrap();
    let (waiting, this) = (socket.clone(), event_loop.clone());
    let task = create_task(async move { this.sock_recv(&waiting, 1024).await });
    yield_now().await;
    task.cancel();

    let (sending, this) = (socket.clone(), event_loop.clone());
    create_task(async move { this.sock_sendall(&sending, REQUEST).await.unwrap() }).detach();
    let data = event_loop.sock_recv(&socket, 1024).await.unwrap();
    event_loop.sock_recv(&socket, 1024).await.unwrap();
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    assert!(task.await.unwrap_err().is_cancelled());
}

async fn recv_into_racing(event_loop: EventLoop, address: SocketAddr) {
    let socket = Rc::new(new_socket(Domain::IPV4));
    event_loop.sock_connect(&socket, address).await.unwrap();
    let (waiting, this) = (socket.clone(), event_loop.clone());
    let task = create_task(async move {
        let mut data = [0; 1024];
        this.sock_recv_into(&waiting, &mut data).await
    });
    yield_now().await;
    task.cancel();

    let (sending, this) = (socket.clone(), event_loop.clone());
    let sent = create_task(async move { this.sock_sendall(&sending, REQUEST).await });
    let mut data = [0; 1024];
    let length = event_loop.sock_recv_into(&socket, &mut data).await.unwrap();
    event_loop.sock_recv_into(&socket, &mut data[length..]).await.unwrap();
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    sent.await.unwrap().unwrap();
}

/// Fills the socket's buffer, until nothing at all fits in any more.
fn fill(socket: &Socket) {
    let mut size = 8192;
    while size >= 4 {
        let error = loop {
            if let Err(error) = socket.send(&vec![b' '; size]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        size /= 2;
    }
}

async fn send_racing(event_loop: EventLoop) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Rc::new(new_socket(Domain::IPV4));
    socket.get_ref().set_send_buffer_size(1024).unwrap();
    event_loop.sock_connect(&socket, listener.local_addr().unwrap()).await.unwrap();
    let server = Async::new(listener.accept().unwrap().0).unwrap();
    fill(socket.get_ref());

    // A `sock_sendall` that is blocked is cancelled.
    let (sending, this) = (socket.clone(), event_loop.clone());
    let task = create_task(async move { this.sock_sendall(&sending, b"hello").await });
    yield_now().await;
    task.cancel();

    let this = event_loop.clone();
    let received = create_task(async move {
        let mut received = Vec::new();
        loop {
            let data = this.sock_recv(&server, 8192).await.unwrap();
            if data.is_empty() {
                return received;
            }
            received.extend(data.into_iter().filter(|byte| *byte != b' '));
        }
    });
    event_loop.sock_sendall(&socket, b"world").await.unwrap();
    socket.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(received.await.unwrap(), b"world");
}

#[test]
fn test_sock_client_racing() {
    let event_loop = new_event_loop();
    let (address, server) = serve(2);
    event_loop.run_until_complete(async {
        wait_for(recv_racing(event_loop.clone(), address), LONG).await.unwrap();
        wait_for(recv_into_racing(event_loop.clone(), address), LONG).await.unwrap();
        wait_for(send_racing(event_loop.clone()), LONG).await.unwrap();
    });
    server.join().unwrap();
    event_loop.close();
}

/// A cancelled attempt doesn't spoil the socket: the next one connects.
#[test]
fn test_sock_client_connect_racing() {
    let event_loop = new_event_loop();
    let listener = new_socket(Domain::IPV4);
    listener.get_ref().bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let racing = async {
        let socket = Rc::new(new_socket(Domain::IPV4));
        let (connecting, this, to) = (socket.clone(), event_loop.clone(), address.clone());
        let task = create_task(async move { this.sock_connect(&connecting, to).await });
        yield_now().await;
        task.cancel();
        listener.get_ref().listen(1).unwrap();
        // The first one may still tell that nobody listened.
        for _ in 0..128 {
            match event_loop.sock_connect(&socket, address.clone()).await {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                result => return result,
            }
        }
        panic!("it never connected");
    };
    event_loop.run_until_complete(wait_for(racing, LONG)).unwrap().unwrap();
    event_loop.close();
}

/// The byte that stands at `position` in what was sent.
fn expected(position: usize) -> u8 {
    b"0123456789"[position % 10]
}

/// Sends a huge body and checks what comes back, as `receive` receives it.
async fn huge_content(
    event_loop: &EventLoop,
    address: SocketAddr,
    mut receive: impl AsyncFnMut(&Async<Socket>) -> Vec<u8>,
) {
    let socket = Rc::new(new_socket(Domain::IPV4));
    event_loop.sock_connect(&socket, address).await.unwrap();
    let head = format!("POST /loop HTTP/1.0\r\nContent-Length: {HUGE}\r\n\r\n");
    event_loop.sock_sendall(&socket, head.as_bytes()).await.unwrap();
    let (sending, this) = (socket.clone(), event_loop.clone());
    let sent = create_task(async move {
        let chunk: Vec<u8> = (0..HUGE).map(expected).collect();
        this.sock_sendall(&sending, &chunk).await.unwrap();
    });

    let mut data = receive(&socket).await;
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    let end_of_head = b"\r\n\r\n";
    while !data.windows(4).any(|window| window == end_of_head) {
        data.extend(receive(&socket).await);
    }
    let head = data.windows(4).position(|window| window == end_of_head).unwrap() + 4;
    let mut position = 0;
    data.drain(..head);
    loop {
        for byte in &data {
            assert_eq!(*byte, expected(position));
            position += 1;
        }
        data = receive(&socket).await;
        if data.is_empty() {
            break;
        }
    }
    assert_eq!(position, HUGE);
    sent.await.unwrap();
}

#[test]
fn test_huge_content() {
    let event_loop = new_event_loop();
    let (address, server) = serve(1);
    event_loop.run_until_complete(huge_content(&event_loop, address, async |socket| {
        event_loop.sock_recv(socket, HUGE).await.unwrap()
    }));
    server.join().unwrap();
    event_loop.close();
}

#[test]
fn test_huge_content_recvinto() {
    let event_loop = new_event_loop();
    let (address, server) = serve(1);
    let mut buffer = vec![0; HUGE];
    event_loop.run_until_complete(huge_content(&event_loop, address, async |socket| {
        let length = event_loop.sock_recv_into(socket, &mut buffer).await.unwrap();
        buffer[..length].to_vec()
    }));
    server.join().unwrap();
    event_loop.close();
}

#[test]
fn test_recvfrom() {
    let event_loop = new_event_loop();
    let (address, server) = echo_datagrams(1);
    let (socket, data) = (datagram_socket(), [1; 4096]);
    event_loop.run_until_complete(async {
        event_loop.sock_sendto(&socket, &data, &address).await.unwrap();
        let (received, sender) = event_loop.sock_recvfrom(&socket, 4096).await.unwrap();
        assert_eq!((received.as_slice(), sender), (&data[..], address));
    });
    server.join().unwrap();
    event_loop.close();
}

#[test]
fn test_recvfrom_into() {
    let event_loop = new_event_loop();
    let (address, server) = echo_datagrams(2);
    let (socket, data) = (datagram_socket(), [1; 4096]);
    event_loop.run_until_complete(async {
        let mut buffer = [0; 4096];
        event_loop.sock_sendto(&socket, &data, &address).await.unwrap();
        let received = event_loop.sock_recvfrom_into(&socket, &mut buffer).await.unwrap();
        assert_eq!((received, buffer), ((4096, address), data));

        let mut buffer = [0; 8192];
        event_loop.sock_sendto(&socket, &data, &address).await.unwrap();
        let received = event_loop.sock_recvfrom_into(&socket, &mut buffer[..4096]).await.unwrap();
        assert_eq!(received, (4096, address));
        assert_eq!(buffer[..4096], data);
    });
    server.join().unwrap();
    event_loop.close();
}

/// Python makes `sendto` fail once. Here, a Unix socket's queue is full.
#[test]
fn test_sendto_blocking() {
    use std::os::unix::net::UnixDatagram;

    let event_loop = new_event_loop();
    let folder = tempfile::tempdir().unwrap();
    let receiver = UnixDatagram::bind(folder.path().join("receiver")).unwrap();
    let address = receiver.local_addr().unwrap();
    let sender = Async::<UnixDatagram>::unbound().unwrap();
    while sender.get_ref().send_to_addr(b"before", &address).is_ok() {}
    event_loop.run_until_complete(async {
        let sending = event_loop.sock_sendto(&sender, b"after", &address);
        let mut sending = std::pin::pin!(sending);
        assert!(timeout(SHORT, sending.as_mut()).await.is_err());
        let mut buffer = [0; 16];
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 6);
        assert_eq!(sending.await.unwrap(), 5);
    });
    event_loop.close();
}

#[test]
fn test_sock_client_fail() {
    let event_loop = new_event_loop();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = new_socket(Domain::IPV4);
    let error =
        event_loop.run_until_complete(event_loop.sock_connect(&socket, unused)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().starts_with(&format!("cannot connect to {unused}: ")), "{error}");
    event_loop.close();
}

#[test]
fn test_sock_accept() {
    let event_loop = new_event_loop();
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let client = TcpStream::connect(listener.get_ref().local_addr().unwrap()).unwrap();
    let (connection, address) =
        event_loop.run_until_complete(event_loop.sock_accept(&listener)).unwrap();
    let would_block = (&mut connection.get_ref()).read(&mut [0; 1]).unwrap_err();
    assert_eq!(would_block.kind(), ErrorKind::WouldBlock);
    assert_eq!(address, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), listener.get_ref().local_addr().unwrap());
    event_loop.close();
}

#[test]
fn test_cancel_sock_accept() {
    let event_loop = new_event_loop();
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let accepting = wait_for(event_loop.sock_accept(&listener), SHORT);
    assert!(event_loop.run_until_complete(accepting).is_err());
    drop(listener);
    let client = new_socket(Domain::IPV4);
    let error =
        event_loop.run_until_complete(event_loop.sock_connect(&client, address)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    event_loop.close();
}
