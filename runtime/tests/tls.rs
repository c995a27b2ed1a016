//! TLS connections that end at awkward moments: while no loop runs, and in the middle of an agreement.

mod support;

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use asyncio::{
    EventLoop, Protocol, Server, StreamReader, StreamWriter, TlsAcceptor, TlsConnector,
    create_task, get_running_loop, new_event_loop, open_connection, start_server, timeout,
    yield_now,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use support::{reports_of, turns};

const HERE: (&str, u16) = ("127.0.0.1", 0);

/// Long enough for a machine with other things to do; shorter than the time a handshake is given.
const LIMIT: Duration = Duration::from_secs(30);

fn sides() -> (TlsConnector, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let acceptor = TlsAcceptor::new(cert.pem(), signing_key.serialize_pem()).unwrap();
    (TlsConnector::trusting(cert.pem()).unwrap().server_name("localhost"), acceptor)
}

/// A connection to a server that never ends one.
async fn connected() -> (Server, StreamReader, StreamWriter) {
    let (connector, acceptor) = sides();
    let hold = async |reader: StreamReader, writer: StreamWriter| {
        std::future::pending::<()>().await;
        drop((reader, writer));
    };
    let server = start_server(hold, HERE).tls(acceptor).await.unwrap();
    let (reader, writer) = open_connection(server.local_addrs()[0]).tls(connector).await.unwrap();
    (server, reader, writer)
}

#[test]
fn a_writer_is_dropped_while_its_loop_rests() {
    let event_loop = new_event_loop();
    let (_server, _reader, writer) = event_loop.run_until_complete(connected());
    drop(writer);
    event_loop.run_until_complete(yield_now());
    event_loop.close();
}

#[test]
fn a_loop_that_is_closed_drops_a_task_with_several_writers() {
    let event_loop = new_event_loop();
    let reports = reports_of(&event_loop);
    event_loop.run_until_complete(async {
        let connections = (connected().await, connected().await);
        let holds = async move {
            std::future::pending::<()>().await;
            drop(connections);
        };
        create_task(holds).detach();
        yield_now().await;
    });
    event_loop.close();
    assert_eq!(reports.take(), "");
}

struct Quiet;

impl Protocol for Quiet {}

/// A transport, and the peer, who says nothing.
async fn silent(event_loop: &EventLoop) -> (asyncio::Transport, TcpStream) {
    let listener = TcpListener::bind(HERE).unwrap();
    let address = listener.local_addr().unwrap();
    let (transport, _) = event_loop.create_connection(|| Quiet, address).await.unwrap();
    (transport, listener.accept().unwrap().0)
}

#[test]
fn an_agreement_ends_when_its_transport_is_aborted() {
    asyncio::run(async {
        let event_loop = get_running_loop().unwrap();
        let (transport, _peer) = silent(&event_loop).await;
        let agreeing = {
            let (event_loop, transport) = (event_loop.clone(), transport.clone());
            create_task(async move { event_loop.start_tls(&transport, &sides().0).await })
        };
        turns(5).await;
        transport.abort();
        let ended = timeout(LIMIT, agreeing).await.expect("it ends with the connection");
        assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
    });
}
