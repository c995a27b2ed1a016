//! What the cases about connecting and serving share: addresses that answer in every way, protocols that do
//! little, and certificates.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

use asyncio::{ConnectError, EventLoop, Protocol, TlsAcceptor, TlsConnector, Transport};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use socket2::{Domain, Socket, Type};

pub(crate) const HERE: (&str, u16) = ("127.0.0.1", 0);

/// Python's `MyProto`, where nothing is said.
#[derive(Debug, Default)]
pub(crate) struct MyProto {
    pub(crate) transport: RefCell<Option<Transport>>,
}

impl Protocol for MyProto {
    fn connection_made(&self, transport: Transport) {
        self.transport.replace(Some(transport));
    }
}

/// A socket that listens, and its address.
pub(crate) fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(HERE).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that nobody listens on.
pub(crate) fn refusing() -> SocketAddr {
    listening().1
}

/// An address that doesn't answer: as many wait there to be accepted as the system lets wait.
pub(crate) struct Silent {
    pub(crate) address: SocketAddr,
    _sockets: Vec<Socket>,
}

impl Silent {
    pub(crate) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = vec![listener];
        for _ in 0..8 {
            let waiting = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            waiting.set_nonblocking(true).unwrap();
            // It is on its way, or waits for ever.
            drop(waiting.connect(&address));
            sockets.push(waiting);
        }
        Self { address: address.as_socket().unwrap(), _sockets: sockets }
    }
}

/// What each address said.
pub(crate) fn answers(error: &io::Error) -> Vec<SocketAddr> {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<ConnectError>());
    error.unwrap().attempts().iter().map(|(address, _)| *address).collect()
}

pub(crate) fn run<T>(test: impl AsyncFnOnce(EventLoop) -> T) -> T {
    asyncio::run(async { test(asyncio::get_running_loop().unwrap()).await })
}

/// What the exception handler is told.
pub(crate) fn reports(event_loop: &EventLoop) -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |context| told.borrow_mut().push(context.to_string()));
    reports
}

/// A server with a certificate for `name`, and a client that trusts it.
pub(crate) fn tls_for(name: &str) -> (TlsAcceptor, TlsConnector) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    (acceptor, TlsConnector::trusting(cert.pem()).unwrap())
}
