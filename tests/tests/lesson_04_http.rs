//! Lesson 04 against servers that behave, and against all that can go wrong: each a clear message on
//! stderr, and exit code 1.
//!
//! `runtime/tests` shows what the client does. This shows what a user of the lesson sees of it.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::thread;

use asyncio_tests::oracle::{Printed, Process, Program};
use futures_rustls::pki_types::PrivateKeyDer;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{ServerConfig, ServerConnection, Stream};
use http_server::{Server, ok, read_head, redirect_to};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

#[path = "../../runtime/tests/http_server/mod.rs"]
mod http_server;

static LESSON: LazyLock<Program> =
    LazyLock::new(|| Program::named("04_http").unwrap_or_else(|message| panic!("{message}")));

const HINT: &str = "\nTo practise on your own machine, run `cargo run --bin 04_http -- --serve` in \
                    another terminal, then `cargo run --bin 04_http -- http://127.0.0.1:8004`\n";
const ROOT_HINT: &str =
    "\nTo trust a certificate of your own, run this program with `--root FILE.pem`\n";

fn run(arguments: &[&str]) -> Printed {
    Process::start("04_http", LESSON.command().args(arguments)).unwrap().wait().unwrap()
}

/// What the lesson says when it fails. It prints no page then.
fn failure(arguments: &[&str]) -> String {
    let printed = run(arguments);
    assert_eq!(printed.status.code(), Some(1), "{printed:?}");
    assert_eq!(printed.stdout, "");
    assert!(printed.stderr.starts_with("04_http: "), "{printed:?}");
    printed.stderr
}

fn failure_of(answer: &str) -> String {
    failure(&[&Server::answering([answer]).url("/")])
}

#[test]
fn a_page_of_more_than_100_characters_is_cut() {
    let page = "äöü".repeat(50);
    let printed = run(&[&Server::answering([ok(&page)]).url("/")]);
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(printed.stdout.trim_end().chars().count(), 100);
    assert!(page.starts_with(printed.stdout.trim_end()));
}

#[test]
fn a_bar_is_drawn_on_terminals_only() {
    let server = Server::run(listener(), |_, stream, _| {
        stream.write_all(ok("page").as_bytes()).unwrap();
        true
    });
    let printed = run(&[&server.url("/1"), &server.url("/2"), &server.url("/3")]);
    assert_eq!(printed.stderr, "");
    let page = |number: u8| format!("== {}\npage\n", server.url(&format!("/{number}")));
    assert_eq!(printed.stdout, [1, 2, 3].map(page).concat());
}

#[test]
fn one_failure_leaves_the_other_pages() {
    let server = Server::answering([ok("page")]);
    let printed = run(&["nonsense", &server.url("/")]);
    assert_eq!(printed.status.code(), Some(1));
    assert_eq!(printed.stdout, format!("== {}\npage\n", server.url("/")));
    assert!(printed.stderr.starts_with("04_http: nonsense: this is not a URL"), "{printed:?}");
}

#[test]
fn a_status_that_is_not_ok_is_a_failure() {
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope";
    let server = Server::answering([answer]);
    let url = server.url("/nope");
    let message = failure(&[&url]);
    assert_eq!(message, format!("04_http: {url}: the server answered 404 Not Found\n"));
}

#[test]
fn several_errors_get_one_advice() {
    let url = format!("http://{}/", listener().local_addr().unwrap());
    let message = failure(&[&url, "nonsense", &url]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 4, "{message}");
    assert!(lines[..3].iter().all(|line| line.starts_with("04_http: ")), "{message}");
    assert_eq!(lines[3], HINT.trim());
}

#[test]
fn without_a_network_one_line_says_what_works() {
    // A label is at most 63 characters long: the resolver refuses this one without asking the network.
    let host = format!("{}.invalid", "a".repeat(64));
    let message = failure(&[&format!("http://{host}")]);
    assert!(message.contains(&format!("cannot find the host {host}")), "{message}");
    assert!(message.ends_with(HINT), "{message}");
    assert_eq!(message.lines().count(), 2, "{message}");
}

#[test]
fn a_refused_connection() {
    let address = listener().local_addr().unwrap();
    let message = failure(&[&format!("http://{address}")]);
    assert!(message.contains(&format!("({address}: Connection refused")), "{message}");
    assert!(message.ends_with(HINT), "{message}");
    assert!(!message.contains("network"), "{message}");
}

#[test]
fn what_is_no_url() {
    let message = failure(&["nonsense"]);
    assert!(message.starts_with("04_http: nonsense: this is not a URL"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn a_redirect_loop() {
    let server = Server::run(listener(), |_, stream, _| {
        stream.write_all(redirect_to("/again").as_bytes()).unwrap();
        true
    });
    let message = failure(&[&server.url("/")]);
    assert!(message.contains("/again"), "{message}");
    assert!(message.contains("redirect"), "{message}");
}

#[test]
fn a_body_cut_short() {
    let message = failure_of("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    assert!(message.contains("4 of 100 bytes"), "{message}");
}

#[test]
fn a_header_that_never_ends() {
    let server = Server::once(|stream| {
        let mut piece: &[u8] = b"HTTP/1.1 200 OK\r\nX: ";
        while stream.write_all(piece).is_ok() {
            piece = &[b'x'; 4096];
        }
    });
    let message = failure(&[&server.url("/")]);
    assert!(message.contains("too large"), "{message}");
}

#[test]
fn a_redirect_to_https_with_a_root_of_its_own() {
    let secure = Secure::serve("page behind TLS");
    let plain = Server::answering([redirect_to(&secure.url())]);
    let printed = run(&["--root", secure.root.to_str().unwrap(), &plain.url("/")]);
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(printed.stdout, "page behind TLS\n");
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let secure = Secure::serve("page behind TLS");
    let message = failure(&[&secure.url()]);
    assert!(message.contains("certificate"), "{message}");
    assert!(message.ends_with(ROOT_HINT), "{message}");
}

#[test]
fn https_where_http_is_spoken() {
    let server = Server::hanging_up();
    let address = server.address;
    let message = failure(&[&format!("https://{address}/")]);
    assert!(message.ends_with(&format!("Try http://{address}/\n")), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn what_the_command_line_cannot_mean() {
    assert!(failure(&["--speed"]).starts_with("04_http: there is no option --speed\nusage: "));
    assert!(failure(&["--root"]).contains("--root needs a file with PEM certificates"));
    assert!(failure(&["--root", "no/such.pem"]).contains("--root no/such.pem: No such file"));
    assert!(failure(&["--root", "Cargo.toml"]).contains("hold no certificate"));
    assert!(failure(&["--serve", "http"]).contains("a port is a number from 0 to 65535"));
    for arguments in [
        &["http://127.0.0.1/", "--serve"][..],
        &["--serve", "0", "extra"],
        &["--root", "Cargo.toml", "--serve"],
    ] {
        let message = failure(arguments);
        assert!(
            message.starts_with("04_http: --serve goes with a port or nothing\nusage: "),
            "{message}"
        );
    }
}

#[test]
fn a_port_that_is_taken() {
    let taken = listener();
    let port = taken.local_addr().unwrap().port().to_string();
    let message = failure(&["--serve", &port]);
    assert!(message.contains("`--serve 0` takes a free port"), "{message}");
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// An https server for one request, and the file that holds its root certificate.
struct Secure {
    address: SocketAddr,
    root: PathBuf,
}

impl Secure {
    fn serve(page: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (listener, answer) = (listener(), ok(page));
        let address = listener.local_addr().unwrap();
        let root =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.pem", address.port()));
        fs::write(&root, issuer.pem()).unwrap();
        let config = Arc::new(server_config(&issuer));
        thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut session = ServerConnection::new(config).unwrap();
            let mut stream = Stream::new(&mut session, &mut socket);
            read_head(&mut stream);
            // A client that doesn't trust the certificate has hung up by now.
            let _ = stream.write_all(answer.as_bytes());
            session.send_close_notify();
            let _ = session.complete_io(&mut socket);
        });
        Self { address, root }
    }

    fn url(&self) -> String {
        format!("https://{}/", self.address)
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.root);
    }
}

fn server_config(issuer: &CertifiedIssuer<'static, KeyPair>) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}
