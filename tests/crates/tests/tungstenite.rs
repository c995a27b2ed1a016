//! async-tungstenite over sockets of async-io.

use std::net::{TcpListener, TcpStream};

use async_io::Async;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::{accept_async, client_async};
use asyncio::create_task;
use futures::StreamExt;

#[asyncio::test]
async fn messages_go_both_ways_until_one_side_closes() {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let server = create_task(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let mut heard = 0;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                heard += 1;
                socket.send(message).await.unwrap();
            }
        }
        heard
    });
    let stream = Async::<TcpStream>::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
    for number in 0..10 {
        let text = Message::text(number.to_string());
        socket.send(text.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), text);
    }
    socket.close(None).await.unwrap();
    assert_eq!(server.await.unwrap(), 10);
}
