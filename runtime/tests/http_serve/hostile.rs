//! Clients that mean no good, or can't do better. Each test fails when the limit it is about is taken away.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::http::web::{HttpError, Request};

use crate::client::{Client, hello, serve};
use crate::support::{reports, turns};

const HEAD: &str = "POST / HTTP/1.1\r\nHost: here\r\n";
/// What no test waits for: the limit it is about is shorter.
const LONG: Duration = Duration::from_secs(600);
/// Long enough for a busy machine to deliver what was sent before.
const SHORT: Duration = Duration::from_millis(300);

#[asyncio::test]
async fn a_head_that_comes_byte_by_byte_has_its_time_as_a_whole() {
    let server = serve(hello).header_timeout(SHORT).await.unwrap();
    let mut client = Client::connect(&server).await;
    let writer = client.writer;
    let dripping = asyncio::create_task(async move {
        for byte in b"GET / HTTP/1.1\r\nHost: here\r\nX: ".iter().chain(std::iter::repeat(&b'a')) {
            writer.write([*byte]);
            asyncio::sleep(Duration::from_millis(5)).await;
        }
    });
    let head = client.reader.read_until(b"\r\n\r\n").await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 408 Request Timeout\r\n"), "{head:?}");
    assert_eq!(client.reader.read(1).await.unwrap(), b"");
    dripping.cancel();
}

#[asyncio::test]
async fn a_connection_that_says_nothing_is_closed_after_a_while() {
    let server = serve(hello).header_timeout(SHORT).await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.reader.read_to_end().await.unwrap(), b"");
}

#[asyncio::test]
async fn an_idle_connection_is_closed_after_a_while() {
    let server = serve(hello).header_timeout(LONG).keep_alive_timeout(SHORT).await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.text(), "Hello");
    assert_eq!(client.reader.read_to_end().await.unwrap(), b"");
}

#[asyncio::test]
async fn a_second_head_has_its_time_too() {
    let server = serve(hello).header_timeout(SHORT).keep_alive_timeout(LONG).await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.text(), "Hello");
    client.send("GET / HT");
    assert_eq!(client.answer().await.status, 408);
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn a_handler_may_take_its_time() {
    let server = serve(async |_: Request| {
        asyncio::sleep(2 * SHORT).await;
        "at last"
    });
    let server = server.header_timeout(SHORT).keep_alive_timeout(SHORT).stall_timeout(SHORT);
    let server = server.await.unwrap();
    assert_eq!(Client::connect(&server).await.get("/").await.text(), "at last");
}

#[asyncio::test]
async fn a_head_over_the_limit_is_refused() {
    let server = serve(hello).header_limit(1000).await.unwrap();
    let long = "a".repeat(2000);
    for request in [
        format!("GET / HTTP/1.1\r\nHost: here\r\nX: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: here\r\n\r\n"),
        // It needn't end.
        format!("GET / HTTP/1.1\r\nHost: here\r\nX: {long}"),
    ] {
        let mut client = Client::sending(&server, request).await;
        assert_eq!(client.answer().await.status, 431);
        assert!(client.is_closed().await);
    }
}

#[asyncio::test]
async fn an_endless_head_is_refused_by_default() {
    let server = serve(hello).await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nX: ").await;
    client.send(vec![b'a'; 20_000]);
    assert_eq!(client.answer().await.status, 431);
}

#[asyncio::test]
async fn more_headers_than_the_limit_are_refused() {
    let server = serve(hello).max_headers(20).await.unwrap();
    let ask = async |count: usize| {
        let headers = "X: 1\r\n".repeat(count);
        let request = format!("GET / HTTP/1.1\r\n{headers}\r\n");
        Client::sending(&server, request).await.answer().await.status
    };
    assert_eq!((ask(20).await, ask(21).await), (200, 431));
}

/// What two servers in a row might understand differently is refused, before a handler sees it.
#[asyncio::test]
async fn what_is_said_in_two_ways_is_refused() {
    let calls = Rc::new(Cell::new(0));
    let counted = calls.clone();
    let server = serve(async move |mut request: Request| {
        counted.set(counted.get() + 1);
        request.text().await
    });
    let server = server.await.unwrap();
    for headers in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: 4, 5\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 4\r\n",
        "X: 1\r\n Y: 2\r\n",
        "X: \0\r\n",
    ] {
        let mut client = Client::sending(&server, format!("{HEAD}{headers}\r\nbody")).await;
        assert_eq!(client.answer().await.status, 400, "{headers:?}");
        assert!(client.is_closed().await, "{headers:?}");
    }
    assert_eq!(calls.get(), 0);
}

/// RFC 9112 leaves a server the choice to go by the chunks; the length must not matter then.
#[asyncio::test]
async fn a_length_beside_chunks_is_not_what_counts() {
    let server = serve(async |mut request: Request| {
        assert!(
            !request.headers().contains_key("content-length"),
            "a proxy's handler sees one way"
        );
        request.text().await
    });
    let server = server.await.unwrap();
    let request = format!(
        "{HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    );
    let mut client = Client::sending(&server, request).await;
    assert_eq!(client.answer().await.text(), "abcde");
}

#[asyncio::test]
async fn garbage_behind_a_request_is_refused_and_the_request_answered() {
    let server = serve(hello).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: here\r\n\r\n\x16\x03\x01 what is this\r\n\r\n";
    let mut client = Client::sending(&server, request).await;
    assert_eq!(client.answer().await.text(), "Hello");
    assert_eq!(client.answer().await.status, 400);
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn chunk_sizes_that_lie_are_a_400() {
    let server = serve(async |mut request: Request| request.text().await).await.unwrap();
    for chunks in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc",
        "\r\n\r\n",
    ] {
        let request = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunks}");
        let mut client = Client::sending(&server, request).await;
        assert_eq!(client.answer().await.status, 400, "{chunks:?}");
        assert!(client.is_closed().await, "{chunks:?}");
    }
}

#[asyncio::test]
async fn a_body_over_the_limit_is_refused_whether_its_length_is_said_or_not() {
    let server = serve(async |mut request: Request| request.text().await);
    let server = server.body_limit(10).await.unwrap();
    for body in [
        "Content-Length: 11\r\n\r\n",
        "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n8\r\nabcdefgh\r\n",
        "Transfer-Encoding: chunked\r\n\r\n20000\r\n",
    ] {
        let mut client = Client::sending(&server, format!("{HEAD}{body}")).await;
        client.send([b'a'; 1000]);
        let answer = client.answer().await;
        let text = answer.text();
        assert_eq!((answer.status, text), (413, "the body is larger than the limit of 10 bytes"));
        client.writer.write_eof();
        assert!(client.is_closed().await);
    }
    let mut client =
        Client::sending(&server, format!("{HEAD}Content-Length: 10\r\n\r\n0123456789")).await;
    assert_eq!(client.answer().await.text(), "0123456789");
}

#[asyncio::test]
async fn a_limit_of_the_requests_own_takes_the_place_of_the_servers() {
    let server = serve(async |mut request: Request| {
        request.set_body_limit(20);
        request.text().await
    });
    let server = server.body_limit(10).await.unwrap();
    let body = "0123456789abcdef";
    let mut client =
        Client::sending(&server, format!("{HEAD}Content-Length: 16\r\n\r\n{body}")).await;
    assert_eq!(client.answer().await.text(), body);
}

/// A client that sends all before it reads would lose the answer if the server just closed.
#[asyncio::test]
async fn who_goes_on_sending_what_is_refused_can_read_why() {
    let server = serve(async |mut request: Request| request.text().await).await.unwrap();
    let length = 8 << 20;
    let mut client =
        Client::sending(&server, format!("{HEAD}Content-Length: {length}\r\n\r\n")).await;
    client.send(vec![b'a'; length]);
    client.writer.drain().await.unwrap();
    client.writer.write_eof();
    assert_eq!(client.answer().await.status, 413);
}

#[asyncio::test]
async fn a_body_that_stalls_is_a_408() {
    let server = serve(async |mut request: Request| request.text().await);
    let server = server.stall_timeout(SHORT).await.unwrap();
    let mut client = Client::sending(&server, format!("{HEAD}Content-Length: 10\r\n\r\nabc")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (408, "the rest of the body did not come in time"));
    client.writer.write_eof();
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    let server = serve(async |_: Request| vec![b'a'; 64 << 20]).stall_timeout(SHORT).await.unwrap();
    let client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    server.close();
    // Nobody is left: not after the shutdown's minute.
    asyncio::timeout(LONG / 20, server.wait_closed()).await.unwrap();
    drop(client);
}

#[asyncio::test]
async fn a_client_gone_in_the_middle_of_an_upload_is_an_error_for_its_handler_alone() {
    let reports = reports();
    let (told, outcome) = (Rc::new(Cell::new(None)), ());
    let teller = told.clone();
    let server = serve(async move |mut request: Request| {
        let read = request.text().await;
        teller.set(Some(read.as_ref().map_err(HttpError::status).map(String::len)));
        read
    });
    let server = server.await.unwrap();
    let mut other = Client::connect(&server).await;
    let client = Client::sending(&server, format!("{HEAD}Content-Length: 10\r\n\r\nabc")).await;
    turns(10).await;
    drop((client, outcome));
    while told.get().is_none() {
        asyncio::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(told.get().unwrap().unwrap_err(), 400);
    assert_eq!(other.get("/").await.status, 200);
    assert_eq!(reports.take(), "");
}
