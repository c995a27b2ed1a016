//! TLS on a connection that stands, and over another TLS.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Protocol, Transport, gather, timeout, to_thread};
use futures::channel::oneshot;
use futures_rustls::rustls::{ClientConnection, StreamOwned};

use crate::net_support::*;
use crate::transport_support::{BufferedRecorder, Calls, Recorder, until};

static HELLO_MSG: [u8; 100 * 1024] = [b'1'; 100 * 1024];

fn receive_hello(stream: &mut impl Read) {
    assert!(receive(stream, HELLO_MSG.len()) == HELLO_MSG);
}

#[test]
fn test_start_tls_client_reg_proto_1() {
    run(async |event_loop| {
        let server = TlsThread::serve_plain(1, |mut socket, config| {
            receive_hello(&mut socket);
            let mut stream = start_tls(socket, config);
            stream.write_all(b"O").unwrap();
            receive_hello(&mut stream);
            unwrap_tls(stream);
        });
        let connecting = event_loop.create_connection(Recorder::default, server.address);
        let (transport, client) = connecting.await.unwrap();
        transport.write(&HELLO_MSG);
        event_loop.start_tls(&transport, &server.connector).await.unwrap();
        until(|| *client.calls.received.borrow() == b"O").await;
        transport.write(&HELLO_MSG);
        until(|| client.calls.is_lost.get()).await;
        assert_eq!(client.calls.take(), ["made", "data O", "eof", "lost None"]);
        server.join().await;
    });
}

#[test]
fn test_start_tls_client_buf_proto_1() {
    run(async |event_loop| {
        let server = TlsThread::serve_plain(1, |mut socket, config| {
            receive_hello(&mut socket);
            let mut stream = start_tls(socket, config);
            stream.write_all(b"O").unwrap();
            receive_hello(&mut stream);
            stream.write_all(b"2").unwrap();
            receive_hello(&mut stream);
            unwrap_tls(stream);
        });
        let connecting = event_loop.create_connection(|| BufferedRecorder::new(1), server.address);
        let (transport, first) = connecting.await.unwrap();
        transport.write(&HELLO_MSG);
        event_loop.start_tls(&transport, &server.connector).await.unwrap();
        until(|| *first.calls.received.borrow() == b"O").await;
        let second = Rc::new(Recorder::default());
        transport.set_protocol(second.clone());
        transport.write(&HELLO_MSG);
        until(|| *second.calls.received.borrow() == b"2").await;
        transport.write(&HELLO_MSG);
        until(|| second.calls.is_lost.get()).await;
        assert_eq!(first.calls.take(), ["made", "updated 1"]);
        assert_eq!(second.calls.take(), ["data 2", "eof", "lost None"]);
        server.join().await;
    });
}

#[test]
fn test_start_tls_slow_client_cancel() {
    run(async |event_loop| {
        let (listener, address) = listening();
        let (waits_on_handshake, server_waits) = oneshot::channel();
        let server = to_thread(move || {
            let mut socket = listener.accept().unwrap().0;
            receive_hello(&mut socket);
            waits_on_handshake.send(()).unwrap();
            let mut rest = Vec::new();
            socket.read_to_end(&mut rest).map(|_| rest)
        });
        let client = async {
            let connecting = event_loop.create_connection(Recorder::default, address);
            let (transport, client) = connecting.await.unwrap();
            transport.write(&HELLO_MSG);
            server_waits.await.unwrap();
            let (_, connector) = tls_for("127.0.0.1");
            let slow = event_loop.start_tls(&transport, &connector);
            timeout(Duration::from_millis(50), slow).await.unwrap_err();
            assert_eq!(client.calls.take(), ["made"]);
        };
        let (rest, ()) = gather!(server, client).await;
        // The hello of TLS, and then the end, polite or not.
        assert!(rest.is_ok_and(|rest| !rest.is_empty()));
    });
}

#[test]
fn test_start_tls_client_corrupted_ssl() {
    run(async |event_loop| {
        let server = TlsThread::serve(1, |mut stream| {
            stream.write_all(b"A\n").unwrap();
            assert_eq!(receive(&mut stream, 1), b"B");
            stream.sock.write_all(b"please corrupt the SSL connection").unwrap();
        });
        let connecting = event_loop.create_connection(Recorder::default, server.address);
        let (transport, client) = connecting.tls(server.connector.clone()).await.unwrap();
        until(|| *client.calls.received.borrow() == b"A\n").await;
        transport.write(b"B");
        until(|| client.calls.is_lost.get()).await;
        let expected = format!("lost {:?}", ErrorKind::InvalidData);
        assert_eq!(client.calls.take().last(), Some(&expected));
        server.join().await;
    });
}

/// A protocol that reads nothing before TLS stands.
#[derive(Default)]
struct Upgraded {
    calls: Calls,
    on_made: Option<Rc<dyn Fn(Transport)>>,
}

impl Upgraded {
    fn telling(on_made: impl Fn(Transport) + 'static) -> impl Fn() -> Self {
        let on_made: Rc<dyn Fn(Transport)> = Rc::new(on_made);
        move || Self { on_made: Some(on_made.clone()), ..Self::default() }
    }
}

impl Protocol for Upgraded {
    fn connection_made(&self, transport: Transport) {
        transport.pause_reading();
        if let Some(tell) = &self.on_made {
            tell(transport);
        }
    }

    fn data_received(&self, data: &[u8]) {
        self.calls.received.borrow_mut().extend_from_slice(data);
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        assert!(error.is_none(), "{error:?}");
        self.calls.is_lost.set(true);
    }
}

#[test]
fn test_start_tls_server_1() {
    run(async |event_loop| {
        let (acceptor, config) = blocking_client_for("127.0.0.1");
        let on_con = event_loop.create_future::<Transport>();
        let made = on_con.clone();
        let factory = Upgraded::telling(move |transport| made.set_result(transport).unwrap());
        let server = event_loop.create_server(factory, HERE).await.unwrap();
        let address = server.local_addrs()[0];
        let client = to_thread(move || {
            let mut socket = TcpStream::connect(address).unwrap();
            receive_hello(&mut socket);
            let session = ClientConnection::new(config, "127.0.0.1".try_into().unwrap()).unwrap();
            let mut stream = StreamOwned::new(session, socket);
            stream.write_all(&HELLO_MSG).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
        });
        let serve = async {
            let transport = on_con.await.unwrap();
            transport.write(&HELLO_MSG);
            let proto = transport.get_protocol::<Upgraded>().unwrap();
            assert!(proto.calls.received.borrow().is_empty());
            event_loop.accept_tls(&transport, &acceptor).await.unwrap();
            until(|| proto.calls.is_lost.get()).await;
            assert!(*proto.calls.received.borrow() == HELLO_MSG);
        };
        gather!(client, serve).await;
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn test_ssl_connect_accepted_socket() {
    run(async |event_loop| {
        let (acceptor, connector) = tls_for("127.0.0.1");
        let (listener, address) = listening();
        let client = async {
            let connecting = event_loop.create_connection(Recorder::default, address);
            let (transport, client) = connecting.tls(connector).await.unwrap();
            transport.write(b"test data");
            until(|| *client.calls.received.borrow() == b"roger").await;
            transport.close();
        };
        let server = async {
            let (socket, _) = to_thread(move || listener.accept()).await.unwrap();
            let connecting = event_loop.connect_accepted_socket(Upgraded::default, socket);
            let (transport, server) = connecting.await.unwrap();
            event_loop.accept_tls(&transport, &acceptor).await.unwrap();
            until(|| *server.calls.received.borrow() == b"test data").await;
            transport.write(b"roger");
            until(|| server.calls.is_lost.get()).await;
        };
        gather!(client, server).await;
    });
}

#[test]
fn test_create_server_ssl_over_ssl() {
    run(async |event_loop| {
        let ((outer_acceptor, outer), (inner_acceptor, inner)) =
            (tls_for("127.0.0.1"), tls_for("127.0.0.1"));
        let count = Rc::new(Cell::new(0));
        let (counter, this) = (count.clone(), event_loop.clone());
        let factory = Upgraded::telling(move |transport| {
            let (counter, this, acceptor) = (counter.clone(), this.clone(), inner_acceptor.clone());
            let converse = async move {
                this.accept_tls(&transport, &acceptor).await.unwrap();
                let server = transport.get_protocol::<Upgraded>().unwrap();
                until(|| server.calls.received.borrow().len() == HELLO_MSG.len()).await;
                transport.write(b"SPAM");
                transport.close();
                counter.set(counter.get() + 1);
            };
            asyncio::create_task(converse).detach();
        });
        let serving = event_loop.create_server(factory, HERE).tls(outer_acceptor);
        let server = serving.await.unwrap();
        let client = async || {
            let addresses = server.local_addrs();
            let connecting = event_loop.create_connection(Recorder::default, addresses);
            let (transport, client) = connecting.tls(outer.clone()).await.unwrap();
            event_loop.start_tls(&transport, &inner).await.unwrap();
            transport.write(&HELLO_MSG);
            until(|| client.calls.is_lost.get()).await;
            assert_eq!(*client.calls.received.borrow(), b"SPAM");
        };
        gather((0..5).map(|_| client())).await;
        server.close();
        server.wait_closed().await;
        assert_eq!(count.get(), 5);
    });
}
