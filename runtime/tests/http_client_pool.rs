//! Which connections `http::ClientSession` uses again, and which it doesn't, over real sockets.

#![allow(missing_docs)]

mod http_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asyncio::http::{Body, ClientError, ClientSession, ClientTimeout, Stage};
use http_server::{Keeping, Server, ok, redirect_to};

async fn fetch(session: &ClientSession, url: String) -> Result<String, ClientError> {
    session.get(url).await?.text().await
}

/// Which connection each of the next `count` requests came over.
fn connections(server: &Keeping, count: usize) -> Vec<usize> {
    (0..count).map(|_| server.asked().connection).collect()
}

#[test]
fn one_connection_serves_one_request_after_the_other() {
    let server = Keeping::run(|asked| match asked.number {
        0 => ok("first"),
        1 => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n".to_owned()
        }
        2 => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        _ => ok("last"),
    });
    let texts = asyncio::run(async {
        let session = ClientSession::new();
        let mut texts = Vec::new();
        for _ in 0..4 {
            texts.push(fetch(&session, server.url("/")).await.unwrap());
        }
        texts
    });
    assert_eq!(texts, ["first", "two", "", "last"]);
    assert_eq!(connections(&server, 4), [0; 4]);
}

#[test]
fn a_redirect_goes_over_the_same_connection() {
    let server = Keeping::run(|asked| match asked.line() {
        "GET /" => redirect_to("/there"),
        _ => ok("there"),
    });
    let text = asyncio::run(async { fetch(&ClientSession::new(), server.url("/")).await });
    assert_eq!(text.unwrap(), "there");
    assert_eq!(connections(&server, 2), [0, 0]);
}

#[test]
fn an_answer_that_is_dropped_unread_gives_its_connection_back_if_all_of_it_is_here() {
    let server = Keeping::run(|_| ok("a little"));
    asyncio::run(async {
        let session = ClientSession::new();
        for _ in 0..3 {
            drop(session.get(server.url("/")).await.unwrap());
        }
    });
    assert_eq!(connections(&server, 3), [0; 3]);
}

#[test]
fn an_answer_that_is_dropped_in_the_middle_closes_its_connection() {
    let server = Keeping::run(|asked| match asked.connection {
        0 => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello",
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello",
    });
    asyncio::run(async {
        let session = ClientSession::builder().limit(1).build().unwrap();
        let mut response = session.get(server.url("/")).await.unwrap();
        assert_eq!(response.chunks().next().await.unwrap().unwrap(), "Hello");
        drop(response);
        assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "Hello");
    });
    assert_eq!(connections(&server, 2), [0, 1]);
}

#[test]
fn a_connection_that_the_server_means_to_close_is_not_used_again() {
    let server =
        Keeping::run(|_| "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    asyncio::run(async {
        let session = ClientSession::new();
        for _ in 0..2 {
            assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "ok");
        }
    });
    assert_eq!(connections(&server, 2), [0, 1]);
}

/// A server that closes each connection after its first answer, without having said so.
fn forgetful_server() -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    Server::run(listener, |number, stream, _| {
        std::io::Write::write_all(stream, ok("Hello").as_bytes()).unwrap();
        number < 2
    })
}

#[test]
fn a_connection_closed_between_two_requests_is_replaced() {
    let server = forgetful_server();
    asyncio::run(async {
        let session = ClientSession::new();
        for _ in 0..3 {
            assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "Hello");
        }
    });
}

/// A server whose first connection answers once, and hangs up on its second request.
fn moody_server() -> Keeping {
    Keeping::run(|asked| match (asked.connection, asked.number) {
        (0, 1) => String::new(),
        _ => ok("Hello"),
    })
}

#[test]
fn a_request_that_may_be_repeated_is_sent_again_when_its_connection_was_stale() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let server = moody_server();
        asyncio::run(async {
            let session = ClientSession::new();
            fetch(&session, server.url("/")).await.unwrap();
            let response = session.request(method, server.url("/")).body("x").await.unwrap();
            assert_eq!(response.status(), 200);
        });
        assert_eq!(connections(&server, 3), [0, 0, 1], "{method}");
    }
}

#[test]
fn a_request_that_was_sent_and_may_not_be_repeated_is_not_sent_again() {
    for method in ["POST", "PATCH"] {
        let server = moody_server();
        asyncio::run(async {
            let session = ClientSession::new();
            fetch(&session, server.url("/")).await.unwrap();
            let error = session.request(method, server.url("/")).body("x").await.unwrap_err();
            assert_eq!(error.stage(), Stage::Read);
            let text = error.to_string();
            assert!(text.contains("closed the connection while waiting for the answer"), "{text}");
        });
        assert_eq!(connections(&server, 2), [0, 0]);
        assert!(server.asked.try_recv().is_err(), "{method} was sent once");
    }
}

#[test]
fn a_stream_is_not_sent_again() {
    let server = moody_server();
    asyncio::run(async {
        let session = ClientSession::new();
        fetch(&session, server.url("/")).await.unwrap();
        let chunks = futures::stream::iter([Ok::<_, std::io::Error>("x")]);
        let put = session.put(server.url("/")).body(Body::stream(chunks)).await;
        assert_eq!(put.unwrap_err().stage(), Stage::Read);
    });
}

#[test]
fn a_new_connection_that_fails_is_not_tried_again() {
    let server = Keeping::run(|_| "");
    let error = asyncio::run(async { fetch(&ClientSession::new(), server.url("/")).await });
    assert_eq!(error.unwrap_err().stage(), Stage::Read);
    assert_eq!(connections(&server, 1), [0]);
    assert!(server.asked.recv_timeout(Duration::from_millis(20)).is_err());
}

#[test]
fn a_request_is_repeated_once_and_no_more() {
    let server = Keeping::run(|asked| match asked.connection {
        0 if asked.number == 0 => ok("Hello"),
        _ => String::new(),
    });
    asyncio::run(async {
        let session = ClientSession::new();
        fetch(&session, server.url("/")).await.unwrap();
        assert!(fetch(&session, server.url("/")).await.is_err());
    });
    assert_eq!(connections(&server, 3), [0, 0, 1]);
}

#[test]
fn what_breaks_in_the_middle_of_an_answer_is_not_sent_again() {
    let server = Keeping::run(|asked| match asked.number {
        0 => ok("Hello"),
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nHello".to_owned(),
    });
    asyncio::run(async {
        let session = ClientSession::builder().timeout(Duration::from_secs(1)).build().unwrap();
        fetch(&session, server.url("/")).await.unwrap();
        assert!(fetch(&session, server.url("/")).await.is_err());
    });
    assert_eq!(connections(&server, 2), [0, 0]);
}

#[test]
fn no_more_connections_are_there_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = Keeping::run({
        let (now, most) = (now.clone(), most.clone());
        move |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            ok("Hello")
        }
    });
    asyncio::run(async {
        let session = ClientSession::builder().limit(10).limit_per_host(4).build().unwrap();
        let fetches = (0..60).map(|_| fetch(&session, server.url("/")));
        for text in asyncio::gather(fetches).await {
            assert_eq!(text.unwrap(), "Hello");
        }
    });
    let used = connections(&server, 60).into_iter().max().unwrap() + 1;
    assert!(used <= 4, "{used} connections");
    assert!(most.load(Ordering::SeqCst) <= 4);
}

#[test]
fn who_waits_too_long_for_a_place_is_told_so() {
    let server = Keeping::run(|_| "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello");
    asyncio::run(async {
        let timeout =
            ClientTimeout { pool: Some(Duration::from_millis(20)), ..ClientTimeout::default() };
        let session = ClientSession::builder().limit(1).timeout(timeout).build().unwrap();
        let _open = session.get(server.url("/")).await.unwrap();
        let error = session.get(server.url("/")).await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_timeout());
        assert!(
            text.ends_with("20ms (ClientTimeout::pool) while waiting for a free connection"),
            "{text}"
        );
    });
}

#[test]
fn a_request_that_is_dropped_leaves_its_place_to_the_next() {
    let server = Keeping::run(|asked| match asked.line() {
        "GET /silent" => {
            std::thread::sleep(Duration::from_secs(1));
            String::new()
        }
        _ => ok("Hello"),
    });
    asyncio::run(async {
        let session = ClientSession::builder().limit(1).build().unwrap();
        let silent = session.get(server.url("/silent"));
        let late = asyncio::wait_for(silent, Duration::from_millis(20)).await;
        assert!(late.is_err());
        assert_eq!(fetch(&session, server.url("/")).await.unwrap(), "Hello");
    });
}

#[test]
fn a_closed_session_takes_no_request() {
    asyncio::run(async {
        let session = ClientSession::new();
        session.clone().close();
        assert!(session.is_closed());
        let error = session.get("http://127.0.0.1:9/").await.unwrap_err();
        assert_eq!(error.stage(), Stage::Request);
        let expected = "http://127.0.0.1:9/: the session is closed: make another one";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn closing_or_dropping_a_session_closes_its_idle_connections() {
    for drops in [true, false] {
        let (closed, is_closed) = std::sync::mpsc::channel();
        let server = Server::once(move |stream| {
            std::io::Write::write_all(stream, ok("Hello").as_bytes()).unwrap();
            while let Ok(1..) = std::io::Read::read(stream, &mut [0; 64]) {}
            closed.send(()).unwrap();
        });
        asyncio::run(async {
            let session = ClientSession::new();
            fetch(&session, server.url("/")).await.unwrap();
            assert!(is_closed.try_recv().is_err(), "it is kept");
            if drops {
                drop(session);
            } else {
                session.close();
            }
            is_closed.recv_timeout(http_server::AT_MOST).unwrap();
        });
    }
}

#[test]
fn a_session_serves_one_run_after_the_other() {
    let server = Keeping::run(|_| ok("Hello"));
    let session = ClientSession::new();
    for _ in 0..2 {
        let text = asyncio::run(fetch(&session, server.url("/")));
        assert_eq!(text.unwrap(), "Hello");
    }
    assert_eq!(connections(&server, 2), [0, 1], "connections end with their run");
}

#[test]
fn a_task_that_ends_with_its_run_may_hold_an_answer() {
    let server = Keeping::run(|_| ok("Hello"));
    asyncio::run(async {
        let session = ClientSession::new();
        let url = server.url("/");
        let (sender, answered) = futures::channel::oneshot::channel();
        let _task = asyncio::create_task(async move {
            let _response = session.get(url).await.unwrap();
            sender.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        answered.await.unwrap();
    });
}
