//! https: whom `http::ClientSession` trusts, and what it says when it doesn't.

#![allow(missing_docs)]

mod http_server;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use asyncio::http::{ClientError, ClientSession, ClientSessionBuilder, Stage};
use futures_rustls::pki_types::PrivateKeyDer;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{ServerConfig, ServerConnection, Stream};
use http_server::{AT_MOST, Server, ok, read_head, redirect_to};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A root of our own, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server that answers one connection over TLS, with a certificate for `name`.
    fn serve(&self, name: &str, answer: String) -> TlsServer {
        let config = Arc::new(self.server_config(name));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ((sender, request), (ended, end)) = (channel(), channel());
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(AT_MOST)).unwrap();
            let mut session = ServerConnection::new(config).unwrap();
            let mut stream = Stream::new(&mut session, &mut socket);
            let _ = sender.send(read_head(&mut stream));
            // A client that doesn't trust the certificate has hung up by now.
            let _ = stream.write_all(answer.as_bytes());
            session.send_close_notify();
            let _ = session.complete_io(&mut socket);
            let _ = ended.send(Stream::new(&mut session, &mut socket).read(&mut [0; 1]));
        });
        TlsServer { address, request, end }
    }

    fn server_config(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

struct TlsServer {
    address: SocketAddr,
    request: Receiver<String>,
    /// What reading gave after the answer was sent.
    end: Receiver<io::Result<usize>>,
}

impl TlsServer {
    fn url(&self) -> String {
        format!("https://{}/", self.address)
    }
}

fn fetch(session: ClientSessionBuilder, url: &str) -> Result<String, ClientError> {
    asyncio::run(async { session.build()?.get(url).await?.text().await })
}

#[test]
fn a_server_is_trusted_when_its_root_is_given() {
    let authority = Authority::new();
    let trusting = || ClientSession::builder().root_certificates(authority.pem());
    let server = authority.serve("127.0.0.1", ok("secret"));
    assert_eq!(fetch(trusting(), &server.url()).unwrap(), "secret");

    let large = "0123456789abcdef".repeat(64 * 1024);
    let server = authority.serve("127.0.0.1", ok(&large));
    assert!(fetch(trusting(), &server.url()).unwrap() == large);
}

#[test]
fn the_end_of_the_body_is_the_end_of_the_tls_session() {
    let authority = Authority::new();
    let server = authority.serve("127.0.0.1", ok("secret"));
    let session = ClientSession::builder().root_certificates(authority.pem());
    fetch(session, &server.url()).unwrap();
    let end = server.end.recv_timeout(AT_MOST).unwrap();
    assert_eq!(end.unwrap(), 0, "an end without a close_notify is an error");
}

#[test]
fn each_of_several_roots_counts() {
    let (one, two) = (Authority::new(), Authority::new());
    for authority in [&one, &two] {
        let server = authority.serve("127.0.0.1", ok("secret"));
        let session = ClientSession::builder()
            .root_certificates(one.pem().trim_end())
            .root_certificates(two.pem());
        assert_eq!(fetch(session, &server.url()).unwrap(), "secret");
    }
}

#[test]
fn a_certificate_may_be_for_a_name() {
    let authority = Authority::new();
    let server = authority.serve("localhost", ok("secret"));
    let session = ClientSession::builder().root_certificates(authority.pem());
    let url = format!("https://localhost:{}/", server.address.port());
    assert_eq!(fetch(session, &url).unwrap(), "secret");
}

#[test]
fn a_redirect_may_lead_from_http_to_https() {
    let authority = Authority::new();
    let secure = authority.serve("127.0.0.1", ok("secret"));
    let plain = Server::answering([redirect_to(&secure.url())]);
    let session = ClientSession::builder().root_certificates(authority.pem());
    assert_eq!(fetch(session, &plain.url("/")).unwrap(), "secret");
}

#[test]
fn a_root_that_is_not_known_is_not_trusted() {
    let server = Authority::new().serve("127.0.0.1", ok("secret"));
    let url = server.url();
    let error = fetch(ClientSession::builder(), &url).unwrap_err();
    assert_eq!(error.stage(), Stage::Certificate);
    assert_eq!(
        error.to_string(),
        format!(
            "{url}: the server's certificate is not trusted: no known root has signed it. If the \
             root is your own, pass its PEM text to ClientSession::builder().root_certificates()"
        )
    );
    assert_eq!(server.request.recv_timeout(AT_MOST).unwrap(), "", "nothing was sent");
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    let authority = Authority::new();
    let server = authority.serve("example.org", ok("secret"));
    let session = ClientSession::builder().root_certificates(authority.pem());
    let error = fetch(session, &server.url()).unwrap_err();
    assert_eq!(error.stage(), Stage::Certificate);
    let text = error.to_string();
    assert!(text.contains("the server's certificate is not trusted: "), "{text}");
    assert!(text.contains("example.org"), "{text}");
}

#[test]
fn a_body_cut_short_under_tls_is_an_error() {
    let authority = Authority::new();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello";
    let server = authority.serve("127.0.0.1", answer.to_owned());
    let session = ClientSession::builder().root_certificates(authority.pem());
    let error = fetch(session, &server.url()).unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("the connection closed after 5 of 10 bytes"), "{text}");
}

#[test]
fn a_server_that_speaks_no_tls() {
    let answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let (server, _) = Server::forestalling(answer.to_owned());
    let url = format!("https://{}/", server.address);
    let error = fetch(ClientSession::builder(), &url).unwrap_err();
    assert_eq!(error.stage(), Stage::Tls);
    let text = error.to_string();
    assert!(text.contains("doesn't speak TLS"), "{text}");
    let advice = format!("Does this server speak https? Try {}", server.url("/"));
    assert!(text.ends_with(&advice), "{text}");
}

#[test]
fn a_server_that_closes_during_the_handshake() {
    let server = Server::hanging_up();
    let url = format!("https://{}/page?a=b", server.address);
    let error = fetch(ClientSession::builder(), &url).unwrap_err();
    assert_eq!(error.stage(), Stage::Tls);
    let plain = server.url("/page?a=b");
    assert_eq!(
        error.to_string(),
        format!(
            "{url}: the connection broke during the TLS handshake: the server closed it. \
             Does this server speak https? Try {plain}"
        )
    );
}

#[test]
fn roots_that_cannot_be_read_are_refused() {
    let build = |pem: &str| {
        let error = ClientSession::builder().root_certificates(pem).build().unwrap_err();
        assert_eq!((error.stage(), error.url()), (Stage::Tls, None));
        error.to_string()
    };
    assert_eq!(
        build("no certificate"),
        "the root certificates given hold no certificate: \
         a PEM text has `-----BEGIN CERTIFICATE-----` in it"
    );
    let garbled = build("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(garbled.starts_with("the root certificates given can't be read: "), "{garbled}");
}
