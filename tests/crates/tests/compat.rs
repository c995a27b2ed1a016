//! async-compat: futures that look for a tokio runtime find one.

use std::time::Duration;

use async_compat::CompatExt;
use asyncio::{create_task, sleep};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[asyncio::test]
async fn tokio_s_sockets_and_timers_work_inside_compat() {
    let listener = TcpListener::bind("127.0.0.1:0").compat().await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        stream.write_all(&bytes).await.unwrap();
    };
    let server = create_task(server.compat());
    // What is ours goes on beside it.
    let ours = create_task(sleep(Duration::from_millis(1)));
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    };
    assert_eq!(client.compat().await, b"hello");
    server.await.unwrap();
    ours.await.unwrap();
}

#[asyncio::test]
#[should_panic(expected = "there is no reactor running")]
async fn without_compat_tokio_says_what_is_missing() {
    let _ = TcpListener::bind("127.0.0.1:0").await;
}
