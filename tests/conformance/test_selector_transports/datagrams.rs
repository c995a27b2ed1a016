//! `SelectorDatagramTransportTests`: the cases that a real socket can show.

use std::io::ErrorKind;
use std::net::UdpSocket;

use super::super::test_base_events_datagrams::{HERE, closed, endpoint};
use super::super::transport_support::{turns, until};

#[asyncio::test(clock = "virtual")]
#[should_panic(expected = "Invalid address 127.0.0.1:2: the datagram endpoint was made to send to")]
async fn test_sendto_connected_addr() {
    let (transport, _protocol) = endpoint().remote_addr(("127.0.0.1", 1)).await.unwrap();
    transport.send_to(b"str", ([127, 0, 0, 1], 2).into());
}

#[asyncio::test(clock = "virtual")]
async fn test_sendto_bytearray() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (transport, protocol) = endpoint().local_addr(HERE).await.unwrap();
    let data = Vec::from(*b"data");
    transport.send_to(&data, peer.local_addr().unwrap());
    let mut received = [0; 10];
    let (length, from) = peer.recv_from(&mut received).unwrap();
    assert_eq!(received[..length], data);
    assert_eq!(from, transport.local_addr().unwrap());
    closed(&transport, &protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_fatal_error_connected() {
    // Nobody is there: the error that comes back is told, and the endpoint goes on.
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (transport, protocol) = endpoint().remote_addr(nobody).await.unwrap();
    transport.send(b"hello");
    until(|| !protocol.errors.borrow().is_empty()).await;
    turns().await;
    assert_eq!(*protocol.errors.borrow(), [ErrorKind::ConnectionRefused]);
    assert!(!transport.is_closing());
    closed(&transport, &protocol).await;
}
