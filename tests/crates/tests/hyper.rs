//! hyper's own client connection.

use std::net::TcpStream;

use async_io::Async;
use asyncio::{create_task, start_server};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use smol_hyper::rt::FuturesIo;

#[asyncio::test]
async fn a_connection_is_driven_by_a_task_of_ours() {
    let server = start_server(
        async |mut reader, writer| {
            while reader.read_line().await.unwrap() != b"\r\n" {}
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
            writer.drain().await.unwrap();
        },
        ("127.0.0.1", 0),
    )
    .await
    .unwrap();
    let address = server.local_addrs()[0];
    let stream = Async::<TcpStream>::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(FuturesIo::new(stream)).await.unwrap();
    create_task(connection).detach();
    let request = hyper::Request::get("/").header("host", "here").body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
    server.close();
}
