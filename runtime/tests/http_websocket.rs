//! WebSockets over sockets: the client's end with the server's, and each with a peer that does something
//! else. What needs the virtual clock or broken frames is beside the code.

#![allow(missing_docs)]

mod http_peer;
mod support;

use std::time::Duration;

use asyncio::http::web::{HttpError, Request, Response, WebSocketResponse};
use asyncio::http::{
    ClientError, ClientSession, Message, Stage, WebSocket, WebSocketError, WebSocketErrorKind,
    serve,
};
use asyncio::{Server, create_task, open_connection};
use futures::StreamExt;
use http_peer::{Peer, header};

type Outcome = Result<(), WebSocketError>;

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

async fn echo_on(socket: &mut WebSocket) -> Outcome {
    while let Some(message) = socket.receive().await? {
        socket.send(message).await?;
    }
    Ok(())
}

async fn echo(request: Request) -> Result<Response, HttpError> {
    WebSocketResponse::new().prepare(&request, echo_on)
}

/// A server whose WebSockets do what `session` says.
async fn serving(
    session: fn(&mut WebSocket) -> futures::future::LocalBoxFuture<'_, Outcome>,
) -> Server {
    let handler = async move |request: Request| {
        WebSocketResponse::new()
            .prepare(&request, async move |socket: &mut WebSocket| session(socket).await)
    };
    serve(("127.0.0.1", 0), handler).await.unwrap()
}

fn url_of(server: &Server) -> String {
    format!("ws://{}/", server.local_addrs()[0])
}

async fn open(server: &Server) -> WebSocket {
    ClientSession::new().ws_connect(url_of(server)).await.unwrap()
}

async fn refused(url: &str) -> ClientError {
    ClientSession::new().ws_connect(url).await.unwrap_err()
}

#[asyncio::test]
async fn messages_go_both_ways() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let mut socket = open(&server).await;
    assert_eq!(socket.protocol(), None);
    for message in [text("hello"), text(""), Message::Binary(vec![0, 255].into())] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some(message));
    }
    socket.close(1000, "bye").await.unwrap();
    assert!(socket.is_closed());
    assert_eq!((socket.close_code(), socket.close_reason()), (Some(1000), "bye"));
    assert_eq!(socket.receive().await.unwrap(), None);
}

#[asyncio::test]
async fn a_large_message_comes_whole() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let mut socket = open(&server).await;
    let large = "0123456789abcdef".repeat(128 * 1024);
    let sender = socket.sender();
    let message = large.clone();
    let sending = create_task(async move { sender.send_text(message).await });
    assert!(socket.receive().await.unwrap() == Some(Message::Text(large)));
    sending.await.unwrap().unwrap();
}

#[asyncio::test]
async fn one_task_receives_while_others_send() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let mut socket = open(&server).await;
    for number in 0..10 {
        let sender = socket.sender();
        create_task(async move { sender.send_text(number.to_string()).await }).detach();
    }
    let received: Vec<_> = socket.by_ref().take(10).map(Result::unwrap).collect().await;
    let expected: Vec<_> = (0..10).map(|number| text(&number.to_string())).collect();
    assert_eq!(received, expected);
}

#[asyncio::test]
async fn a_session_that_ends_closes() {
    let server = serving(|socket| Box::pin(async { socket.send_text("that's all").await })).await;
    let mut socket = open(&server).await;
    assert_eq!(socket.receive().await.unwrap(), Some(text("that's all")));
    assert_eq!(socket.receive().await.unwrap(), None);
    assert_eq!(socket.close_code(), Some(1000));
}

#[asyncio::test]
async fn a_session_that_fails_says_so_and_is_reported() {
    let reports = support::reports();
    let server = serving(|socket| Box::pin(async { socket.ping(vec![0; 200]).await })).await;
    let mut socket = open(&server).await;
    assert_eq!(socket.receive().await.unwrap(), None);
    assert_eq!(socket.close_code(), Some(1011));
    drop(socket);
    server.close();
    server.wait_closed().await;
    assert!(!reports.take().is_empty());
}

#[asyncio::test]
async fn both_ends_agree_on_a_subprotocol() {
    let handler = async |request: Request| {
        WebSocketResponse::new().protocols(["chat", "mail"]).prepare(
            &request,
            async |socket: &mut WebSocket| {
                let protocol = socket.protocol().unwrap_or("none").to_owned();
                socket.send_text(protocol).await
            },
        )
    };
    let server = serve(("127.0.0.1", 0), handler).await.unwrap();
    let session = ClientSession::new();
    let connect = session.ws_connect(url_of(&server)).protocols(["soap", "mail", "chat"]);
    let mut socket = connect.await.unwrap();
    assert_eq!(socket.protocol(), Some("mail"));
    assert_eq!(socket.receive().await.unwrap(), Some(text("mail")));
    let error = session.ws_connect(url_of(&server)).protocols(["two words"]).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Request);
}

#[asyncio::test]
async fn each_end_has_its_limit() {
    let limited = async |request: Request| {
        WebSocketResponse::new().max_message_size(10).prepare(
            &request,
            async |socket: &mut WebSocket| {
                let error = socket.receive().await.unwrap_err();
                assert_eq!(error.kind(), WebSocketErrorKind::TooLarge);
            },
        )
    };
    let server = serve(("127.0.0.1", 0), limited).await.unwrap();
    let mut socket = open(&server).await;
    socket.send_text("12345678901").await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), None);
    assert_eq!(socket.close_code(), Some(1009), "it is told why");

    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let connect = ClientSession::new().ws_connect(url_of(&server)).max_message_size(10);
    let mut socket = connect.await.unwrap();
    socket.send_text("12345678901").await.unwrap();
    let error = socket.receive().await.unwrap_err();
    assert_eq!(error.kind(), WebSocketErrorKind::TooLarge);
    assert_eq!(error.to_string(), "the peer sent a message of 11 bytes or more: the limit is 10");
}

#[asyncio::test]
async fn a_client_gone_in_the_middle_ends_its_session_alone() {
    let (ended, end) = (asyncio::Event::new(), std::rc::Rc::new(std::cell::Cell::new(None)));
    let ended = std::rc::Rc::new(ended);
    let handler = {
        let (ended, end) = (ended.clone(), end.clone());
        async move |request: Request| {
            let (ended, end) = (ended.clone(), end.clone());
            WebSocketResponse::new().prepare(&request, async move |socket: &mut WebSocket| {
                let outcome = echo_on(socket).await;
                if let Err(error) = outcome {
                    end.set(Some((error.kind(), socket.close_code())));
                    ended.set();
                }
            })
        }
    };
    let server = serve(("127.0.0.1", 0), handler).await.unwrap();
    let mut staying = open(&server).await;
    let (mut reader, writer) = open_connection(server.local_addrs()).await.unwrap();
    writer.write(
        "GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let head = String::from_utf8(reader.read_until("\r\n\r\n").await.unwrap()).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    // Half a message.
    writer.write([0x01, 0x82, 0, 0, 0, 0, b'h']);
    writer.close();
    writer.wait_closed().await.unwrap();
    ended.wait().await;
    assert_eq!(end.get(), Some((WebSocketErrorKind::Lost, Some(1006))));
    staying.send_text("still here").await.unwrap();
    assert_eq!(staying.receive().await.unwrap(), Some(text("still here")));
}

#[asyncio::test]
async fn a_server_gone_in_the_middle_is_lost() {
    let server = serving(|_| Box::pin(std::future::pending())).await;
    let mut socket = open(&server).await;
    server.close();
    server.abort_clients();
    assert_eq!(socket.receive().await.unwrap_err().kind(), WebSocketErrorKind::Lost);
    assert_eq!(socket.close_code(), Some(1006));
}

#[asyncio::test]
async fn what_asks_for_no_websocket_gets_none() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let url = url_of(&server).replace("ws:", "http:");
    let response = ClientSession::new().get(&url).await.unwrap();
    assert_eq!(response.status(), 426);
    assert_eq!(response.headers()["sec-websocket-version"], "13");
    let request = ClientSession::new()
        .get(&url)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13");
    assert_eq!(request.await.unwrap().status(), 400, "it has no key");
}

#[asyncio::test]
async fn a_server_that_opens_none_is_an_error() {
    let peer = Peer::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let error = refused(&peer.url()).await;
    assert_eq!(error.stage(), Stage::Upgrade);
    assert_eq!(
        error.to_string(),
        format!(
            "{}: the server opens no WebSocket there: it answered 404 Not Found instead of 101",
            peer.url()
        )
    );
    let head = &peer.heads()[0];
    assert_eq!(header(head, "upgrade"), Some("websocket"));
    assert_eq!(header(head, "sec-websocket-version"), Some("13"));
}

#[asyncio::test]
async fn a_server_that_answers_another_key_is_an_error() {
    let peer = Peer::answering(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
    )
    .await;
    assert_eq!(refused(&peer.url()).await.stage(), Stage::Upgrade);
}

#[asyncio::test]
async fn a_handshake_follows_a_redirect() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let there = url_of(&server).replace("ws:", "http:");
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
    let peer = Peer::answering(redirect).await;
    let mut socket = ClientSession::new().ws_connect(peer.url()).await.unwrap();
    socket.send_text("hello").await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(text("hello")));
}

#[asyncio::test]
async fn a_handshake_has_its_time() {
    let peer = Peer::answering("").await;
    let connect = ClientSession::new().ws_connect(peer.url()).timeout(Duration::from_millis(50));
    assert!(connect.await.unwrap_err().is_timeout());
}

#[asyncio::test]
async fn a_websocket_holds_its_place_among_the_sessions_connections() {
    let server = serve(("127.0.0.1", 0), echo).await.unwrap();
    let session = ClientSession::builder().limit(1).build().unwrap();
    let socket = session.ws_connect(url_of(&server)).await.unwrap();
    let waiting = session.clone();
    let url = url_of(&server);
    let second = create_task(async move { waiting.ws_connect(url).await });
    support::turns(20).await;
    assert!(!second.is_done());
    drop(socket);
    second.await.unwrap().unwrap();
}
