//! `test_base_events.py`, of Python 3.11: the cases of `create_connection` and `create_server`.
//!
//! Python's sockets and resolver are made up; these are real, and the addresses given.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use asyncio::{Address, EventLoop, TlsConnector};

use crate::net_support::*;
use crate::support::panic_of;

async fn connect(event_loop: &EventLoop, address: impl Into<Address>) -> io::Error {
    event_loop.create_connection(MyProto::default, address).await.err().unwrap()
}

#[test]
fn test_create_connection_multiple_errors() {
    run(async |event_loop| {
        let tried = [refusing(), refusing()];
        let error = connect(&event_loop, tried).await;
        assert_eq!(answers(&error), tried);
        let text = error.to_string();
        for address in tried {
            assert!(text.contains(&format!("{address}: ")), "{text}");
        }
    });
}

#[test]
fn test_create_connection_timeout() {
    run(async |event_loop| {
        let (listener, address) = listening();
        let connecting = event_loop.create_connection(MyProto::default, address);
        asyncio::timeout(Duration::ZERO, connecting).await.unwrap_err();
        let (mut socket, _) = listener.accept().unwrap();
        // Closed, whether politely or not.
        let end = socket.read(&mut [0; 1]);
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    });
}

#[test]
fn test_create_server_ipv6() {
    run(async |event_loop| {
        if TcpListener::bind("[::1]:0").is_err() {
            return;
        }
        let server = event_loop.create_server(MyProto::default, ("::1", 0)).await.unwrap();
        assert!(!server.local_addrs().is_empty());
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn test_create_connection_no_getaddrinfo() {
    run(async |event_loop| {
        let error = connect(&event_loop, Vec::new()).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn test_create_connection_connect_err() {
    run(async |event_loop| {
        let error = connect(&event_loop, refusing()).await;
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn test_create_connection_multiple() {
    run(async |event_loop| {
        let error = connect(&event_loop, [refusing(), refusing()]).await;
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn test_create_connection_multiple_errors_local_addr() {
    run(async |event_loop| {
        let (_taken, taken) = listening();
        let tried = [refusing(), refusing()];
        let connecting = event_loop.create_connection(MyProto::default, tried);
        let local = [taken, "127.0.0.1:0".parse().unwrap()];
        let error = connecting.local_addr(local).await.err().unwrap();
        assert_eq!(answers(&error), tried);
    });
}

#[test]
fn test_create_connection_ip_addr() {
    run(async |event_loop| {
        for host in ["127.0.0.1", "::1"] {
            let Ok(listener) = TcpListener::bind((host, 0)) else { continue };
            let port = listener.local_addr().unwrap().port();
            let connecting = event_loop.create_connection(MyProto::default, (host, port));
            let (transport, _) = connecting.await.unwrap();
            let expected = SocketAddr::new(host.parse().unwrap(), port);
            assert_eq!(transport.peer_addr().unwrap(), expected);
            transport.close();
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn test_create_connection_ipv6_scope() {
    run(async |event_loop| {
        let Ok(addresses) = event_loop.getaddrinfo(("fe80::1%1", 80)).await else {
            // A machine without IPv6.
            return;
        };
        let [SocketAddr::V6(address)] = &addresses[..] else { panic!("{addresses:?}") };
        assert_eq!((address.ip().to_string(), address.port()), ("fe80::1".to_owned(), 80));
        assert_eq!(address.scope_id(), 1);
    });
}

#[test]
fn test_create_connection_no_local_addr() {
    run(async |event_loop| {
        let (_listener, address) = listening();
        let connecting = event_loop.create_connection(MyProto::default, address);
        let error = connecting.local_addr(Vec::new()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    });
}

#[test]
fn test_create_connection_ssl_server_hostname_default() {
    run(async |event_loop| {
        let (acceptor, connector) = tls_for("perl.com");
        let serving = event_loop.create_server(MyProto::default, HERE).tls(acceptor);
        let server = serving.await.unwrap();
        let port = server.local_addrs()[0].port();
        let connect = |connector: TlsConnector| {
            event_loop.create_connection(MyProto::default, ("localhost", port)).tls(connector)
        };
        // The default is the host.
        let text = connect(connector.clone()).await.err().unwrap().to_string();
        assert!(text.starts_with("TLS handshake with localhost failed: "), "{text}");
        assert!(connect(connector.server_name("perl.com")).await.is_ok());
    });
}

#[test]
fn test_create_connection_ssl_server_hostname_errors() {
    let panics = |address: Address| {
        panic_of(|| {
            run(async |event_loop| {
                let connecting = event_loop.create_connection(MyProto::default, address);
                let _ = connecting.tls(TlsConnector::new()).await;
            });
        })
    };
    for address in [("", 80).into(), [refusing(), refusing()].into()] {
        let text = panics(address);
        assert!(text.starts_with("TLS without a host needs the name"), "{text}");
    }
    let (_listener, address) = listening();
    let text = panic_of(|| {
        run(async |event_loop| {
            let socket = std::net::TcpStream::connect(address).unwrap();
            let connecting = event_loop.connect_accepted_socket(MyProto::default, socket);
            let _ = connecting.tls(TlsConnector::new()).await;
        });
    });
    assert!(text.starts_with("TLS without a host needs the name"), "{text}");
}

#[test]
fn test_create_server_empty_host() {
    run(async |event_loop| {
        let server = event_loop.create_server(MyProto::default, ("", 0)).await.unwrap();
        assert!(server.local_addrs().iter().all(|address| address.ip().is_unspecified()));
    });
}

#[test]
fn test_create_server_no_getaddrinfo() {
    run(async |event_loop| {
        let error = event_loop.create_server(MyProto::default, Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    });
}

#[test]
fn test_create_server_cant_bind() {
    run(async |event_loop| {
        let ((_taken, taken), free) = (listening(), refusing());
        let serving = event_loop.create_server(MyProto::default, [free, taken]);
        let error = serving.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot bind to the address {taken}: ")), "{text}");
        // The one that was bound is closed.
        TcpListener::bind(free).unwrap();
    });
}
