//! TLS over a pair of sockets, and what goes wrong with it. Streams and servers over TLS have their own
//! tests.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Waker;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair, generate_simple_self_signed,
};

use super::*;
use crate::{Clock, Runner, create_task, gather, yield_now};

const HOST: &str = "localhost";
const SECOND: Duration = Duration::from_secs(1);

/// One end of a pair of wires in memory, which the virtual clock needs: a real socket keeps no such time.
struct Pipe {
    incoming: Rc<Way>,
    outgoing: Rc<Way>,
}

#[derive(Default)]
struct Way {
    bytes: RefCell<VecDeque<u8>>,
    is_ended: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Way {
    fn wake(&self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

fn pipe() -> (Rc<Pipe>, Rc<Pipe>) {
    let (there, back) = (Rc::<Way>::default(), Rc::<Way>::default());
    let near = Pipe { incoming: back.clone(), outgoing: there.clone() };
    (Rc::new(near), Rc::new(Pipe { incoming: there, outgoing: back }))
}

impl Wire for Pipe {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut bytes = self.incoming.bytes.borrow_mut();
        if bytes.is_empty() && !self.incoming.is_ended.get() {
            self.incoming.reader.replace(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(io::Read::read(&mut *bytes, buffer))
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.outgoing.bytes.borrow_mut().extend(bytes);
        self.outgoing.wake();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.is_ended.set(true);
        self.outgoing.wake();
        Poll::Ready(Ok(()))
    }

    fn close(&self) {
        self.outgoing.is_ended.set(true);
        self.outgoing.wake();
    }
}

/// Both sides, for a server whose certificate is for `name`.
fn sides(name: &str) -> (TlsConnector, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    (TlsConnector::trusting(cert.pem()).unwrap(), acceptor)
}

/// What comes of the handshake on both sides.
async fn agreed(
    (connector, acceptor): &(TlsConnector, TlsAcceptor),
) -> (io::Result<Rc<dyn Wire>>, io::Result<Rc<dyn Wire>>) {
    let (near, far) = pipe();
    let client = async {
        let wire = TlsWire::connect(near.clone(), connector, HOST).await;
        if wire.is_err() {
            near.close();
        }
        wire
    };
    gather!(client, TlsWire::accept(far, acceptor)).await
}

fn run<T>(test: impl Future<Output = T>) -> T {
    Runner::builder().clock(Clock::Virtual).build().run(test)
}

async fn write(wire: &dyn Wire, bytes: &[u8]) {
    let written = poll_fn(|cx| wire.poll_write(cx, bytes)).await.unwrap();
    assert_eq!(written, bytes.len());
    poll_fn(|cx| wire.poll_flush(cx)).await.unwrap();
}

async fn read(wire: &dyn Wire) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 64];
    let length = poll_fn(|cx| wire.poll_read(cx, &mut buffer)).await?;
    Ok(buffer[..length].to_vec())
}

async fn goodbye(wire: &dyn Wire) -> io::Result<()> {
    poll_fn(|cx| wire.poll_goodbye(cx)).await
}

fn tls_error(outcome: io::Result<Rc<dyn Wire>>) -> io::Error {
    let error = outcome.err().unwrap();
    assert!(error.get_ref().unwrap().is::<TlsError>(), "{error:?}");
    error
}

#[test]
fn what_one_side_writes_the_other_reads() {
    run(async {
        let (client, server) = agreed(&sides(HOST)).await;
        let (client, server) = (client.unwrap(), server.unwrap());
        write(&*client, b"hello").await;
        assert_eq!(read(&*server).await.unwrap(), b"hello");
        write(&*server, b"world").await;
        assert_eq!(read(&*client).await.unwrap(), b"world");
        assert!(!client.can_write_eof());
    });
}

#[test]
fn a_goodbye_is_the_end_for_the_other_side_which_answers_it_at_once() {
    run(async {
        let (client, server) = agreed(&sides(HOST)).await;
        let (client, server) = (client.unwrap(), server.unwrap());
        let closing = create_task(async move { goodbye(&*client).await });
        yield_now().await;
        assert!(!closing.is_done(), "it waits for the answer");
        assert_eq!(read(&*server).await.unwrap(), b"");
        closing.await.unwrap().unwrap();
        let late = poll_fn(|cx| server.poll_write(cx, b"too late")).await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::BrokenPipe);
        goodbye(&*server).await.unwrap();
    });
}

#[test]
fn a_goodbye_is_not_answered_before_all_that_was_written_is_sent() {
    run(async {
        let (client, server) = agreed(&sides(HOST)).await;
        let (client, server) = (client.unwrap(), server.unwrap());
        let written = poll_fn(|cx| server.poll_write(cx, b"some of it")).await.unwrap();
        assert_eq!(written, 10);
        poll_fn(|cx| client.poll_shutdown(cx)).await.unwrap();
        assert_eq!(read(&*server).await.unwrap(), b"");
        write(&*server, b", the rest").await;
        assert_eq!(read(&*client).await.unwrap(), b"some of it, the rest");
        assert_eq!(read(&*client).await.unwrap(), b"", "the answer, once it was flushed");
    });
}

#[test]
fn a_goodbye_that_nobody_answers_is_waited_for_so_long_and_no_longer() {
    run(async {
        let (connector, acceptor) = sides(HOST);
        let sides = (connector.shutdown_timeout(5 * SECOND), acceptor);
        let (client, _server) = agreed(&sides).await;
        let event_loop = crate::get_running_loop().unwrap();
        let began = event_loop.time();
        goodbye(&*client.unwrap()).await.unwrap();
        assert_eq!(event_loop.time() - began, 5 * SECOND);
    });
}

#[test]
fn an_end_without_a_goodbye_is_an_error() {
    run(async {
        let (client, server) = agreed(&sides(HOST)).await;
        let (client, server) = (client.unwrap(), server.unwrap());
        write(&*client, b"half a").await;
        client.close();
        assert_eq!(read(&*server).await.unwrap(), b"half a");
        let error = read(&*server).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    });
}

#[test]
fn a_certificate_for_another_name_is_refused_and_the_message_names_both() {
    run(async {
        let (client, server) = agreed(&sides("example.org")).await;
        let error = tls_error(client);
        assert!(error.get_ref().unwrap().downcast_ref::<TlsError>().unwrap().is_certificate());
        let text = error.to_string();
        let begin = "TLS handshake with localhost failed: the certificate is not trusted: ";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.contains("example.org"), "{text}");
        let text = tls_error(server).to_string();
        assert!(text.starts_with("TLS handshake with the client failed: "), "{text}");
    });
}

#[test]
fn the_name_to_check_may_be_another_than_the_host() {
    run(async {
        let (connector, acceptor) = sides("example.org");
        let sides = (connector.server_name("example.org"), acceptor);
        let (client, server) = agreed(&sides).await;
        assert!(client.is_ok() && server.is_ok());
    });
}

#[test]
fn an_unknown_root_is_refused() {
    run(async {
        let ((_, acceptor), (connector, _)) = (sides(HOST), sides(HOST));
        let (client, _) = agreed(&(connector, acceptor)).await;
        let text = tls_error(client).to_string();
        assert!(
            text.starts_with(
                "TLS handshake with localhost failed: the certificate is not trusted: "
            )
        );
    });
}

#[test]
fn a_root_that_is_shown_as_a_certificate_is_refused_and_the_message_says_what_to_do() {
    run(async {
        let key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = root.self_signed(&key).unwrap().pem();
        let acceptor = TlsAcceptor::new(&pem, key.serialize_pem()).unwrap();
        let (client, _) = agreed(&(TlsConnector::trusting(&pem).unwrap(), acceptor)).await;
        let text = tls_error(client).to_string();
        assert!(text.contains("it is a root's (CA:TRUE)"), "{text}");
    });
}

#[test]
fn a_client_can_be_asked_for_its_certificate() {
    run(async {
        let (connector, acceptor) = sides(HOST);
        let known = generate_simple_self_signed(vec!["a client".to_owned()]).unwrap();
        let acceptor = acceptor.client_roots(known.cert.pem()).unwrap();
        let key = known.signing_key.serialize_pem();
        let certified = connector.clone().certificate(known.cert.pem(), key).unwrap();
        let (client, server) = agreed(&(certified, acceptor.clone())).await;
        assert!(client.is_ok(), "{:?}", client.err());
        assert!(server.is_ok(), "{:?}", server.err());
        let (_, server) = agreed(&(connector, acceptor)).await;
        let text = tls_error(server).to_string();
        assert_eq!(text, "TLS handshake with the client failed: peer sent no certificates");
    });
}

#[test]
fn the_two_sides_settle_on_a_protocol() {
    run(async {
        let (connector, acceptor) = sides(HOST);
        let acceptor = acceptor.alpn(["h2", "http/1.1"]);
        let knows_one = (connector.clone().alpn(["http/1.1"]), acceptor.clone());
        let (client, server) = agreed(&knows_one).await;
        let [client, server] = [client, server].map(|wire| wire.unwrap().tls().unwrap());
        assert_eq!(client.alpn(), Some(&b"http/1.1"[..]));
        assert_eq!((client.version(), client.peer_certificates().len()), ("TLSv1.3", 1));
        assert_eq!((server.version(), server.peer_certificates().len()), ("TLSv1.3", 0));
        let (client, _) = agreed(&(connector.alpn(["gopher"]), acceptor)).await;
        let text = tls_error(client).to_string();
        let begin = "TLS handshake with localhost failed: received fatal alert: ";
        assert!(text.starts_with(begin), "{text}");
    });
}

#[test]
fn a_peer_that_speaks_no_tls_is_found_out() {
    run(async {
        let (near, far) = pipe();
        write(&*far, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let (connector, _) = sides(HOST);
        let text = tls_error(TlsWire::connect(near, &connector, HOST).await).to_string();
        let begin = "TLS handshake with localhost failed: the other side doesn't speak TLS (";
        assert!(text.starts_with(begin), "{text}");
    });
}

#[test]
fn a_peer_that_hangs_up_during_the_handshake() {
    run(async {
        let (near, far) = pipe();
        far.close();
        let (connector, _) = sides(HOST);
        let error = tls_error(TlsWire::connect(near, &connector, HOST).await);
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(
            error.to_string(),
            "TLS handshake with localhost failed: the other side closed the connection"
        );
    });
}

#[test]
fn a_handshake_has_a_minute() {
    run(async {
        let (near, _far) = pipe();
        let (connector, _) = sides(HOST);
        let event_loop = crate::get_running_loop().unwrap();
        let began = event_loop.time();
        let error = tls_error(TlsWire::connect(near, &connector, HOST).await);
        assert_eq!(event_loop.time() - began, 60 * SECOND);
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(
            error.to_string(),
            "TLS handshake with localhost failed: it took longer than 60s, and the connection is \
             given up"
        );
    });
}

#[test]
fn a_certificate_and_a_key_that_do_not_belong_together_are_refused() {
    let [one, other] = [0, 1].map(|_| generate_simple_self_signed(vec![HOST.to_owned()]).unwrap());
    let error = TlsAcceptor::new(one.cert.pem(), other.signing_key.serialize_pem()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the certificate and its private key can't be used: "), "{text}");
    let error = TlsAcceptor::new(one.cert.pem(), "no key").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the private key given holds no key: a PEM text has `-----BEGIN PRIVATE KEY-----` in it"
    );
}
