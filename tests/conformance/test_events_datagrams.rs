//! `test_events.py`, of Python 3.11: the cases of `create_datagram_endpoint`.

use std::net::{Ipv6Addr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Address, get_running_loop, sleep};

use super::test_base_events_datagrams::{HERE, MyDatagramProto, closed, endpoint};

/// Waits until that many bytes have come.
async fn received(protocol: &Rc<MyDatagramProto>, nbytes: usize) {
    while protocol.nbytes.get() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(protocol.nbytes.get(), nbytes);
}

async fn request_and_response(local_addr: impl Into<Address>) {
    let event_loop = get_running_loop().unwrap();
    let serving = event_loop.create_datagram_endpoint(|| MyDatagramProto::answering("resp:"));
    let (s_transport, server) = serving.local_addr(local_addr).await.unwrap();
    assert_eq!(server.state.get(), "INITIALIZED");
    assert!(server.transport.borrow().is_some());

    let remote = s_transport.local_addr().unwrap();
    let (transport, client) = endpoint().remote_addr(remote).await.unwrap();
    assert_eq!(client.state.get(), "INITIALIZED");
    assert_eq!(transport.peer_addr().unwrap(), remote);

    transport.send(b"xxx");
    received(&server, 3).await;
    received(&client, 8).await;
    assert!(transport.local_addr().is_ok());

    closed(&transport, &client).await;
    closed(&s_transport, &server).await;
}

#[asyncio::test]
async fn test_create_datagram_endpoint() {
    request_and_response(HERE).await;
}

#[asyncio::test]
async fn test_create_datagram_endpoint_ipv6() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        request_and_response((Ipv6Addr::LOCALHOST, 0)).await;
    }
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_sock() {
    let addresses = get_running_loop().unwrap().getaddrinfo(HERE).await.unwrap();
    let socket = UdpSocket::bind(&*addresses).unwrap();
    let (transport, protocol) = endpoint().socket(socket).await.unwrap();
    closed(&transport, &protocol).await;
}
