//! The cases over TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use asyncio::{
    StreamReader, StreamWriter, TlsAcceptor, open_connection, open_unix_connection, start_server,
    start_unix_server,
};
use futures_rustls::rustls::{ClientConnection, StreamOwned};

use crate::net_support::{HERE, blocking_client_for, reports, run, tls_for};

const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\nTest message";

async fn answer(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    assert!(writer.tls_info().is_some() && !writer.can_write_eof());
    assert_eq!(reader.read_until("\r\n\r\n").await?, b"GET / HTTP/1.0\r\n\r\n");
    writer.write(ANSWER);
    writer.close();
    writer.wait_closed().await
}

async fn basetest_open_connection_no_loop_ssl(opened: io::Result<(StreamReader, StreamWriter)>) {
    let (mut reader, writer) = opened.unwrap();
    writer.write("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(reader.read_to_end().await.unwrap(), ANSWER.as_bytes());
    writer.close();
    writer.wait_closed().await.unwrap();
}

#[test]
fn test_open_connection_no_loop_ssl() {
    run(async |event_loop| {
        let messages = reports(&event_loop);
        let (acceptor, connector) = tls_for("127.0.0.1");
        let server = start_server(answer, HERE).tls(acceptor).await.unwrap();
        let connecting = open_connection(("127.0.0.1", server.local_addrs()[0].port()));
        basetest_open_connection_no_loop_ssl(connecting.tls(connector).await).await;
        server.close();
        server.wait_closed().await;
        assert_eq!(messages.take(), [""; 0]);
    });
}

#[test]
fn test_open_unix_connection_no_loop_ssl() {
    run(async |event_loop| {
        let messages = reports(&event_loop);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.sock");
        let (acceptor, connector) = tls_for("somewhere.test");
        let server = start_unix_server(answer, &path).tls(acceptor).await.unwrap();
        let connector = connector.server_name("somewhere.test");
        let connecting = open_unix_connection(&path).tls(connector);
        basetest_open_connection_no_loop_ssl(connecting.await).await;
        server.close();
        server.wait_closed().await;
        assert_eq!(messages.take(), [""; 0]);
    });
}

/// Echoes a line, speaks TLS from then on, and echoes another one.
async fn echo_and_upgrade(
    mut reader: StreamReader,
    writer: StreamWriter,
    acceptor: &TlsAcceptor,
) -> io::Result<()> {
    let first = reader.read_line().await?;
    writer.write(first);
    writer.drain().await?;
    assert!(writer.tls_info().is_none());
    writer.accept_tls(&mut reader, acceptor).await?;
    assert!(writer.tls_info().is_some());
    let second = reader.read_line().await?;
    writer.write(second);
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

#[test]
fn test_start_tls() {
    run(async |event_loop| {
        let messages = reports(&event_loop);
        let (acceptor, connector) = tls_for("127.0.0.1");
        let handle = async move |reader, writer| echo_and_upgrade(reader, writer, &acceptor).await;
        let server = start_server(handle, HERE).await.unwrap();
        let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        writer.write("hello world 1!\n");
        writer.drain().await.unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"hello world 1!\n");
        assert!(writer.tls_info().is_none());
        writer.start_tls(&mut reader, &connector).await.unwrap();
        assert!(writer.tls_info().is_some());
        writer.write("hello world 2!\n");
        writer.drain().await.unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"hello world 2!\n");
        writer.close();
        writer.wait_closed().await.unwrap();
        server.close();
        server.wait_closed().await;
        assert_eq!(messages.take(), [""; 0]);
    });
}

/// The client's part of TLS comes with the line before it.
#[test]
fn test_start_tls_buffered_data() {
    run(async |event_loop| {
        let messages = reports(&event_loop);
        let (acceptor, config) = blocking_client_for("127.0.0.1");
        let handle = async move |mut reader: StreamReader, writer: StreamWriter| {
            assert_eq!(reader.read_line().await?, b"PROXY TCP4 127.0.0.1\n");
            assert!(!reader.buffer().is_empty());
            writer.accept_tls(&mut reader, &acceptor).await?;
            let line = reader.read_line().await?;
            writer.write(line);
            writer.close();
            writer.wait_closed().await
        };
        let server = start_server(handle, HERE).await.unwrap();
        let address = server.local_addrs()[0];
        let client = thread::spawn(move || {
            let name = "127.0.0.1".try_into().unwrap();
            let mut tls = ClientConnection::new(Arc::clone(&config), name).unwrap();
            let mut first = b"PROXY TCP4 127.0.0.1\n".to_vec();
            tls.write_tls(&mut first).unwrap();
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(&first).unwrap();
            let mut stream = StreamOwned::new(tls, socket);
            stream.write_all(b"a secret\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = asyncio::to_thread(move || client.join().unwrap()).await;
        assert_eq!(answer, "a secret\n");
        server.close();
        server.wait_closed().await;
        assert_eq!(messages.take(), [""; 0]);
    });
}

/// What is written during the handshake goes out behind it, and a failed one ends the connection.
#[test]
fn what_is_written_meanwhile_is_encrypted_and_a_failure_closes() {
    run(async |event_loop| {
        let messages = reports(&event_loop);
        let (acceptor, connector) = tls_for("127.0.0.1");
        let handle = async move |reader, writer| echo_and_upgrade(reader, writer, &acceptor).await;
        let server = start_server(handle, HERE).await.unwrap();
        let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        writer.write("one\n");
        assert_eq!(reader.read_line().await.unwrap(), b"one\n");
        asyncio::gather!(
            async { writer.start_tls(&mut reader, &connector).await.unwrap() },
            async { writer.write("two\n") },
        )
        .await;
        assert_eq!(reader.read_line().await.unwrap(), b"two\n");
        assert_eq!(messages.take(), [""; 0]);
        drop((reader, writer));

        let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        writer.write("one\n");
        assert_eq!(reader.read_line().await.unwrap(), b"one\n");
        let (_, stranger) = tls_for("127.0.0.1");
        writer.start_tls(&mut reader, &stranger).await.unwrap_err();
        assert!(writer.is_closing());
        writer.wait_closed().await.unwrap();
        server.close();
        server.wait_closed().await;
        assert!(messages.take()[0].starts_with("Unhandled exception in client_connected_cb"));
    });
}
