//! `test_events.py`, of Python 3.11: the cases of connections and servers over TLS.

use std::io::ErrorKind;
use std::rc::Rc;

use asyncio::{TlsConnector, TlsError, Transport};

use super::net_support::{HERE, reports, tls_for};
use super::transport_support::{Recorder, event_loop, tcp_pair, turns, until};

fn is_certificate(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<TlsError>());
    error.is_some_and(TlsError::is_certificate)
}

/// A word each way, and the end.
async fn conversation(
    (client, client_side): (Transport, Rc<Recorder>),
    (server, server_side): (Transport, Rc<Recorder>),
) {
    client.write(b"xxx");
    until(|| *server_side.calls.received.borrow() == b"xxx").await;
    server.write(b"yyyy");
    until(|| *client_side.calls.received.borrow() == b"yyyy").await;
    assert!(!client.can_write_eof());
    assert_eq!(client.tls_info().unwrap().version(), "TLSv1.3");
    assert_eq!(client.tls_info().unwrap().peer_certificates().len(), 1);
    assert!(server.tls_info().unwrap().peer_certificates().is_empty());
    server.close();
    until(|| server_side.calls.is_lost.get() && client_side.calls.is_lost.get()).await;
    assert_eq!(client_side.calls.take(), ["made", "data yyyy", "eof", "lost None"]);
    assert_eq!(server_side.calls.take(), ["made", "data xxx", "lost None"]);
}

fn transport_of(recorder: &Recorder) -> Transport {
    recorder.calls.transport.borrow().clone().unwrap()
}

#[asyncio::test]
async fn test_create_server_ssl() {
    let (acceptor, connector) = tls_for("127.0.0.1");
    let server_side = Rc::new(Recorder::default());
    let of_server = server_side.clone();
    let listening = event_loop().create_server(move || of_server.clone(), HERE);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    let client = connecting.tls(connector).await.unwrap();
    until(|| server_side.calls.transport.borrow().is_some()).await;
    let server_transport = transport_of(&server_side);
    assert_eq!(server_transport.peer_addr().unwrap(), client.0.local_addr().unwrap());
    conversation(client, (server_transport, server_side)).await;
    server.close();
    server.wait_closed().await;
}

#[asyncio::test]
async fn test_create_unix_server_ssl() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (acceptor, connector) = tls_for("localhost");
    let server_side = Rc::new(Recorder::default());
    let of_server = server_side.clone();
    let listening = event_loop().create_unix_server(move || of_server.clone(), &path);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_unix_connection(Recorder::default, &path);
    let client = connecting.tls(connector.server_name("localhost")).await.unwrap();
    until(|| server_side.calls.transport.borrow().is_some()).await;
    conversation(client, (transport_of(&server_side), server_side)).await;
    server.close();
    server.wait_closed().await;
}

#[asyncio::test]
async fn test_create_server_ssl_verify_failed() {
    let reports = reports(&event_loop());
    let (acceptor, _) = tls_for("127.0.0.1");
    let listening = event_loop().create_server(Recorder::default, HERE);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    // Nobody that the browsers trust has signed it.
    let error = connecting.tls(TlsConnector::new()).await.err().unwrap();
    assert!(is_certificate(&error), "{error}");
    turns().await;
    server.close();
    server.wait_closed().await;
    drop(reports);
}

#[asyncio::test]
async fn test_create_server_ssl_match_failed() {
    let reports = reports(&event_loop());
    let (acceptor, connector) = tls_for("localhost");
    let listening = event_loop().create_server(Recorder::default, HERE);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    // It is for another host.
    let error = connecting.tls(connector).await.err().unwrap();
    assert!(is_certificate(&error), "{error}");
    server.close();
    server.wait_closed().await;
    drop(reports);
}

#[asyncio::test]
async fn test_create_server_ssl_verified() {
    let (acceptor, connector) = tls_for("localhost");
    let listening = event_loop().create_server(Recorder::default, HERE);
    let server = listening.tls(acceptor).await.unwrap();
    let connecting = event_loop().create_connection(Recorder::default, server.local_addrs());
    let client = connecting.tls(connector.server_name("localhost")).await.unwrap();
    assert_eq!(client.0.peer_addr().unwrap(), server.local_addrs()[0]);
    client.0.close();
    until(|| client.1.calls.is_lost.get()).await;
    server.close();
    server.wait_closed().await;
}

#[asyncio::test]
async fn test_ssl_connect_accepted_socket() {
    let (acceptor, connector) = tls_for("localhost");
    let (accepted, client) = tcp_pair();
    let server = event_loop().connect_accepted_socket(Recorder::default, accepted).await.unwrap();
    let client = event_loop()
        .connect_accepted_socket(Recorder::default, client)
        .tls(connector.server_name("localhost"));
    let client = asyncio::create_task(client.into_future());
    server.0.pause_reading();
    event_loop().accept_tls(&server.0, &acceptor).await.unwrap();
    conversation(client.await.unwrap().unwrap(), server).await;
}

#[asyncio::test]
async fn a_client_that_speaks_no_tls_is_lost() {
    // A client that speaks no TLS is refused, and the connection lost.
    let (acceptor, _) = tls_for("localhost");
    let (accepted, client) = tcp_pair();
    let connecting = event_loop().connect_accepted_socket(Recorder::default, accepted);
    let (transport, recorder) = connecting.await.unwrap();
    transport.pause_reading();
    std::io::Write::write_all(&mut &client, b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let error = event_loop().accept_tls(&transport, &acceptor).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["made", "lost InvalidData"]);
}
