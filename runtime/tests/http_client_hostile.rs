//! What `http::ClientSession` makes of servers that mean harm: a typed error within limits, and no harm to
//! other connections.

#![allow(missing_docs)]

mod http_server;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use asyncio::http::{ClientError, ClientSession, ClientTimeout, Response, Stage};
use http_server::{Keeping, Server, ok, redirect_to};
use socket2::SockRef;

async fn fetch(session: &ClientSession, url: String) -> Result<String, ClientError> {
    session.get(url).await?.text().await
}

/// The error of a hostile server, which must not hurt a request to another, in the same session, that is
/// under way meanwhile.
fn harm(session: &ClientSession, hostile: &Server) -> ClientError {
    let good = Keeping::run(|_| ok("Hello"));
    asyncio::run(async {
        assert_eq!(fetch(session, good.url("/")).await.unwrap(), "Hello");
        let goes_on = async {
            for _ in 0..3 {
                assert_eq!(fetch(session, good.url("/")).await.unwrap(), "Hello");
                asyncio::sleep(Duration::from_millis(5)).await;
            }
        };
        let (error, ()) = asyncio::gather!(fetch(session, hostile.url("/")), goes_on).await;
        assert_eq!(good.asked.try_iter().map(|asked| asked.connection).max(), Some(0));
        error.unwrap_err()
    })
}

fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_nodelay(true).unwrap();
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn message(error: &ClientError) -> String {
    error.to_string().split_once("/: ").unwrap().1.to_owned()
}

const READ: Duration = Duration::from_millis(100);

fn impatient() -> ClientSession {
    let timeout = ClientTimeout { read: Some(READ), ..ClientTimeout::default() };
    ClientSession::builder().timeout(timeout).build().unwrap()
}

#[test]
fn a_head_that_drips_is_over_with_the_limit_for_reading() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ");
        drip(stream, b"x");
    });
    let start = Instant::now();
    let error = harm(&impatient(), &server);
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() >= READ);
    assert!(message(&error).ends_with("(ClientTimeout::read) while waiting for the answer"));
}

#[test]
fn a_body_that_drips_is_over_with_the_limit_of_the_whole() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        drip(stream, b"x");
    });
    let session = ClientSession::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let error = harm(&session, &server);
    assert!(error.is_timeout(), "{error}");
    assert!(message(&error).contains("200ms (ClientTimeout::total) while reading the body ("));
}

#[test]
fn a_body_that_never_ends_is_read_up_to_the_limit() {
    for head in ["", "Content-Length: 9999999999\r\n", "Transfer-Encoding: chunked\r\n"] {
        let server = Server::once(move |stream| {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n");
            let piece = format!("400\r\n{}\r\n", "x".repeat(1024));
            while stream.write_all(piece.as_bytes()).is_ok() {}
        });
        let session = ClientSession::builder().max_body_size(100_000).build().unwrap();
        let error = harm(&session, &server);
        assert_eq!(error.stage(), Stage::Read);
        assert_eq!(
            message(&error),
            "the body is larger than 100000 bytes, the most that is read into memory: take it with \
             chunks(), or raise max_body_size()"
        );
    }
}

#[test]
fn a_promised_length_sets_no_memory_aside() {
    let server = Server::once(|stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", u64::MAX / 4);
    });
    let error = harm(&ClientSession::builder().max_body_size(None).build().unwrap(), &server);
    assert!(message(&error).starts_with("the body was cut short: "), "{error}");
}

#[test]
fn headers_that_never_end_are_over_with_the_limit_of_a_head() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-Next: 1\r\n").is_ok() {}
    });
    let error = harm(&ClientSession::new(), &server);
    assert_eq!(error.stage(), Stage::Read);
    assert!(message(&error).starts_with("the answer's head is too large"), "{error}");
}

#[test]
fn trailers_that_never_end_are_an_error() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        while stream.write_all(b"X-Next: 1\r\n").is_ok() {}
    });
    assert_eq!(harm(&ClientSession::new(), &server).stage(), Stage::Read);
}

#[test]
fn a_length_that_is_too_long_is_a_body_cut_short() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello");
    });
    let error = harm(&ClientSession::new(), &server);
    let expected = "the body was cut short: the connection closed after 5 of 10 bytes";
    assert_eq!((error.stage(), &*message(&error)), (Stage::Read, expected));
}

#[test]
fn what_comes_beyond_the_length_is_no_answer_to_the_next_request() {
    let server = Keeping::run(|asked| match asked.connection {
        0 => {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        }
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
    });
    asyncio::run(async {
        let session = ClientSession::new();
        assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "Hello");
        assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "good");
    });
}

#[test]
fn two_lengths_that_differ_are_refused() {
    let server = Server::answering([
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nHello!",
    ]);
    let error = harm(&ClientSession::new(), &server);
    assert!(message(&error).starts_with("the answer is not HTTP/1.1: "), "{error}");
}

#[test]
fn chunk_sizes_that_lie_are_errors() {
    for (chunks, what) in [
        ("10\r\nHello\r\n0\r\n\r\n", "more than comes"),
        ("3\r\nHello\r\n0\r\n\r\n", "less than comes"),
        ("fffffffffffffffff\r\nHello", "more than a number holds"),
        ("-1\r\nHello", "less than nothing"),
        ("5 x\r\nHello\r\n0\r\n\r\n", "no number"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        let server = Server::answering([answer]);
        let error = harm(&ClientSession::new(), &server);
        assert_eq!(error.stage(), Stage::Read, "{what}: {error}");
    }
}

#[test]
fn a_wrong_charset_gives_replacement_characters_and_a_false_one_is_utf_8() {
    for (charset, expected) in
        [("utf-8", "caf\u{FFFD}"), ("shift_jis", "caf\u{FFFD}"), ("nonsense", "caf\u{FFFD}")]
    {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\nContent-Length: 4\r\n\r\n"
        );
        let server = Server::answering([[head.as_bytes(), b"caf\xe9"].concat()]);
        let text = asyncio::run(async { fetch(&ClientSession::new(), server.url("/")).await });
        assert_eq!(text.unwrap(), expected, "{charset}");
    }
}

#[test]
fn a_redirect_to_a_file_is_refused_and_named() {
    let server = Server::answering([redirect_to("file:///etc/passwd")]);
    let error = harm(&ClientSession::new(), &server);
    assert_eq!(error.stage(), Stage::Redirect);
    assert_eq!(
        message(&error),
        "the server redirects to \"file:///etc/passwd\", which is not usable: only http and https \
         can be followed"
    );
}

#[test]
fn interim_answers_without_end_are_an_error() {
    let server = Server::once(|stream| {
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n").is_ok() {}
    });
    let error = harm(&ClientSession::new(), &server);
    assert_eq!(error.stage(), Stage::Read);
    assert!(message(&error).starts_with("the server sends interim answers (1xx)"), "{error}");
}

#[test]
fn a_few_interim_answers_are_passed_over() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(20);
    let server = Server::answering([hints + &ok("Hello")]);
    let text = asyncio::run(async { fetch(&ClientSession::new(), server.url("/")).await });
    assert_eq!(text.unwrap(), "Hello");
}

#[test]
fn a_reset_in_the_middle_of_the_body_is_an_error() {
    let server = Server::once(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello");
        SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
        // Not before the client has read what came: a reset throws away the rest.
        std::thread::sleep(Duration::from_millis(50));
    });
    let error = harm(&ClientSession::new(), &server);
    assert_eq!(error.stage(), Stage::Read);
    let text = message(&error);
    assert!(text.starts_with("the connection broke while reading the body: "), "{text}");
}

#[test]
fn an_early_answer_to_a_large_body_is_an_answer_or_an_error_but_never_a_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Reads a little of it, answers and goes.
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    });
    let answered = asyncio::run(async {
        let request = ClientSession::new().post(url).body(vec![0; 8 << 20]);
        request.timeout(Duration::from_secs(10)).await
    });
    match answered.as_ref().map(Response::status) {
        Ok(status) => assert_eq!(status, 413),
        Err(error) => assert!(matches!(error.stage(), Stage::Send | Stage::Read), "{error}"),
    }
}
