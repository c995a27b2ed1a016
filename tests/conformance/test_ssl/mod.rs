//! `test_ssl.py`, of Python 3.11, and what `test_sslproto.py` has beside it. `handshakes` is about agreeing,
//! `endings` about parting, `upgrades` about TLS on what stands already; the rest is here.

mod endings;
mod handshakes;
mod upgrades;

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use asyncio::{StreamReader, StreamWriter, gather, open_connection, start_server};

use crate::net_support::*;

const TOTAL_CNT: usize = 10;
static A_DATA: [u8; 256 * 1024] = [b'A'; 256 * 1024];
static B_DATA: [u8; 256 * 1024] = [b'B'; 256 * 1024];

#[test]
fn test_create_server_ssl_1() {
    run(async |_| {
        let (acceptor, connector) = tls_for("127.0.0.1");
        let count = Rc::new(Cell::new(0));
        let counter = count.clone();
        let handle_client = async move |mut reader: StreamReader, writer: StreamWriter| {
            assert!(reader.read_exact(A_DATA.len()).await.unwrap() == A_DATA);
            writer.write("OK");
            assert!(reader.read_exact(B_DATA.len()).await.unwrap() == B_DATA);
            writer.write_lines(["SP", "A", "M"]);
            writer.drain().await.unwrap();
            writer.close();
            counter.set(counter.get() + 1);
        };
        let server = start_server(handle_client, HERE).tls(acceptor).await.unwrap();
        let address = server.local_addrs()[0];
        gather((0..TOTAL_CNT).map(|_| async {
            let connecting = open_connection(address).tls(connector.clone());
            let (mut reader, writer) = connecting.await.unwrap();
            writer.write(A_DATA);
            assert_eq!(reader.read_exact(2).await.unwrap(), b"OK");
            writer.write(B_DATA);
            assert_eq!(reader.read_exact(4).await.unwrap(), b"SPAM");
            writer.close();
            writer.wait_closed().await.unwrap();
        }))
        .await;
        server.close();
        server.wait_closed().await;
        assert_eq!(count.get(), TOTAL_CNT);
    });
}

#[test]
fn test_create_connection_ssl_1() {
    run(async |_| {
        let server = TlsThread::serve(TOTAL_CNT, |mut stream| {
            assert!(receive(&mut stream, A_DATA.len()) == A_DATA);
            stream.write_all(b"OK").unwrap();
            assert!(receive(&mut stream, B_DATA.len()) == B_DATA);
            stream.write_all(b"SPAM").unwrap();
            unwrap_tls(stream);
        });
        let client = async || -> io::Result<()> {
            let connecting = open_connection(server.address).tls(server.connector.clone());
            let (mut reader, writer) = connecting.await?;
            writer.write(A_DATA);
            assert_eq!(reader.read_exact(2).await.unwrap(), b"OK");
            writer.write(B_DATA);
            assert_eq!(reader.read_exact(4).await.unwrap(), b"SPAM");
            assert_eq!(reader.read_to_end().await?, b"");
            writer.close();
            writer.wait_closed().await
        };
        for outcome in gather((0..TOTAL_CNT).map(|_| client())).await {
            outcome.unwrap();
        }
        server.join().await;
    });
}
