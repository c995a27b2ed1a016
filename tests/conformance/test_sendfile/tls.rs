//! `loop.sendfile` over TLS: what is sent goes through this process, in pieces.

use std::rc::Rc;

use asyncio::Transport;

use super::transports::{data, file, tell};
use crate::net_support::{HERE, tls_for};
use crate::transport_support::{Recorder, event_loop, until};

/// A client of a server over TLS: its transport, and what the server's protocol is told.
async fn prepared() -> (Transport, Rc<Recorder>) {
    let (acceptor, connector) = tls_for("127.0.0.1");
    let server_side = Rc::new(Recorder::default());
    let of_server = server_side.clone();
    let listening = event_loop().create_server(move || of_server.clone(), HERE);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    let (transport, _recorder) = connecting.tls(connector).await.unwrap();
    server.close();
    (transport, server_side)
}

/// Closes it, and sees that the other side got this.
async fn assert_received(transport: Transport, server_side: &Recorder, expected: &[u8]) {
    transport.close();
    until(|| server_side.calls.is_lost.get()).await;
    assert!(*server_side.calls.received.borrow() == expected);
}

#[asyncio::test]
async fn test_sendfile_ssl() {
    let (transport, server_side) = prepared().await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    assert_eq!(sent, data().len() as u64);
    assert_eq!(tell(&file), sent);
    assert_received(transport, &server_side, &data()).await;
}

#[asyncio::test]
async fn test_sendfile_ssl_pre_and_post_data() {
    let (transport, server_side) = prepared().await;
    let (prefix, suffix) = (b"zxcvbnm".repeat(1024), b"0987654321".repeat(1024));
    let file = file();
    transport.write(&prefix);
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    transport.write(&suffix);
    assert_eq!(sent, data().len() as u64);
    assert_eq!(tell(&file), sent);
    assert_received(transport, &server_side, &[prefix, data(), suffix].concat()).await;
}

#[asyncio::test]
async fn test_sendfile_ssl_partial() {
    let (transport, server_side) = prepared().await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 1000, Some(100)).await.unwrap();
    assert_eq!(sent, 100);
    assert_eq!(tell(&file), 1100);
    assert_received(transport, &server_side, &data()[1000..1100]).await;
}

#[asyncio::test]
async fn test_sendfile_ssl_close_peer_after_receiving() {
    let (transport, server_side) = prepared().await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    assert_eq!(sent, data().len() as u64);
    until(|| server_side.calls.received.borrow().len() == data().len()).await;
    server_side.calls.transport.borrow().clone().unwrap().close();
    until(|| server_side.calls.is_lost.get()).await;
    assert!(*server_side.calls.received.borrow() == data());
    until(|| transport.is_closing()).await;
}
