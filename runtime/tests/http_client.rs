//! What `http::ClientSession` asks a server and makes of its answer.

#![allow(missing_docs)]

mod http_server;

use std::future::IntoFuture;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::thread;

use asyncio::http::{ClientError, ClientSession, Response};
use http_server::{AT_MOST, Server, ok, redirect_to};

/// Runs one GET request of `url` to its answer's head.
fn get(url: &str) -> Result<Response, ClientError> {
    asyncio::run(async { ClientSession::new().get(url).await })
}

/// The text that a server's `answer` becomes.
fn text_of(answer: impl Into<Vec<u8>>) -> String {
    let server = Server::answering([answer]);
    asyncio::run(async {
        let mut response = ClientSession::new().get(server.url("/")).await?;
        response.text().await
    })
    .unwrap()
}

#[test]
fn an_answer_has_its_status_headers_url_and_body() {
    let server = Server::answering([
        "HTTP/1.1 404 Not Found\r\nX-Number: 7\r\nContent-Length: 4\r\n\r\ngone",
    ]);
    let url = server.url("/page?q=1");
    asyncio::run(async {
        let mut response = ClientSession::new().get(&url).await?;
        assert_eq!(response.status(), 404);
        assert_eq!(response.status().to_string(), "404 Not Found");
        assert!(!response.is_ok());
        assert_eq!(response.headers()["x-number"], "7");
        assert_eq!(response.url().as_str(), url);
        assert!(response.history().is_empty());
        assert_eq!(response.bytes().await?, "gone");
        assert_eq!(response.text().await?, "gone", "the body is kept");
        Ok::<_, ClientError>(())
    })
    .unwrap();
}

#[test]
fn a_request_says_what_is_asked_of_whom_and_by_whom() {
    let server = Server::answering([ok("")]);
    get(&server.url("/a%20b/ä?q=1&r=ö#here")).unwrap();
    let request = server.request();
    let mut lines = request.lines();
    assert_eq!(lines.next(), Some("get /a%20b/%c3%a4?q=1&r=%c3%b6 http/1.1"));
    let mut headers: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            if cfg!(feature = "compression") {
                "accept-encoding: gzip, deflate, br"
            } else {
                "accept-encoding: identity"
            },
            "accept: */*",
            &format!("host: {}", server.address),
            concat!("user-agent: asyncio/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[test]
fn a_host_may_be_a_name() {
    // It may have an IPv6 address too, where nobody listens.
    let server = Server::answering([ok("Hello")]);
    let host = format!("localhost:{}", server.address.port());
    get(&format!("http://{host}/")).unwrap();
    let request = server.request();
    assert!(request.contains(&format!("host: {host}\r\n")), "{request}");
}

#[test]
fn a_header_of_ones_own_takes_the_place_of_the_default() {
    let server = Server::answering([ok("")]);
    asyncio::run(async {
        ClientSession::new()
            .get(server.url("/"))
            .header("Accept", "text/plain")
            .header("X-Twice", "1")
            .header("X-Twice", "2")
            .await
    })
    .unwrap();
    let request = server.request();
    assert!(request.contains("accept: text/plain\r\n"), "{request}");
    assert!(!request.contains("*/*"), "{request}");
    assert_eq!(request.matches("x-twice: ").count(), 2, "{request}");
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                  5\r\nHello\r\n7\r\n, World\r\n0\r\nX-Trailer: 1\r\n\r\n";
    assert_eq!(text_of(answer), "Hello, World");
}

#[test]
fn a_body_of_no_stated_length_ends_with_the_connection() {
    assert_eq!(text_of("HTTP/1.1 200 OK\r\n\r\nHello"), "Hello");
}

#[test]
fn a_large_body_comes_whole() {
    let body = "0123456789abcdef".repeat(256 * 1024);
    assert!(text_of(ok(&body)) == body);
}

#[test]
fn text_is_decoded_as_the_content_type_says() {
    let answer = |content_type: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n");
        text_of([head.as_bytes(), body].concat())
    };
    assert_eq!(answer("text/html; charset=ISO-8859-1", b"caf\xe9"), "café");
    assert_eq!(answer("text/html; Charset=\"utf-8\"", "café".as_bytes()), "café");
    assert_eq!(answer("text/html; charset=shift_jis", b"\x93\xfa\x96\x7b"), "日本");
    assert_eq!(answer("text/html", "café".as_bytes()), "café");
    assert_eq!(answer("text/html; charset=nonsense", "café".as_bytes()), "café");
    assert_eq!(answer("text/html", b"\xef\xbb\xbfmark"), "mark");
    assert_eq!(answer("text/html", b"bad \xff byte"), "bad \u{FFFD} byte");
}

#[test]
fn redirects_are_followed_and_remembered() {
    let last = Server::answering([ok("there")]);
    let first = Server::answering([redirect_to("/second?x=1"), redirect_to(&last.url("/last"))]);
    asyncio::run(async {
        let mut response = ClientSession::new().get(first.url("/first#part")).await?;
        assert_eq!(response.text().await?, "there");
        assert_eq!(response.url().as_str(), last.url("/last#part"));
        let history: Vec<_> = response
            .history()
            .iter()
            .map(|redirect| (redirect.status().as_u16(), redirect.url().as_str()))
            .collect();
        assert_eq!(
            history,
            [(302, &*first.url("/first#part")), (302, &*first.url("/second?x=1#part")),]
        );
        assert_eq!(response.history()[0].headers()["location"], "/second?x=1");
        Ok::<_, ClientError>(())
    })
    .unwrap();
}

#[test]
fn ten_redirects_are_followed() {
    let hops = (1..=10).map(|number| redirect_to(&format!("/{number}")));
    let server = Server::answering(hops.chain([ok("there")]));
    let response = get(&server.url("/0")).unwrap();
    assert_eq!(response.history().len(), 10);
    assert_eq!(response.url().path(), "/10");
}

#[test]
fn a_redirect_that_says_not_where_to_is_the_answer() {
    let server = Server::answering(["HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"]);
    assert_eq!(get(&server.url("/")).unwrap().status(), 302);
}

#[test]
fn credentials_follow_a_redirect_only_within_their_origin() {
    let other = Server::answering([ok("")]);
    let home = Server::answering([redirect_to("/second"), redirect_to(&other.url("/"))]);
    asyncio::run(async {
        ClientSession::new()
            .get(home.url("/"))
            .header("Authorization", "Bearer secret")
            .header("Cookie", "a=secret")
            .header("X-Other", "1")
            .await
    })
    .unwrap();
    assert_eq!(home.request().matches("secret").count(), 2);
    assert_eq!(home.request().matches("secret").count(), 2);
    let request = other.request();
    assert!(!request.contains("secret"), "{request}");
    assert!(request.contains("x-other: 1"), "{request}");
}

#[test]
fn credentials_in_a_url_are_sent_as_a_header_and_shown_nowhere() {
    let server = Server::answering([ok("")]);
    let url = format!("http://us%65r:pa%20ss@{}/", server.address);
    let request = ClientSession::new().get(&url);
    assert!(!format!("{request:?}").contains("pa"), "{request:?}");
    let error = asyncio::run(async { request.header("\n", "").await.unwrap_err() });
    assert_eq!(error.url().unwrap(), server.url("/"));
    let response = get(&url).unwrap();
    assert_eq!(response.url().as_str(), server.url("/"));
    // "user:pa ss", and the head is in lower case
    let header = "authorization: Basic dXNlcjpwYSBzcw==".to_ascii_lowercase();
    let request = server.request();
    assert!(request.contains(&header), "{request}");
}

#[test]
fn credentials_in_the_url_of_a_redirect_are_for_its_target() {
    let other = Server::answering([ok("")]);
    let home = Server::answering([redirect_to(&format!("http://you:there@{}/", other.address))]);
    let response = get(&format!("http://me:here@{}/", home.address)).unwrap();
    assert_eq!(response.url().as_str(), other.url("/"));
    assert_eq!(response.history()[0].url().as_str(), home.url("/"));
    let authorization = |request: String| {
        request
            .lines()
            .find_map(|line| line.strip_prefix("authorization: basic ").map(str::to_owned))
    };
    // The heads are in lower case.
    assert_eq!(authorization(home.request()).unwrap(), "bWU6aGVyZQ==".to_ascii_lowercase());
    assert_eq!(authorization(other.request()).unwrap(), "eW91OnRoZXJl".to_ascii_lowercase());
}

#[test]
fn several_requests_are_under_way_at_once() {
    const REQUESTS: usize = 3;
    // No connection is answered before all are there.
    let all_there = Arc::new(Barrier::new(REQUESTS));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::run(listener, move |number, stream, _| {
        let (mut stream, all_there) = (stream.try_clone().unwrap(), Arc::clone(&all_there));
        thread::spawn(move || {
            all_there.wait();
            stream.write_all(ok(&number.to_string()).as_bytes()).unwrap();
        });
        number + 1 < REQUESTS
    });
    let session = ClientSession::new();
    let fetch = async || {
        let mut response = session.get(server.url("/")).await?;
        response.text().await
    };
    let texts = asyncio::run(asyncio::gather((0..REQUESTS).map(|_| fetch())));
    let mut texts: Vec<_> = texts.into_iter().map(Result::unwrap).collect();
    texts.sort();
    assert_eq!(texts, ["0", "1", "2"]);
}

#[test]
fn a_session_can_be_given_to_a_task() {
    let server = Server::answering([ok("Hello")]);
    let url = server.url("/");
    let text = asyncio::run(async {
        let session = ClientSession::new();
        let task = asyncio::create_task({
            let session = session.clone();
            async move { session.get(url).await?.text().await }
        });
        task.await.unwrap()
    });
    assert_eq!(text.unwrap(), "Hello");
}

/// A server that says on the channel when the client's end of its one connection is closed.
fn server_that_waits_for_the_end(answer: &'static str) -> (Server, mpsc::Receiver<()>) {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::once(move |stream| {
        stream.write_all(answer.as_bytes()).unwrap();
        while let Ok(1..) = stream.read(&mut [0; 64]) {}
        closed.send(()).unwrap();
    });
    (server, is_closed)
}

#[test]
fn dropping_a_request_closes_its_connection() {
    let (server, is_closed) = server_that_waits_for_the_end("");
    asyncio::run(async {
        let mut request = pin!(ClientSession::new().get(server.url("/")).into_future());
        std::future::poll_fn(|cx| {
            assert!(request.as_mut().poll(cx).is_pending(), "it isn't answered");
            if server.requests.try_recv().is_ok() {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        assert!(is_closed.try_recv().is_err(), "it is still open");
    });
    is_closed.recv_timeout(AT_MOST).unwrap();
}

#[test]
fn dropping_a_response_closes_its_connection() {
    let (server, is_closed) =
        server_that_waits_for_the_end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello");
    let response = get(&server.url("/")).unwrap();
    assert!(is_closed.try_recv().is_err(), "it is still open");
    drop(response);
    is_closed.recv_timeout(AT_MOST).unwrap();
}

#[test]
fn the_end_of_the_body_closes_the_connection() {
    let (server, is_closed) =
        server_that_waits_for_the_end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello");
    let _still_here = asyncio::run(async {
        let mut response = ClientSession::new().get(server.url("/")).await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), "Hello");
        response
    });
    is_closed.recv_timeout(AT_MOST).unwrap();
}

#[test]
fn nothing_of_a_body_is_lost_when_reading_it_is_dropped() {
    let body = "0123456789abcdef".repeat(16 * 1024);
    let server = Server::answering([ok(&body)]);
    asyncio::run(async {
        let mut response = ClientSession::new().get(server.url("/")).await.unwrap();
        // Each poll has a future of its own, dropped at its end.
        let bytes = std::future::poll_fn(|cx| pin!(response.bytes()).poll(cx)).await;
        assert!(bytes.unwrap() == body);
    });
}
