//! What may be a handler, and what becomes of one that fails.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::task::{Context, Poll};

use asyncio::http::StatusCode;
use asyncio::http::header::RETRY_AFTER;
use asyncio::http::web::{Body, HttpError, Request, RequestBody, Response};
use futures::TryStreamExt;
use tower_service::Service;

use crate::client::{Client, serve};
use crate::support::{reports, turns};

#[asyncio::test]
async fn a_closure_may_borrow_what_it_owns() {
    let names = ["Ada".to_owned(), "Grace".to_owned()];
    let server = serve(async move |request: Request| {
        let known = names.iter().any(|name| request.path().ends_with(name.as_str()));
        turns(1).await;
        if known { "known" } else { "unknown" }
    });
    let server = server.await.unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/Ada").await.text(), "known");
    assert_eq!(client.get("/Eve").await.text(), "unknown");
}

/// A service of the crate tower, by hand.
#[derive(Clone)]
struct Counting {
    limit: usize,
    is_ready: bool,
}

impl Service<hyper::Request<RequestBody>> for Counting {
    type Response = hyper::Response<Body>;
    type Error = io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = io::Result<Self::Response>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<RequestBody>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "it is asked before it is called");
        let limit = self.limit;
        Box::pin(async move {
            let body: Vec<_> = request.into_body().try_collect().await.map_err(io::Error::other)?;
            let length = body.concat().len();
            if length > limit {
                return Err(io::Error::other("too long for me"));
            }
            Ok(hyper::Response::new(length.to_string().into()))
        })
    }
}

#[asyncio::test]
async fn a_service_of_tower_answers_and_its_error_is_a_500_that_is_reported() {
    let reports = reports();
    let server = serve(Counting { limit: 5, is_ready: false }).await.unwrap();
    let mut client = Client::connect(&server).await;
    let post = |body: &str| {
        let length = body.len();
        format!("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    client.send(post("four"));
    assert_eq!(client.answer().await.text(), "4");
    client.send(post("seven.."));
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (500, "500: Internal Server Error"));
    let reported = reports.take();
    assert!(reported.starts_with("Error handling request: "), "{reported}");
    assert!(reported.ends_with(": 500 Internal Server Error: too long for me"), "{reported}");
    client.send(post("four"));
    assert_eq!(client.answer().await.text(), "4");
}

/// Its future is no task's: it is ready at once.
#[derive(Clone)]
struct Immediate;

impl Service<hyper::Request<RequestBody>> for Immediate {
    type Response = hyper::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Request<RequestBody>) -> Self::Future {
        ready(Ok(hyper::Response::new("now".into())))
    }
}

#[asyncio::test]
async fn a_service_that_cannot_fail_needs_no_error() {
    let server = serve(Immediate).await.unwrap();
    assert_eq!(Client::connect(&server).await.get("/").await.text(), "now");
}

#[asyncio::test]
async fn an_error_for_the_client_is_its_status_its_text_and_its_headers() {
    let reports = reports();
    let server =
        serve(async |request: Request| match &*request.path() {
            "/busy" => Err(HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "later")
                .with_header(RETRY_AFTER, "5")),
            "/gone" => Err(HttpError::new(StatusCode::GONE, "")),
            _ => Ok(Response::text("fine")),
        });
    let server = server.await.unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.get("/gone").await;
    assert_eq!((answer.status, answer.text()), (410, "410: Gone"));
    assert_eq!(reports.take(), "");
    let answer = client.get("/busy").await;
    assert_eq!((answer.status, answer.text()), (503, "later"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(reports.take().ends_with(": 503 Service Unavailable: later"));
    assert_eq!(client.get("/").await.text(), "fine");
}

#[asyncio::test]
async fn any_other_error_is_a_500_whose_text_stays_here() {
    let reports = reports();
    let server =
        serve(async |_: Request| Err::<String, _>(io::Error::other("the password is swordfish")));
    let server = server.await.unwrap();
    let answer = Client::connect(&server).await.get("/").await;
    assert_eq!((answer.status, answer.text()), (500, "500: Internal Server Error"));
    assert!(reports.take().ends_with("the password is swordfish"));
}

#[asyncio::test]
async fn a_handler_that_panics_is_a_500_and_the_end_of_its_connection_alone() {
    let reports = reports();
    let server = serve(async |request: Request| {
        turns(1).await;
        assert_ne!(request.path(), "/panic", "asked to");
        "fine"
    });
    let server = server.await.unwrap();
    let mut other = Client::connect(&server).await;
    assert_eq!(other.get("/").await.text(), "fine");
    let mut client = Client::connect(&server).await;
    let answer = client.get("/panic").await;
    assert_eq!((answer.status, answer.text()), (500, "500: Internal Server Error"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed().await);
    assert!(reports.take().contains("asked to"));
    assert_eq!(other.get("/").await.text(), "fine");
}

#[asyncio::test]
async fn a_body_that_breaks_off_ends_the_connection_and_is_reported() {
    let reports = reports();
    let server = serve(async |_: Request| {
        let pieces = [Ok("one".into()), Err(io::Error::other("the disk is gone"))];
        Response::new(Body::stream(futures::stream::iter(pieces)))
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    assert!(client.try_answer().await.is_err());
    assert_eq!(
        reports.take(),
        "the body of an answer broke off, and with it the connection: the disk is gone"
    );
}

#[asyncio::test]
async fn a_body_that_panics_takes_its_connection_down_alone() {
    let reports = reports();
    let server = serve(async |request: Request| match &*request.path() {
        "/panic" => {
            let pieces =
                std::iter::from_fn(|| -> Option<io::Result<_>> { panic!("no more pieces") });
            Response::new(Body::stream(futures::stream::iter(pieces)))
        }
        _ => Response::text("fine"),
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, "GET /panic HTTP/1.1\r\nHost: here\r\n\r\n").await;
    assert!(client.try_answer().await.is_err());
    assert_eq!(reports.take(), "no more pieces");
    assert_eq!(Client::connect(&server).await.get("/").await.text(), "fine");
}

#[asyncio::test]
async fn a_stream_that_is_not_as_long_as_it_said_breaks_off() {
    let reports = reports();
    let server = serve(async |request: Request| {
        let length = request.path().trim_start_matches('/').parse().unwrap();
        let pieces = ["four"].map(|text| Ok::<_, io::Error>(text.into()));
        Response::new(Body::sized_stream(length, futures::stream::iter(pieces)))
    });
    let server = server.await.unwrap();
    for (length, wrong) in [
        (3, "the stream gave 1 bytes more than the length said"),
        (9, "the stream ended 5 bytes before the length said"),
    ] {
        let request = format!("GET /{length} HTTP/1.1\r\nHost: here\r\n\r\n");
        let mut client = Client::sending(&server, request).await;
        assert!(client.try_answer().await.is_err());
        assert!(reports.take().ends_with(wrong));
    }
}
