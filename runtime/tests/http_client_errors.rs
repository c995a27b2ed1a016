//! What `http::ClientSession` says when there is no answer, or a bad one.

#![allow(missing_docs)]

mod http_server;

use std::error::Error;
use std::io::Write;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::mpsc::Receiver;
use std::task::{Context, Waker};
use std::time::Duration;

use asyncio::http::{ClientError, ClientSession, ClientTimeout, Stage};
use http_server::{AT_MOST, Server, ok, redirect_to};

async fn fetch(url: &str) -> Result<String, ClientError> {
    ClientSession::new().get(url).await?.text().await
}

fn failure(url: &str) -> ClientError {
    asyncio::run(fetch(url)).unwrap_err()
}

/// The error that an answer of a server at `/page` gives; its text is checked to begin with the URL.
fn failure_of(answer: impl Into<Vec<u8>>) -> (Stage, String) {
    let server = Server::answering([answer]);
    let url = server.url("/page");
    stage_and_message(&failure(&url), &url)
}

fn stage_and_message(error: &ClientError, url: &str) -> (Stage, String) {
    assert_eq!(error.url(), Some(url));
    let text = error.to_string();
    let message = text.strip_prefix(&format!("{url}: ")).expect(&text);
    (error.stage(), message.to_owned())
}

#[test]
fn what_is_no_url() {
    let in_full = "Write it in full, such as http://example.org/page";
    for text in ["", "/page", "two words"] {
        assert_eq!(
            failure(text).to_string(),
            format!(
                "{text}: this is not a URL: it doesn't begin with http:// or https://. {in_full}"
            )
        );
    }
    for text in ["http:", "http://"] {
        let error = failure(text);
        assert_eq!(error.stage(), Stage::Request);
        assert_eq!(error.to_string(), format!("{text}: this is not a URL: empty host. {in_full}"));
    }
}

#[test]
fn a_url_that_lacks_its_beginning() {
    for text in ["help", "python.org", "127.0.0.1:8004", "[::1]:8004/page"] {
        assert_eq!(
            failure(text).to_string(),
            format!(
                "{text}: this is not a URL: it doesn't begin with http:// or https://. \
                 Try http://{text}"
            )
        );
    }
    for (text, scheme) in [("localhost:8004", "localhost"), ("python.org:80/x", "python.org")] {
        assert_eq!(
            failure(text).to_string(),
            format!("{text}: the scheme \"{scheme}\" is not supported: try http://{text}")
        );
    }
}

#[test]
fn an_unsupported_scheme() {
    for (url, scheme) in
        [("ftp://127.0.0.1/", "ftp"), ("htp://x", "htp"), ("mailto:somebody", "mailto")]
    {
        let error = failure(url);
        assert_eq!(error.stage(), Stage::Request);
        assert_eq!(
            error.to_string(),
            format!("{url}: the scheme \"{scheme}\" is not supported: use http or https")
        );
    }
    let error = failure("ftp://user:password@127.0.0.1/").to_string();
    assert!(!error.contains("password"), "{error}");
}

#[test]
#[cfg(not(feature = "tls"))]
fn https_without_the_feature() {
    let error = failure("https://127.0.0.1/");
    assert_eq!(error.stage(), Stage::Tls);
    assert!(error.to_string().contains("needs the feature `tls`"), "{error}");
}

#[test]
fn a_header_that_cannot_be_sent() {
    let send = |name, value| {
        let request = ClientSession::new().get("http://127.0.0.1/").header(name, value);
        asyncio::run(async { request.await.unwrap_err().to_string() })
    };
    assert_eq!(send("X Y", "1"), "http://127.0.0.1/: this name can't be sent in a header: \"X Y\"");
    assert_eq!(
        send("X", "1\r\nY: 2"),
        "http://127.0.0.1/: this value of `X` can't be sent in a header: \"1\\r\\nY: 2\""
    );
}

#[test]
fn an_unknown_host() {
    // A label is at most 63 characters long: the resolver refuses this one without asking the network.
    let host = format!("{}.invalid", "a".repeat(64));
    let error = failure(&format!("http://{host}/"));
    assert_eq!(error.stage(), Stage::Resolve);
    let text = error.to_string();
    assert!(text.contains(&format!("cannot find the host {host}: ")), "{text}");
    assert!(text.ends_with("Check the name, and that the network is up"), "{text}");
}

#[test]
fn a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(&format!("http://{address}/"));
    assert_eq!(error.stage(), Stage::Connect);
    let text = error.to_string();
    let begin = format!("http://{address}/: cannot connect to 127.0.0.1 ({address}: ");
    assert!(text.starts_with(&begin), "{text}");
    assert!(text.contains("refused"), "{text}");
    let cause = error.source().unwrap().downcast_ref::<std::io::Error>();
    assert_eq!(cause.unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_redirect_loop_names_its_chain() {
    let there_and_back = ["/b", "/a"].map(redirect_to).into_iter().cycle().take(11);
    let server = Server::answering(there_and_back);
    let error = failure(&server.url("/a"));
    let chain: Vec<_> =
        (0..12).map(|hop| server.url(if hop % 2 == 0 { "/a" } else { "/b" })).collect();
    let expected = format!("more than 10 redirects: {}", chain.join(" -> "));
    assert_eq!(stage_and_message(&error, &server.url("/b")), (Stage::Redirect, expected));
}

#[test]
fn a_redirect_to_nowhere() {
    for (location, why) in
        [("ftp://127.0.0.1/", "only http and https can be followed"), ("http://", "empty host")]
    {
        let expected =
            format!("the server redirects to \"{location}\", which is not usable: {why}");
        assert_eq!(failure_of(redirect_to(location)), (Stage::Redirect, expected));
    }
}

#[test]
fn a_body_cut_short() {
    assert_eq!(
        failure_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello"),
        (
            Stage::Read,
            "the body was cut short: the connection closed after 5 of 10 bytes".to_owned()
        )
    );
    assert_eq!(
        failure_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"),
        (Stage::Read, "the body was cut short: the connection closed after 5 bytes".to_owned())
    );
}

#[test]
fn a_broken_body_stays_broken() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello"]);
    asyncio::run(async {
        let mut response = ClientSession::new().get(server.url("/")).await.unwrap();
        let first = response.bytes().await.unwrap_err();
        let second = response.bytes().await.unwrap_err();
        assert_eq!(first.to_string(), second.to_string());
    });
}

#[test]
fn a_body_whose_chunks_make_no_sense() {
    let (stage, message) =
        failure_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nHello\r\n");
    assert_eq!(stage, Stage::Read);
    assert!(message.starts_with("the connection broke while reading the body: "), "{message}");
}

#[test]
fn no_answer_at_all() {
    let expected = "the server closed the connection while waiting for the answer";
    assert_eq!(failure_of(""), (Stage::Read, expected.to_owned()));
}

#[test]
fn a_head_cut_short() {
    let expected = "the server closed the connection while waiting for the answer";
    assert_eq!(failure_of("HTTP/1.1 200 OK\r\nX"), (Stage::Read, expected.to_owned()));
}

#[test]
fn an_answer_that_is_not_http() {
    let (stage, message) = failure_of("SSH-2.0-OpenSSH_9.0\r\n\r\n");
    assert_eq!(stage, Stage::Read);
    assert!(message.starts_with("the answer is not HTTP/1.1: "), "{message}");
}

#[test]
fn a_header_that_never_ends() {
    let expected =
        "the answer's head is too large: at most 65536 bytes and 128 header lines are read";
    // The client has hung up long before the server tires.
    let line = "x".repeat(4096);
    let server = Server::once(move |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
        for _ in 0..4096 {
            if stream.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
    });
    let url = server.url("/");
    let (stage, message) = stage_and_message(&failure(&url), &url);
    assert_eq!((stage, &*message), (Stage::Read, expected));
}

#[test]
fn a_head_may_be_large_but_not_too_large() {
    let text_of = |head: String| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{head}\r\nHello");
        let server = Server::answering([answer]);
        asyncio::run(fetch(&server.url("/")))
    };
    let long_line = |length| format!("X: {}\r\n", "x".repeat(length));
    let many_lines = |count| "X: 1\r\n".repeat(count);
    assert_eq!(text_of(long_line(65_000)).unwrap(), "Hello");
    assert_eq!(text_of(many_lines(127)).unwrap(), "Hello");
    for head in [long_line(66_000), many_lines(128)] {
        let error = text_of(head).unwrap_err().to_string();
        assert!(error.contains("the answer's head is too large"), "{error}");
    }
}

#[test]
fn a_compressed_body_nobody_asked_for() {
    let (stage, message) =
        failure_of("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(stage, Stage::Decode);
    assert_eq!(
        message,
        "the body is compressed (zstd), although nobody asked for it: take it with bytes()"
    );
}

const NO_LIMIT: ClientTimeout =
    ClientTimeout { total: None, pool: None, connect: None, read: None };

/// What a request of `url` with `timeout` fails with. `is_sent` holds the loop up until what the server
/// sends is there, so that no limit runs out before it.
fn timeout_of(url: &str, timeout: ClientTimeout, is_sent: Option<Receiver<()>>) -> ClientError {
    let session = ClientSession::builder().timeout(timeout).build().unwrap();
    let fetch = async { session.get(url).await?.text().await };
    let hold_up = async { is_sent.map(|is_sent| is_sent.recv_timeout(AT_MOST).unwrap()) };
    let (result, _) = asyncio::run(async { asyncio::gather!(fetch, hold_up).await });
    let error = result.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    error
}

/// A socket that takes connections, since it has a backlog, but that nobody serves.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn a_server_that_never_answers() {
    let (_silent, url) = silent_server();
    let timeout = ClientTimeout { read: Some(Duration::from_millis(50)), ..NO_LIMIT };
    let error = timeout_of(&url, timeout, None);
    assert_eq!(
        error.to_string(),
        format!("{url}: timed out after 50ms (ClientTimeout::read) while waiting for the answer")
    );
}

#[test]
fn a_body_that_stops_coming() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello";
    let (server, is_sent) = Server::forestalling(answer.to_owned());
    let url = server.url("/");
    let timeout = ClientTimeout { read: Some(Duration::from_secs(1)), ..NO_LIMIT };
    let error = timeout_of(&url, timeout, Some(is_sent));
    let expected = "timed out after 1s (ClientTimeout::read) while reading the body (5 bytes came)";
    assert_eq!(stage_and_message(&error, &url), (Stage::Timeout, expected.to_owned()));
}

#[test]
fn the_total_goes_on_through_redirects() {
    let (_silent, silent_url) = silent_server();
    let (server, is_sent) = Server::forestalling(redirect_to(&silent_url));
    let timeout = ClientTimeout { total: Some(Duration::from_secs(1)), ..NO_LIMIT };
    let error = timeout_of(&server.url("/"), timeout, Some(is_sent));
    let expected = "timed out after 1s (ClientTimeout::total) while waiting for the answer";
    assert_eq!(stage_and_message(&error, &silent_url), (Stage::Timeout, expected.to_owned()));
}

#[test]
fn a_body_that_never_ends_and_never_pauses() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    let url = server.url("/");
    let error = asyncio::run(async {
        let request = ClientSession::new().get(&url).timeout(Duration::from_millis(100));
        request.await?.bytes().await
    });
    let error = error.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[test]
fn a_server_that_says_continue_for_ever() {
    let server =
        Server::once(|stream| while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {});
    let url = server.url("/");
    let expected = "the server sends interim answers (1xx) and none that counts: at most 131072 bytes \
                    are read ahead of it";
    assert_eq!(stage_and_message(&failure(&url), &url), (Stage::Read, expected.to_owned()));
}

#[test]
#[should_panic(expected = "an HTTP request needs a running event loop: await it inside")]
fn outside_a_loop() {
    let mut request = pin!(ClientSession::new().get("http://127.0.0.1/").into_future());
    let _ = request.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
fn a_limit_beyond_what_an_instant_holds_is_none() {
    let server = Server::answering([ok("Hello")]);
    let session = ClientSession::builder().timeout(Duration::MAX).build().unwrap();
    let text = asyncio::run(async { session.get(server.url("/")).await?.text().await });
    assert_eq!(text.unwrap(), "Hello");
}
