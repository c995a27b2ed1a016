//! `test_events.py`, of Python 3.11: the cases of connections, servers and pipes. Those over TLS are in
//! `test_events_tls.rs`.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use asyncio::{Protocol, Transport, new_event_loop};

use super::transport_support::{Recorder, event_loop, turns, until};

/// What a factory of a server has made.
type Made = Rc<RefCell<Vec<Rc<Recorder>>>>;

fn factory() -> (Made, impl Fn() -> Rc<Recorder>) {
    let made = Made::default();
    let of_factory = made.clone();
    let factory = move || {
        let recorder = Rc::new(Recorder::default());
        of_factory.borrow_mut().push(recorder.clone());
        recorder
    };
    (made, factory)
}

/// What the one connection of a server tells.
async fn connected(made: &Made) -> Rc<Recorder> {
    until(|| !made.borrow().is_empty()).await;
    let recorder = made.borrow()[0].clone();
    until(|| recorder.calls.transport.borrow().is_some()).await;
    recorder
}

fn transport_of(recorder: &Recorder) -> Transport {
    recorder.calls.transport.borrow().clone().unwrap()
}

/// A server that says something to each client, and closes.
struct Greeter;

impl Protocol for Greeter {
    fn connection_made(&self, transport: Transport) {
        transport.write(b"hello");
        transport.close();
    }
}

async fn sees_greeting(transport: Transport, protocol: Rc<Recorder>) {
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(*protocol.calls.received.borrow(), b"hello");
    transport.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_connection() {
    let server = event_loop().create_server(|| Greeter, ("127.0.0.1", 0)).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    let (transport, protocol) = connecting.await.unwrap();
    assert!(transport.local_addr().is_ok());
    sees_greeting(transport, protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_create_unix_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = event_loop().create_unix_server(|| Greeter, &path).await.unwrap();
    let connecting = event_loop().create_unix_connection(Recorder::default, &path);
    let (transport, protocol) = connecting.await.unwrap();
    sees_greeting(transport, protocol).await;
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_connection_local_addr() {
    let server = event_loop().create_server(|| Greeter, ("127.0.0.1", 0)).await.unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connecting =
        event_loop().create_connection(Recorder::default, server.local_addrs()).local_addr(free);
    let (transport, protocol) = connecting.await.unwrap();
    assert_eq!(transport.local_addr().unwrap(), free);
    sees_greeting(transport, protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_create_connection_local_addr_in_use() {
    let server = event_loop().create_server(|| Greeter, ("127.0.0.1", 0)).await.unwrap();
    let address = server.local_addrs()[0];
    let connecting = event_loop().create_connection(Recorder::default, address).local_addr(address);
    let error = connecting.await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[asyncio::test(clock = "virtual")]
async fn test_connect_accepted_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"test data").unwrap();
    let accepted = listener.accept().unwrap().0;
    let connecting = event_loop().connect_accepted_socket(Recorder::default, accepted);
    let (transport, protocol) = connecting.await.unwrap();
    until(|| !protocol.calls.received.borrow().is_empty()).await;
    transport.write(b"roger");
    let mut response = [0; 5];
    client.read_exact(&mut response).unwrap();
    drop(client);
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(*protocol.calls.received.borrow(), b"test data");
    assert_eq!(&response, b"roger");
}

#[asyncio::test(clock = "virtual")]
async fn test_create_server() {
    let (made, factory) = factory();
    let server = event_loop().create_server(factory, ("0.0.0.0", 0)).await.unwrap();
    let [address] = server.local_addrs()[..] else { panic!("one socket") };
    assert!(address.ip().is_unspecified());
    let mut client = TcpStream::connect(("127.0.0.1", address.port())).unwrap();
    client.write_all(b"xxx").unwrap();
    let protocol = connected(&made).await;
    until(|| protocol.calls.received.borrow().len() == 3).await;
    let transport = transport_of(&protocol);
    assert!(transport.local_addr().is_ok());
    assert_eq!(transport.peer_addr().unwrap(), client.local_addr().unwrap());
    transport.close();
    until(|| protocol.calls.is_lost.get()).await;
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_server_reuse_port() {
    let listen = || event_loop().create_server(Recorder::default, ("127.0.0.1", 0));
    let server = listen().await.unwrap();
    let second =
        event_loop().create_server(Recorder::default, server.local_addrs()).reuse_port(true);
    assert!(second.await.is_err(), "the first one doesn't share");
    server.close();

    let server = listen().reuse_port(true).await.unwrap();
    let second =
        event_loop().create_server(Recorder::default, server.local_addrs()).reuse_port(true);
    assert!(second.await.is_ok());
}

#[asyncio::test(clock = "virtual")]
async fn test_create_unix_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (made, factory) = factory();
    let server = event_loop().create_unix_server(factory, &path).await.unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"xxx").unwrap();
    let protocol = connected(&made).await;
    until(|| protocol.calls.received.borrow().len() == 3).await;
    transport_of(&protocol).close();
    until(|| protocol.calls.is_lost.get()).await;
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_server_sock() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (made, factory) = factory();
    let server = event_loop().create_server_on(factory, listener).await.unwrap();
    assert_eq!(server.local_addrs(), [address]);
    let mut client = TcpStream::connect(("127.0.0.1", address.port())).unwrap();
    client.write_all(b"xxx").unwrap();
    connected(&made).await;
    drop(client);
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_server_addr_in_use() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let server = event_loop().create_server_on(Recorder::default, listener).await.unwrap();
    let second = event_loop().create_server(Recorder::default, server.local_addrs());
    assert_eq!(second.await.err().unwrap().kind(), ErrorKind::AddrInUse);
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_create_server_dual_stack() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let (made, factory) = factory();
    let free = TcpListener::bind("[::]:0").unwrap().local_addr().unwrap().port();
    let server = event_loop().create_server(factory, ("", free)).await.unwrap();
    assert_eq!(server.local_addrs().len(), 2);
    TcpStream::connect(("127.0.0.1", free)).unwrap().write_all(b"xxx").unwrap();
    until(|| made.borrow().len() == 1).await;
    TcpStream::connect((Ipv6Addr::LOCALHOST, free)).unwrap().write_all(b"xxx").unwrap();
    until(|| made.borrow().len() == 2).await;
    server.close();
}

#[asyncio::test(clock = "virtual")]
async fn test_server_close() {
    let server = event_loop().create_server(Recorder::default, ("127.0.0.1", 0)).await.unwrap();
    let address = server.local_addrs()[0];
    TcpStream::connect(address).unwrap().write_all(b"xxx").unwrap();
    server.close();
    turns().await;
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[asyncio::test(clock = "virtual")]
async fn test_read_pipe() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let connecting = event_loop().connect_read_pipe(Recorder::default, reader);
    let (_transport, protocol) = connecting.await.unwrap();
    assert_eq!(protocol.calls.take(), ["made"]);

    writer.write_all(b"1").unwrap();
    until(|| protocol.calls.received.borrow().len() == 1).await;
    writer.write_all(b"2345").unwrap();
    until(|| protocol.calls.received.borrow().len() == 5).await;
    assert_eq!(protocol.calls.take(), ["data 1", "data 2345"]);

    drop(writer);
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(protocol.calls.take(), ["eof", "lost None"]);
}

#[test]
fn test_unclosed_pipe_transport() {
    let event_loop = new_event_loop();
    let (reader, writer) = std::io::pipe().unwrap();
    let connecting = event_loop.connect_read_pipe(Recorder::default, reader);
    let (read_transport, read_protocol) = event_loop.run_until_complete(connecting).unwrap();
    let connecting = event_loop.connect_write_pipe(Recorder::default, writer);
    let (write_transport, write_protocol) = event_loop.run_until_complete(connecting).unwrap();
    assert_eq!(format!("{read_transport:?}"), "<Transport bufsize=0>");
    event_loop.close();
    // Closed with the loop, and the protocols were not told.
    assert_eq!(format!("{read_transport:?}"), "<Transport closed bufsize=0>");
    assert_eq!(format!("{write_transport:?}"), "<Transport closed bufsize=0>");
    assert_eq!(read_protocol.calls.take(), ["made"]);
    assert_eq!(write_protocol.calls.take(), ["made"]);
}

#[asyncio::test(clock = "virtual")]
async fn test_write_pipe() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let connecting = event_loop().connect_write_pipe(Recorder::default, writer);
    let (transport, protocol) = connecting.await.unwrap();
    assert_eq!(protocol.calls.take(), ["made"]);

    transport.write(b"1");
    transport.write(b"2345");
    let mut data = [0; 5];
    reader.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"12345");

    drop(reader);
    transport.close();
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(protocol.calls.take(), ["lost None"]);
}

#[asyncio::test(clock = "virtual")]
async fn test_write_pipe_disconnect_on_close() {
    let (mut theirs, ours) = UnixStream::pair().unwrap();
    let connecting = event_loop().connect_write_pipe(Recorder::default, ours);
    let (transport, protocol) = connecting.await.unwrap();
    transport.write(b"1");
    let mut data = [0];
    theirs.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"1");
    drop(theirs);
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(protocol.calls.take(), ["made", "lost None"]);
}

/// A terminal's two ends, passing bytes on as they are.
fn openpty() -> (OwnedFd, OwnedFd) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = std::fs::File::options().read(true).write(true).open(name.to_str().unwrap());
    let slave = OwnedFd::from(slave.unwrap());
    let mut raw = rustix::termios::tcgetattr(&slave).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&slave, rustix::termios::OptionalActions::Now, &raw).unwrap();
    (master, slave)
}

#[asyncio::test(clock = "virtual")]
async fn test_read_pty_output() {
    let (master, slave) = openpty();
    let mut slave = std::fs::File::from(slave);
    let connecting = event_loop().connect_read_pipe(Recorder::default, master);
    let (transport, protocol) = connecting.await.unwrap();
    slave.write_all(b"1").unwrap();
    until(|| protocol.calls.received.borrow().len() == 1).await;
    slave.write_all(b"2345").unwrap();
    until(|| protocol.calls.received.borrow().len() == 5).await;
    drop(slave);
    transport.close();
    until(|| protocol.calls.is_lost.get()).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_write_pty() {
    let (master, slave) = openpty();
    let mut master = std::fs::File::from(master);
    let connecting = event_loop().connect_write_pipe(Recorder::default, slave);
    let (transport, protocol) = connecting.await.unwrap();
    transport.write(b"12345");
    let mut data = [0; 5];
    master.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"12345");
    drop(master);
    transport.close();
    until(|| protocol.calls.is_lost.get()).await;
    assert_eq!(protocol.calls.take(), ["made", "lost None"]);
}

#[asyncio::test(clock = "virtual")]
async fn test_bidirectional_pty() {
    let (master, slave) = openpty();
    let mut master = std::fs::File::from(master);
    let reading_end = slave.try_clone().unwrap();
    let connecting = event_loop().connect_read_pipe(Recorder::default, reading_end);
    let (read_transport, read_protocol) = connecting.await.unwrap();
    let connecting = event_loop().connect_write_pipe(Recorder::default, slave);
    let (write_transport, write_protocol) = connecting.await.unwrap();

    let mut data = [0; 5];
    write_transport.write(b"12345");
    master.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"12345");
    master.write_all(b"abcde").unwrap();
    until(|| read_protocol.calls.received.borrow().len() == 5).await;
    assert_eq!(write_protocol.calls.take(), ["made"]);

    read_transport.close();
    until(|| read_protocol.calls.is_lost.get()).await;
    write_transport.close();
    until(|| write_protocol.calls.is_lost.get()).await;
    assert_eq!(write_protocol.calls.take(), ["lost None"]);
}
