//! Requests and their answers, as they are on the wire.

use std::io;

use asyncio::http::StatusCode;
use asyncio::http::web::{Body, HttpError, Request, Response};
use futures::StreamExt;

use crate::client::{Client, hello, serve};

#[asyncio::test]
async fn an_answer_has_a_date_and_its_length() {
    let server = serve(hello).await.unwrap();
    let answer = Client::connect(&server).await.get("/").await;
    assert_eq!((answer.status, answer.text()), (200, "Hello"));
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let date = answer.header("date").unwrap();
    assert!(date.ends_with(" gmt"), "{date}");
}

#[asyncio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = serve(async |request: Request| request.path().into_owned()).await.unwrap();
    let mut client = Client::connect(&server).await;
    for path in ["/one", "/two", "/three"] {
        assert_eq!(client.get(path).await.text(), path);
    }
}

#[asyncio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let server = serve(async |request: Request| request.path().into_owned()).await.unwrap();
    let paths: Vec<String> = (0..40).map(|n| format!("/{n}")).collect();
    let request = |path: &String| format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
    let requests: Vec<String> = paths.iter().map(request).collect();
    let mut client = Client::sending(&server, requests.concat()).await;
    for path in paths {
        assert_eq!(client.answer().await.text(), path);
    }
}

#[asyncio::test]
async fn a_request_tells_what_came() {
    let server = serve(async |mut request: Request| {
        let text = request.text().await?;
        let remote = request.remote().unwrap();
        assert!(remote.ip().is_loopback());
        Ok::<_, HttpError>(format!(
            "{} {} {} {:?} {:?} {text} {:?}",
            request.method(),
            request.path(),
            request.uri(),
            request.query("q"),
            request.query_pairs(),
            request.headers()["x-one"],
        ))
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(
        &server,
        "POST /a%20b?q=%C3%A9&r=1&q=2 HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody",
    )
    .await;
    assert_eq!(
        client.answer().await.text(),
        "POST /a b /a%20b?q=%C3%A9&r=1&q=2 Some(\"é\") \
         [(\"q\", \"é\"), (\"r\", \"1\"), (\"q\", \"2\")] body \"1\""
    );
}

#[asyncio::test]
async fn a_body_is_there_again_for_who_asks_again() {
    let server = serve(async |mut request: Request| {
        let first = request.bytes().await?;
        Ok::<_, HttpError>(format!("{} {}", first.len(), request.text().await?))
    });
    let server = server.await.unwrap();
    let request = "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let mut client = Client::sending(&server, request).await;
    assert_eq!(client.answer().await.text(), "5 abcde");
}

#[asyncio::test]
async fn a_text_is_decoded_as_its_head_says_or_refused() {
    let server = serve(async |mut request: Request| request.text().await).await.unwrap();
    let mut client = Client::connect(&server).await;
    let mut ask = async |kind: &str, body: &[u8]| {
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: here\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        client.send([head.as_bytes(), body].concat());
        let answer = client.answer().await;
        (answer.status, answer.text().to_owned())
    };
    assert_eq!(ask("text/plain; charset=latin1", b"\xe9").await, (200, "é".to_owned()));
    let refused = (400, "the body is not valid UTF-8".to_owned());
    assert_eq!(ask("text/plain", b"\xe9").await, refused);
    let unknown = (415, "the charset \"klingon\" isn't known here".to_owned());
    assert_eq!(ask("text/plain; charset=klingon", b"x").await, unknown);
}

#[asyncio::test]
async fn a_form_gives_its_fields_and_nothing_else_is_taken_for_one() {
    let server =
        serve(async |mut request: Request| request.form().await.map(|form| format!("{form:?}")));
    let server = server.await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\nContent-Type: ";
    let form = format!("{head}application/x-www-form-urlencoded\r\n\r\na=1&b=%26");
    let mut client = Client::sending(&server, form).await;
    assert_eq!(client.answer().await.text(), r#"[("a", "1"), ("b", "&")]"#);
    client.send(format!("{head}text/plain\r\n\r\na=1&b=%26"));
    assert_eq!(client.answer().await.status, 415);
}

#[asyncio::test]
async fn a_stream_is_sent_in_chunks_and_one_of_known_length_without() {
    let pieces =
        || futures::stream::iter(["one ", "two"]).map(|text| Ok::<_, io::Error>(text.into()));
    let server = serve(async move |request: Request| {
        Response::new(match &*request.path() {
            "/sized" => Body::sized_stream(7, pieces()),
            _ => Body::stream(pieces()),
        })
    });
    let server = server.await.unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.get("/").await;
    assert_eq!((answer.header("transfer-encoding"), answer.text()), (Some("chunked"), "one two"));
    let answer = client.get("/sized").await;
    assert_eq!((answer.header("content-length"), answer.text()), (Some("7"), "one two"));
}

#[asyncio::test]
async fn a_large_body_comes_whole() {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let sent = large.clone();
    let server = serve(async move |_: Request| sent.clone()).await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.body, large);
}

#[asyncio::test]
async fn a_head_request_gets_the_length_and_no_body() {
    let server = serve(hello).await.unwrap();
    let mut client = Client::sending(&server, "HEAD / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    let answer = client.head().await.unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("5")));
    assert_eq!(client.get("/").await.text(), "Hello");
}

#[asyncio::test]
async fn http_1_0_is_answered_and_closed_unless_it_asks_to_go_on() {
    let server = serve(hello).await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), "Hello");
    assert!(client.is_closed().await);
    let asking = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let mut client = Client::sending(&server, asking).await;
    assert_eq!(client.answer().await.header("connection"), Some("keep-alive"));
    client.send(asking);
    assert_eq!(client.answer().await.text(), "Hello");
}

#[asyncio::test]
async fn a_stream_to_http_1_0_ends_with_the_connection() {
    let server = serve(async |_: Request| {
        let pieces = ["one ", "two"].map(|text| Ok::<_, std::io::Error>(text.into()));
        Response::new(Body::stream(futures::stream::iter(pieces)))
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.0\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.header("transfer-encoding"), answer.text()), (None, "one two"));
}

#[asyncio::test]
async fn who_asks_whether_to_send_a_body_is_told_to_when_it_is_read() {
    let server = serve(async |mut request: Request| match &*request.path() {
        "/read" => request.text().await,
        _ => Err(HttpError::forbidden("no")),
    });
    let server = server.await.unwrap();
    let head = "HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    let mut client = Client::sending(&server, format!("POST /read {head}")).await;
    assert_eq!(client.head().await.unwrap().status, 100);
    client.send("body");
    assert_eq!(client.answer().await.text(), "body");
    let mut client = Client::sending(&server, format!("POST /other {head}")).await;
    assert_eq!(client.answer().await.status, 403);
}

#[asyncio::test]
async fn a_client_that_ends_its_side_is_answered_still() {
    let server = serve(async |_: Request| {
        crate::support::turns(3).await;
        "Hello"
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    client.writer.write_eof();
    assert_eq!(client.answer().await.text(), "Hello");
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn an_answer_may_close_the_connection() {
    let server = serve(async |_: Request| Response::text("bye").with_header("Connection", "close"));
    let server = server.await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/").await.text(), "bye");
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn a_status_without_a_body_has_none() {
    let server = serve(async |_: Request| StatusCode::NO_CONTENT).await.unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.get("/").await;
    assert_eq!((answer.status, answer.header("content-length")), (204, None));
    assert_eq!(client.get("/").await.status, 204);
}
