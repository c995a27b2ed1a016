//! `test_base_events.py`, of Python 3.11: the cases of `create_datagram_endpoint`.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use asyncio::{DatagramEndpoint, DatagramProtocol, DatagramTransport, Event, get_running_loop};
use futures::FutureExt;

pub(super) const HERE: (&str, u16) = ("127.0.0.1", 0);

/// Python's `MyDatagramProto`.
#[derive(Default)]
pub(super) struct MyDatagramProto {
    pub(super) transport: RefCell<Option<DatagramTransport>>,
    pub(super) state: Cell<&'static str>,
    pub(super) nbytes: Cell<usize>,
    pub(super) errors: RefCell<Vec<ErrorKind>>,
    pub(super) done: Event,
    /// What to answer with, before what came.
    answer: Option<&'static str>,
}

impl MyDatagramProto {
    pub(super) fn answering(answer: &'static str) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }
}

impl DatagramProtocol for MyDatagramProto {
    fn connection_made(&self, transport: DatagramTransport) {
        assert_eq!(self.state.replace("INITIALIZED"), "");
        self.transport.replace(Some(transport));
    }

    fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
        assert_eq!(self.state.get(), "INITIALIZED");
        self.nbytes.set(self.nbytes.get() + data.len());
        if let Some(answer) = self.answer {
            let transport = self.transport.borrow().clone().unwrap();
            transport.send_to(&[answer.as_bytes(), data].concat(), addr);
        }
    }

    fn error_received(&self, error: io::Error) {
        assert_eq!(self.state.get(), "INITIALIZED");
        self.errors.borrow_mut().push(error.kind());
    }

    fn connection_lost(&self, _: Option<io::Error>) {
        assert_eq!(self.state.replace("CLOSED"), "INITIALIZED");
        self.done.set();
    }
}

pub(super) fn endpoint() -> DatagramEndpoint<MyDatagramProto> {
    get_running_loop().unwrap().create_datagram_endpoint(MyDatagramProto::default)
}

/// Closes it and sees it closed.
pub(super) async fn closed(transport: &DatagramTransport, protocol: &Rc<MyDatagramProto>) {
    assert_eq!(protocol.state.get(), "INITIALIZED");
    transport.close();
    protocol.done.wait().await;
    assert_eq!(protocol.state.get(), "CLOSED");
}

/// What a panic in `future` says.
async fn panic_of(future: impl IntoFuture) -> String {
    let caught = AssertUnwindSafe(future.into_future()).catch_unwind().await;
    let payload = caught.map(|_| "no panic").unwrap_err();
    payload.downcast_ref::<&str>().map_or_else(
        || payload.downcast_ref::<String>().expect("a text").clone(),
        |text| (*text).to_owned(),
    )
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_no_addrinfo() {
    let nowhere: [SocketAddr; 0] = [];
    assert!(endpoint().local_addr(nowhere).await.is_err());
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_connect_err() {
    // Without `allow_broadcast`, the system doesn't connect there; Python's socket is made up.
    let everybody: SocketAddr = ([255, 255, 255, 255], 9).into();
    let error = endpoint().remote_addr(everybody).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_allow_broadcast() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let opening = endpoint().remote_addr(peer.local_addr().unwrap()).allow_broadcast(true);
    let (transport, protocol) = opening.await.unwrap();
    // It is not connected: what others send is received, too.
    let (other, _protocol) = endpoint().local_addr(HERE).await.unwrap();
    let port = transport.local_addr().unwrap().port();
    transport.send(b"where are you");
    let mut buffer = [0; 20];
    let (_, asker) = peer.recv_from(&mut buffer).unwrap();
    assert!(port == 0 || port == asker.port());
    other.send_to(b"here", asker);
    while protocol.nbytes.get() < 4 {
        asyncio::sleep(std::time::Duration::from_millis(1)).await;
    }
    other.close();
    closed(&transport, &protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_no_matching_family() {
    let opening = endpoint().remote_addr(HERE).local_addr((Ipv6Addr::LOCALHOST, 0));
    let error = opening.await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_noaddr_nofamily() {
    assert!(panic_of(endpoint()).await.starts_with("unexpected address family"));
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_cant_bind() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = endpoint().local_addr(taken.local_addr().unwrap()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_sock() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    let (transport, protocol) = endpoint().socket(socket).await.unwrap();
    assert_eq!(transport.local_addr().unwrap(), addr);
    closed(&transport, &protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_sock_sockopts() {
    let on_a_socket = || endpoint().socket(UdpSocket::bind("127.0.0.1:0").unwrap());
    for opening in [
        on_a_socket().local_addr(HERE),
        on_a_socket().remote_addr(HERE),
        on_a_socket().reuse_port(true),
        on_a_socket().allow_broadcast(true),
    ] {
        assert!(panic_of(opening).await.contains("can't be used together with a socket"));
    }
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_sockopts() {
    // The network's broadcast address that never leaves the machine.
    let everybody = ([127, 255, 255, 255], 9).into();
    let (transport, protocol) = endpoint().local_addr(HERE).await.unwrap();
    transport.send_to(b"hello", everybody);
    assert_eq!(*protocol.errors.borrow(), [ErrorKind::PermissionDenied]);
    let local = transport.local_addr().unwrap();
    let shared = endpoint().local_addr(local).reuse_port(true).await;
    assert_eq!(shared.err().unwrap().kind(), ErrorKind::AddrInUse, "the first one doesn't share");
    closed(&transport, &protocol).await;

    let opening = || endpoint().reuse_port(true).allow_broadcast(true);
    let (transport, protocol) = opening().local_addr(HERE).await.unwrap();
    let (second, _protocol) = opening().local_addr(transport.local_addr().unwrap()).await.unwrap();
    transport.send_to(b"hello", everybody);
    assert!(protocol.errors.borrow().is_empty());
    second.close();
    closed(&transport, &protocol).await;
}

#[asyncio::test(clock = "virtual")]
async fn test_create_datagram_endpoint_ip_addr() {
    // A lookup would need the executor, which takes nothing any more.
    let event_loop = get_running_loop().unwrap();
    event_loop.shutdown_default_executor(std::time::Duration::ZERO).await;
    let (transport, protocol) = endpoint().local_addr(HERE).reuse_port(true).await.unwrap();
    assert!(transport.local_addr().unwrap().is_ipv4());
    closed(&transport, &protocol).await;
}
