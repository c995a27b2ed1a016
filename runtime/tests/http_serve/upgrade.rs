//! Going on with another protocol.

use asyncio::http::web::{HttpError, Request, Response};

use crate::client::{Client, serve};
use crate::support::reports;

const HEAD: &str =
    "GET / HTTP/1.1\r\nHost: here\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";

async fn echo(request: Request) -> Result<Response, HttpError> {
    request.upgrade("echo", async |mut reader, writer| {
        loop {
            let line = reader.read_line().await?;
            if line.is_empty() || line == b"end\n" {
                return Ok::<_, std::io::Error>(());
            }
            assert_ne!(line, b"panic\n", "asked to");
            writer.write(line);
            writer.drain().await?;
        }
    })
}

#[asyncio::test]
async fn an_upgrade_goes_on_with_what_came_behind_the_request() {
    let server = serve(echo).await.unwrap();
    let mut client = Client::sending(&server, format!("{HEAD}one\ntw")).await;
    let answer = client.head().await.unwrap();
    assert_eq!((answer.status, answer.header("upgrade")), (101, Some("echo")));
    assert_eq!(client.reader.read_line().await.unwrap(), b"one\n");
    client.send("o\n");
    assert_eq!(client.reader.read_line().await.unwrap(), b"two\n");
    client.send("end\n");
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn who_asks_for_no_upgrade_is_told_that_one_is_needed() {
    let server = serve(echo).await.unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.get("/").await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, Some("echo")));
    client.send(HEAD.replace("Upgrade: echo", "Upgrade: websocket"));
    assert_eq!(client.answer().await.status, 426);
    client.send(HEAD.replace("HTTP/1.1", "HTTP/1.0"));
    assert_eq!(client.answer().await.status, 426);
}

#[asyncio::test]
async fn a_session_that_panics_is_reported_and_its_connection_closed() {
    let reports = reports();
    let server = serve(echo).await.unwrap();
    let mut client = Client::sending(&server, format!("{HEAD}panic\n")).await;
    assert_eq!(client.head().await.unwrap().status, 101);
    assert!(client.is_closed().await);
    assert!(reports.take().contains("asked to"));
}

#[asyncio::test]
async fn the_server_closes_a_session_as_it_closes_other_connections() {
    let server = serve(echo).await.unwrap();
    let mut client = Client::sending(&server, HEAD).await;
    assert_eq!(client.head().await.unwrap().status, 101);
    server.close();
    server.close_clients();
    server.wait_closed().await;
    assert!(client.is_closed().await);
}

#[asyncio::test]
async fn an_upgrade_that_the_handler_thinks_better_of_is_none() {
    let server = serve(async |request: Request| {
        let _thought_better = request.upgrade("echo", async |_, _| ())?;
        Err::<Response, _>(HttpError::forbidden("no"))
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, HEAD).await;
    assert_eq!(client.answer().await.status, 403);
}
