//! What the cases about connecting and serving share: addresses that answer in every way, protocols that do
//! little, and certificates.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use asyncio::{ConnectError, EventLoop, Protocol, TlsAcceptor, TlsConnector, Transport};
use futures_rustls::pki_types::PrivateKeyDer;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use socket2::{Domain, Socket, Type};

/// No thread waits longer than this.
const AT_MOST: Duration = Duration::from_secs(20);

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

/// A server with a certificate for `name`, and what a client that blocks needs to trust it.
pub(crate) fn blocking_client_for(name: &str) -> (TlsAcceptor, Arc<ClientConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (acceptor, Arc::new(config))
}

/// A server of its own thread, as Python's cases have.
pub(crate) struct TlsThread {
    pub(crate) address: SocketAddr,
    pub(crate) connector: TlsConnector,
    thread: JoinHandle<()>,
}

/// The server's end, which blocks.
pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// Python's `sock.starttls(sslctx, server_side=True)`.
pub(crate) fn start_tls(socket: TcpStream, config: &Arc<ServerConfig>) -> TlsStream {
    StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket)
}

/// Python's `sock.unwrap()`: says goodbye, and waits for the answer.
pub(crate) fn unwrap_tls(mut stream: TlsStream) {
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

impl TlsThread {
    /// Serves `count` connections over TLS, one after the other.
    pub(crate) fn serve(count: usize, converse: fn(TlsStream)) -> Self {
        Self::serve_plain(count, move |socket, config| converse(start_tls(socket, config)))
    }

    /// The same without TLS, to begin with.
    pub(crate) fn serve_plain(
        count: usize,
        converse: impl Fn(TcpStream, &Arc<ServerConfig>) + Send + 'static,
    ) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let connector = TlsConnector::trusting(cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let (config, (listener, address)) = (Arc::new(config), listening());
        let thread = std::thread::spawn(move || {
            for _ in 0..count {
                let socket = listener.accept().unwrap().0;
                socket.set_read_timeout(Some(AT_MOST)).unwrap();
                socket.set_write_timeout(Some(AT_MOST)).unwrap();
                converse(socket, &config);
            }
        });
        Self { address, connector, thread }
    }

    /// Waits for its end, without the loop.
    pub(crate) async fn join(self) {
        asyncio::to_thread(move || self.thread.join()).await.unwrap();
    }
}

/// Python's `sock.recv_all(n)`.
pub(crate) fn receive(stream: &mut impl Read, length: usize) -> Vec<u8> {
    let mut received = vec![0; length];
    stream.read_exact(&mut received).unwrap();
    received
}
