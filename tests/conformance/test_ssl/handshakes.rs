//! Agreeing on TLS, and not.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::time::Duration;

use asyncio::{TlsConnector, TlsError, timeout, to_thread};
use socket2::SockRef;

use crate::net_support::*;
use crate::support::panic_of;
use crate::transport_support::Recorder;

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn test_create_connection_ssl_slow_handshake() {
    run(async |event_loop| {
        let (_listener, address) = listening();
        let connecting = event_loop.create_connection(MyProto::default, address);
        let error =
            connecting.tls(TlsConnector::new().handshake_timeout(SHORT)).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        let text = error.to_string();
        assert!(
            text.contains("TLS handshake with 127.0.0.1 failed: it took longer than 50ms"),
            "{text}"
        );
    });
}

#[test]
fn test_create_connection_ssl_failed_certificate() {
    run(async |event_loop| {
        let (acceptor, _) = tls_for("127.0.0.1");
        let serving = event_loop.create_server(MyProto::default, HERE).tls(acceptor);
        let server = serving.await.unwrap();
        let connecting = event_loop.create_connection(MyProto::default, server.local_addrs());
        let error = connecting.tls(TlsConnector::new()).await.err().unwrap();
        let error = error.get_ref().unwrap().downcast_ref::<TlsError>().unwrap();
        assert!(error.is_certificate(), "{error}");
    });
}

#[test]
fn test_ssl_handshake_timeout() {
    run(async |event_loop| {
        let reports = reports(&event_loop);
        let (listener, address) = listening();
        let connecting = event_loop.create_connection(MyProto::default, address);
        timeout(SHORT, connecting.tls(TlsConnector::new())).await.unwrap_err();
        let server_side_ended = to_thread(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut hello = Vec::new();
            socket.read_to_end(&mut hello)
        });
        assert!(server_side_ended.await.unwrap() > 0, "the hello, and the end");
        assert!(reports.borrow().is_empty());
    });
}

/// What a client is told whose server does this with the socket after the first bytes, and what its
/// protocol hears of it.
fn told_when(server: fn(TcpListener)) -> ErrorKind {
    run(async |event_loop| {
        let (listener, address) = listening();
        let server = std::thread::spawn(move || server(listener));
        let connecting = event_loop.create_connection(
            || {
                // No protocol is told of a connection that is none.
                let recorder = Recorder::default();
                recorder.calls.fails_in.set("connection_made");
                recorder
            },
            address,
        );
        let error = connecting.tls(TlsConnector::new()).await.err().unwrap();
        server.join().unwrap();
        error.kind()
    })
}

#[test]
fn test_ssl_handshake_connection_lost() {
    let kind = told_when(|listener| {
        let (mut socket, _) = listener.accept().unwrap();
        // The whole hello: closing with bytes left is a reset.
        assert!(socket.read(&mut [0; 16 * 1024]).unwrap() > 0);
    });
    assert_eq!(kind, ErrorKind::ConnectionReset);
}

#[test]
fn test_eof_received_waiter() {
    let kind = told_when(|listener| {
        let (mut socket, _) = listener.accept().unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        drop(socket.read_to_end(&mut Vec::new()));
    });
    assert_eq!(kind, ErrorKind::ConnectionReset);
}

#[test]
fn test_connection_lost() {
    let kind = told_when(|listener| {
        let (socket, _) = listener.accept().unwrap();
        // A reset.
        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    });
    assert_eq!(kind, ErrorKind::ConnectionReset);
}

#[test]
fn test_close_during_handshake() {
    run(async |event_loop| {
        let (acceptor, _) = tls_for("127.0.0.1");
        let serving = event_loop.create_server(MyProto::default, HERE).tls(acceptor);
        let server = serving.await.unwrap();
        let address = server.local_addrs()[0];
        let read = to_thread(move || {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            socket.read(&mut [0; 1])
        });
        let closing = async {
            // Until the handshake has begun.
            asyncio::sleep(SHORT).await;
            server.close();
            server.close_clients();
        };
        let (end, ()) = asyncio::gather!(read, closing).await;
        assert_eq!(end.unwrap(), 0);
    });
}

#[test]
fn test_handshake_timeout_zero() {
    let text = panic_of(|| TlsConnector::new().handshake_timeout(Duration::ZERO));
    assert!(text.contains("a positive number"), "{text}");
}

#[test]
fn test_connect_timeout_warning() {
    run(async |event_loop| {
        let reports = reports(&event_loop);
        let connecting = event_loop.create_connection(MyProto::default, refusing());
        let connecting = timeout(SHORT, connecting.tls(TlsConnector::new()));
        assert!(!matches!(connecting.await, Ok(Ok(_))));
        assert!(reports.borrow().is_empty());
    });
}
