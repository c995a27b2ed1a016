//! `sock_sendfile`; and the cases of `test_base_events.py` about it.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread::{self, JoinHandle};

use async_io::Async;
use asyncio::{EventLoop, new_event_loop};
use socket2::{Domain, Socket, Type};

use crate::support::panic_of;

/// 256 KiB and a byte: more than the buffers below.
const LENGTH: usize = 1024 * 256 + 1;
const BUFFER: usize = 4 * 1024;

fn data() -> Vec<u8> {
    (0..LENGTH).map(|position| b"0123456789abc"[position % 13]).collect()
}

fn file() -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data()).unwrap();
    file.rewind().unwrap();
    file
}

/// A connected socket with small buffers, and what its peer will have received in the end.
fn prepare(event_loop: &EventLoop) -> (Async<Socket>, JoinHandle<Vec<u8>>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.set_recv_buffer_size(BUFFER).unwrap();
    let listener = {
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(1).unwrap();
        TcpListener::from(listener)
    };
    let socket = Async::new(Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    event_loop.run_until_complete(event_loop.sock_connect(&socket, address)).unwrap();
    socket.get_ref().set_send_buffer_size(BUFFER).unwrap();
    let peer = thread::spawn(move || {
        let mut received = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut received).unwrap();
        received
    });
    (socket, peer)
}

#[test]
fn test_sock_sendfile_success() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let mut file = file();
    let sent = event_loop.run_until_complete(event_loop.sock_sendfile(&socket, &file, 0, None));
    drop(socket);
    assert!(peer.join().unwrap() == data());
    assert_eq!(sent.unwrap(), LENGTH as u64);
    assert_eq!(file.stream_position().unwrap(), LENGTH as u64);
    event_loop.close();
}

#[test]
fn test_sock_sendfile_with_offset_and_count() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let mut file = file();
    let sending = event_loop.sock_sendfile(&socket, &file, 1000, Some(2000));
    assert_eq!(event_loop.run_until_complete(sending).unwrap(), 2000);
    drop(socket);
    assert!(peer.join().unwrap() == data()[1000..3000]);
    assert_eq!(file.stream_position().unwrap(), 3000);
    event_loop.close();
}

#[test]
fn test_sock_sendfile_zero_size() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let mut file = tempfile::tempfile().unwrap();
    let sending = event_loop.sock_sendfile(&socket, &file, 0, None);
    assert_eq!(event_loop.run_until_complete(sending).unwrap(), 0);
    drop(socket);
    assert_eq!(peer.join().unwrap(), b"");
    assert_eq!(file.stream_position().unwrap(), 0);
    event_loop.close();
}

#[test]
fn test_sock_sendfile_mix_with_regular_send() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let mut file = file();
    let buffer = b"mix_regular_send".repeat(4 * 1024);
    let sent = event_loop.run_until_complete(async {
        event_loop.sock_sendall(&socket, &buffer).await.unwrap();
        let sent = event_loop.sock_sendfile(&socket, &file, 0, None).await.unwrap();
        event_loop.sock_sendall(&socket, &buffer).await.unwrap();
        sent
    });
    drop(socket);
    assert_eq!(sent, LENGTH as u64);
    assert!(peer.join().unwrap() == [buffer.clone(), data(), buffer].concat());
    assert_eq!(file.stream_position().unwrap(), LENGTH as u64);
    event_loop.close();
}

/// A pipe is what the system doesn't send by itself.
#[test]
fn test_sock_sendfile_fallback() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let writing = thread::spawn(move || writer.write_all(&data()).unwrap());
    let file = File::from(std::os::fd::OwnedFd::from(reader));
    let sent = event_loop.run_until_complete(event_loop.sock_sendfile(&socket, &file, 0, None));
    drop(socket);
    writing.join().unwrap();
    assert!(peer.join().unwrap() == data());
    assert_eq!(sent.unwrap(), LENGTH as u64);
    event_loop.close();
}

#[test]
fn test_blocking_socket() {
    let event_loop = new_event_loop();
    event_loop.set_debug(true);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let socket = Async::new_nonblocking(socket).unwrap();
    let file = file();
    let sending = event_loop.sock_sendfile(&socket, &file, 0, None);
    let panic = panic_of(|| event_loop.run_until_complete(sending));
    assert!(panic.starts_with("the socket must be non-blocking"), "{panic}");
    event_loop.close();
}

#[test]
fn test_nonstream_socket() {
    let event_loop = new_event_loop();
    let socket = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0)).unwrap();
    let file = file();
    let sending = event_loop.sock_sendfile(&socket, &file, 0, None);
    let panic = panic_of(|| event_loop.run_until_complete(sending));
    assert!(panic.starts_with("only SOCK_STREAM type sockets are supported"), "{panic}");
    event_loop.close();
}

/// Of the counts that are none, 0 alone compiles.
#[test]
fn test_notpositive_count() {
    let event_loop = new_event_loop();
    let (socket, peer) = prepare(&event_loop);
    let file = file();
    let sending = event_loop.sock_sendfile(&socket, &file, 0, Some(0));
    let panic = panic_of(|| event_loop.run_until_complete(sending));
    assert!(panic.starts_with("count must be a positive integer"), "{panic}");
    drop(socket);
    peer.join().unwrap();
    event_loop.close();
}
