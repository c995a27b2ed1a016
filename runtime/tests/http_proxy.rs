//! Requests through a proxy: what it is asked, what goes through its tunnels, and what it can do wrong.

#![allow(missing_docs)]

#[allow(dead_code, reason = "a child here has one line to say, at its end")]
mod child;
mod http_peer;

use std::net::SocketAddr;
use std::time::Duration;

use asyncio::http::{ClientError, ClientSession, ClientSessionBuilder, Stage};
use asyncio::{Server, StreamReader, StreamWriter, TlsAcceptor, open_connection, start_server};
use child::{Child, run_as_child};
use http_peer::{Peer, header, ok};
use rcgen::{CertifiedKey, generate_simple_self_signed};

/// A name that nobody has: who asks for it asked the proxy.
const NOWHERE: &str = "http://nowhere.invalid/page?q=1";

fn through(proxy: impl Into<String>) -> ClientSessionBuilder {
    ClientSession::builder().proxy(proxy)
}

async fn error_of(session: &ClientSession, url: &str) -> ClientError {
    session.get(url).await.unwrap_err()
}

/// A proxy that leads every tunnel to `place`.
async fn tunnel_to(place: SocketAddr) -> Peer {
    Peer::run(async move |head, reader, writer| {
        assert!(head.starts_with("CONNECT "), "{head}");
        writer.write("HTTP/1.1 200 Connection established\r\n\r\n");
        let (mut far_reader, far_writer) = open_connection(place).await.unwrap();
        let forth = async {
            pass_on(reader, &far_writer).await;
            far_writer.close();
        };
        let back = async {
            pass_on(&mut far_reader, writer).await;
            writer.close();
        };
        asyncio::gather!(forth, back).await;
        false
    })
    .await
}

async fn pass_on(reader: &mut StreamReader, writer: &StreamWriter) {
    while let Ok(bytes) = reader.read(4096).await {
        if bytes.is_empty() {
            break;
        }
        writer.write(bytes);
        if writer.drain().await.is_err() {
            break;
        }
    }
}

/// A server of https that answers every request with its head, and the root that one has to trust.
async fn secure_echo(name: &str) -> (Server, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    let echo = async |mut reader: StreamReader, writer: StreamWriter| {
        while let Ok(head) = reader.read_until("\r\n\r\n").await {
            writer.write(ok("X: y", &head));
        }
        writer.close();
    };
    let server = start_server(echo, ("127.0.0.1", 0)).tls(acceptor).await.unwrap();
    (server, cert.pem())
}

#[asyncio::test]
async fn http_is_shown_to_the_proxy() {
    let proxy = Peer::answering(ok("X: y", b"by proxy")).await;
    let session = through(proxy.url()).build().unwrap();
    let mut response = session.get(NOWHERE).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "by proxy");
    assert_eq!(response.url().as_str(), NOWHERE);
    let head = &proxy.heads()[0];
    assert!(head.starts_with("GET http://nowhere.invalid/page?q=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(head, "host"), Some("nowhere.invalid"));
    assert_eq!(header(head, "proxy-authorization"), None);
}

#[asyncio::test]
async fn a_proxys_credentials_are_for_the_proxy() {
    let proxy = Peer::answering(ok("X: y", b"")).await;
    let url = format!("http://ada:se%40cret@{}", proxy.place());
    let session = through(url).build().unwrap();
    session.get("http://user:pass@nowhere.invalid/").await.unwrap();
    let head = &proxy.heads()[0];
    assert_eq!(header(head, "proxy-authorization"), Some("Basic YWRhOnNlQGNyZXQ="));
    assert_eq!(header(head, "authorization"), Some("Basic dXNlcjpwYXNz"));
    assert!(head.starts_with("GET http://nowhere.invalid/ HTTP/1.1\r\n"), "{head}");
}

#[asyncio::test]
async fn https_goes_through_a_tunnel() {
    let (server, root) = secure_echo("nowhere.invalid").await;
    let proxy = tunnel_to(server.local_addrs()[0]).await;
    let url = format!("http://ada:secret@{}", proxy.place());
    let session = through(url).root_certificates(root).build().unwrap();
    let seen = session.get("https://nowhere.invalid/page").await.unwrap().text().await.unwrap();
    assert!(seen.starts_with("GET /page HTTP/1.1\r\n"), "{seen}");
    assert_eq!(header(&seen, "host"), Some("nowhere.invalid"));
    assert_eq!(header(&seen, "proxy-authorization"), None, "the server isn't told");
    let heads = proxy.heads();
    assert!(heads[0].starts_with("CONNECT nowhere.invalid:443 HTTP/1.1\r\n"), "{heads:?}");
    assert_eq!(header(&heads[0], "proxy-authorization"), Some("Basic YWRhOnNlY3JldA=="));
    // The tunnel stays for the next request.
    session.get("https://nowhere.invalid/next").await.unwrap();
    assert_eq!(proxy.heads().len(), 1);
}

#[asyncio::test]
async fn the_certificate_behind_a_tunnel_has_to_be_the_servers() {
    let (server, root) = secure_echo("elsewhere.invalid").await;
    let proxy = tunnel_to(server.local_addrs()[0]).await;
    let session = through(proxy.url()).root_certificates(root).build().unwrap();
    let error = error_of(&session, "https://nowhere.invalid/").await;
    assert_eq!(error.stage(), Stage::Certificate);
}

#[asyncio::test]
async fn a_proxy_that_refuses_a_tunnel_is_named() {
    let proxy = Peer::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    let session = through(proxy.url()).build().unwrap();
    let error = error_of(&session, "https://nowhere.invalid/").await;
    assert_eq!(error.stage(), Stage::Proxy);
    assert_eq!(
        error.to_string(),
        format!(
            "https://nowhere.invalid/: through the proxy http://{}: it makes no tunnel to \
             nowhere.invalid:443: it answered 403 Forbidden",
            proxy.place()
        )
    );
}

#[asyncio::test]
async fn a_proxy_that_wants_credentials_says_how_to_give_them() {
    let proxy =
        Peer::answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .await;
    let session = through(format!("http://ada:wrong@{}", proxy.place())).build().unwrap();
    let error = error_of(&session, "https://nowhere.invalid/").await;
    assert_eq!(error.stage(), Stage::Proxy);
    let text = error.to_string();
    assert!(
        text.contains("it answered 407 Proxy Authentication Required. Give it a name"),
        "{text}"
    );
    assert!(!text.contains("wrong"), "the password is nobody's business: {text}");
    // Of http, it is the answer.
    assert_eq!(session.get(NOWHERE).await.unwrap().status(), 407);
}

#[asyncio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    drop(listener);
    let session = through(&place).build().unwrap();
    for url in [NOWHERE, "https://nowhere.invalid/"] {
        let error = error_of(&session, url).await;
        assert_eq!(error.stage(), Stage::Connect);
        assert!(error.to_string().contains(&format!("through the proxy http://{place}: ")));
    }
}

#[asyncio::test]
async fn a_proxy_that_says_other_things_is_an_error() {
    for (answer, said) in [
        ("", "the server closed the connection"),
        ("what?\r\n\r\n", "the answer is not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\n\r\nand more", "it sent 8 bytes into the tunnel"),
    ] {
        let proxy = Peer::run(async move |_, _, writer| {
            writer.write(answer);
            !answer.is_empty()
        })
        .await;
        let session = through(proxy.url()).build().unwrap();
        let error = error_of(&session, "https://nowhere.invalid/").await;
        let text = error.to_string();
        assert!(text.contains("through the proxy http://127.0.0.1:"), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[asyncio::test]
async fn a_silent_proxy_is_left_after_the_time_to_connect() {
    let proxy = Peer::answering("").await;
    let timeout = asyncio::http::ClientTimeout {
        connect: Some(Duration::from_millis(50)),
        ..asyncio::http::ClientTimeout::default()
    };
    let session = through(proxy.url()).timeout(timeout).build().unwrap();
    let error = error_of(&session, "https://nowhere.invalid/").await;
    assert!(error.is_timeout());
    assert!(error.to_string().contains("while waiting for the tunnel"), "{error}");
}

#[asyncio::test]
async fn a_proxy_of_https_is_spoken_to_in_https() {
    let (proxy, root) = secure_echo("localhost").await;
    let port = proxy.local_addrs()[0].port();
    let session =
        through(format!("https://localhost:{port}")).root_certificates(root).build().unwrap();
    let seen = session.get(NOWHERE).await.unwrap().text().await.unwrap();
    assert!(seen.starts_with("GET http://nowhere.invalid/page?q=1 HTTP/1.1\r\n"), "{seen}");
}

#[cfg(feature = "ws")]
#[asyncio::test]
async fn a_websocket_goes_through_a_tunnel() {
    use asyncio::http::web::{Request, WebSocketResponse};
    use asyncio::http::{Message, WebSocket, WebSocketError};

    let echo = async |request: Request| {
        WebSocketResponse::new().prepare(&request, async |socket: &mut WebSocket| {
            while let Some(message) = socket.receive().await? {
                socket.send(message).await?;
            }
            Ok::<(), WebSocketError>(())
        })
    };
    let server = asyncio::http::serve(("127.0.0.1", 0), echo).await.unwrap();
    let proxy = tunnel_to(server.local_addrs()[0]).await;
    let session = through(proxy.url()).build().unwrap();
    let mut socket = session.ws_connect("ws://nowhere.invalid/").await.unwrap();
    socket.send_text("hello").await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(Message::Text("hello".to_owned())));
    socket.close(1000, "").await.unwrap();
    assert!(proxy.heads()[0].starts_with("CONNECT nowhere.invalid:80 HTTP/1.1\r\n"));
}

/// Which of two proxies a request goes through, as `http_proxy` and `no_proxy` say; or none.
#[test]
fn the_environment_counts_where_it_is_trusted() {
    let body = || {
        let way = async |session: ClientSession, url: &str| match session.get(url).await {
            Ok(mut response) => response.text().await.unwrap(),
            Err(error) => format!("{:?}", error.stage()),
        };
        let ways = asyncio::run(async {
            let trusting = || ClientSession::builder().trust_env(true);
            let direct = Peer::answering(ok("X: y", b"direct")).await;
            let explicit = Peer::answering(ok("X: y", b"explicit")).await;
            [
                way(trusting().build().unwrap(), NOWHERE).await,
                way(trusting().proxy(explicit.url()).build().unwrap(), NOWHERE).await,
                way(trusting().build().unwrap(), &direct.url()).await,
                way(ClientSession::new(), NOWHERE).await,
            ]
        });
        eprintln!("{ways:?}");
    };
    if run_as_child(body) {
        return;
    }
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = proxy.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(&ok("Connection: close", b"environment")).unwrap();
    });
    let environment =
        [("http_proxy", &*url), ("no_proxy", "127.0.0.1"), ("all_proxy", ""), ("ALL_PROXY", "")];
    let test = "the_environment_counts_where_it_is_trusted";
    let (lines, status) = Child::start(test, &environment).end();
    assert!(status.success(), "{lines:#?}");
    assert_eq!(lines, [r#"["environment", "explicit", "direct", "Resolve"]"#]);
}
