//! Parting: goodbyes, what is still on its way then, and peers that go without one.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use asyncio::{gather, open_connection};

use super::{A_DATA, TOTAL_CNT};
use crate::net_support::*;
use crate::transport_support::{Recorder, until};

const CHUNK: usize = 128 * 1024;
const SIZE: usize = 32;

#[test]
fn test_shutdown_cleanly() {
    run(async |_| {
        let server = TlsThread::serve(TOTAL_CNT, |mut stream| {
            assert!(receive(&mut stream, A_DATA.len()) == A_DATA);
            stream.write_all(b"OK").unwrap();
            unwrap_tls(stream);
        });
        let client = async || {
            let connecting = open_connection(server.address).tls(server.connector.clone());
            let (mut reader, writer) = connecting.await.unwrap();
            writer.write(A_DATA);
            assert_eq!(reader.read_exact(2).await.unwrap(), b"OK");
            assert_eq!(reader.read_to_end().await.unwrap(), b"");
            writer.close();
            writer.wait_closed().await
        };
        for outcome in gather((0..TOTAL_CNT).map(|_| client())).await {
            outcome.unwrap();
        }
        server.join().await;
    });
}

#[test]
fn test_flush_before_shutdown() {
    run(async |_| {
        let server = TlsThread::serve(1, |mut stream| {
            assert_eq!(receive(&mut stream, 4), b"ping");
            stream.write_all(b"pong").unwrap();
            assert!(receive(&mut stream, CHUNK * SIZE).iter().all(|byte| *byte == b'x'));
            // The goodbye comes behind it.
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
        });
        let connecting = open_connection(server.address).tls(server.connector.clone());
        let (mut reader, writer) = connecting.await.unwrap();
        writer.write("ping");
        assert_eq!(reader.read_exact(4).await.unwrap(), b"pong");
        for _ in 0..SIZE {
            writer.write(vec![b'x'; CHUNK]);
        }
        writer.close();
        writer.wait_closed().await.unwrap();
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
        server.join().await;
    });
}

#[test]
fn test_remote_shutdown_receives_trailing_data() {
    run(async |_| {
        let server = TlsThread::serve(1, |mut stream| {
            assert_eq!(receive(&mut stream, 4), b"ping");
            stream.write_all(b"pong").unwrap();
            // The goodbye goes out while the client has much to send.
            std::thread::sleep(Duration::from_millis(50));
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            assert!(receive(&mut stream, CHUNK * SIZE).iter().all(|byte| *byte == b'x'));
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "the client's goodbye");
        });
        let connecting = open_connection(server.address).tls(server.connector.clone());
        let (mut reader, writer) = connecting.await.unwrap();
        writer.write("ping");
        assert_eq!(reader.read_exact(4).await.unwrap(), b"pong");
        for _ in 0..SIZE {
            writer.write(vec![b'x'; CHUNK]);
        }
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
        writer.close();
        writer.wait_closed().await.unwrap();
        server.join().await;
    });
}

#[test]
fn test_shutdown_timeout_handler_not_set() {
    run(async |event_loop| {
        let server = TlsThread::serve(1, |mut stream| {
            stream.write_all(b"hello").unwrap();
            assert_eq!(receive(&mut stream, 5), b"world");
            stream.write_all(b"extra bytes").unwrap();
            stream.sock.shutdown(Shutdown::Write).unwrap();
            drop(stream.read(&mut [0; 1]));
        });
        let connecting = event_loop.create_connection(Recorder::default, server.address);
        let (transport, client) = connecting.tls(server.connector.clone()).await.unwrap();
        until(|| *client.calls.received.borrow() == b"hello").await;
        transport.pause_reading();
        transport.write(b"world");
        asyncio::sleep(Duration::from_millis(50)).await;
        transport.resume_reading();
        until(|| client.calls.is_lost.get()).await;
        assert_eq!(*client.calls.received.borrow(), b"helloextra bytes");
        server.join().await;
    });
}

#[test]
fn a_peer_that_goes_without_a_goodbye_may_have_been_cut_off() {
    run(async |_| {
        let server = TlsThread::serve(1, |mut stream| stream.write_all(b"half an ans").unwrap());
        let connecting = open_connection(server.address).tls(server.connector.clone());
        let (mut reader, _writer) = connecting.await.unwrap();
        let error = reader.read_to_end().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        server.join().await;
    });
}
