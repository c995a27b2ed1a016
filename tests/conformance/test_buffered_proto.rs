//! `test_buffered_proto.py`, of Python 3.11.

use std::cell::{OnceCell, RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

use asyncio::{BufferedProtocol, Event, Protocol, Transport, wait_for};

use super::transport_support::event_loop;

fn noise() -> Vec<u8> {
    b"12345678+".repeat(1024)
}

/// Sends noise, and closes when one byte has come.
#[derive(Default)]
struct Noisy {
    transport: OnceCell<Transport>,
}

impl Protocol for Noisy {
    fn connection_made(&self, transport: Transport) {
        transport.write(&noise());
        self.transport.set(transport).unwrap();
    }

    fn data_received(&self, data: &[u8]) {
        assert_eq!(data, b"1");
        self.transport.get().unwrap().close();
    }
}

/// Answers when all the noise is here.
#[derive(Default)]
struct ReceiveStuffProto {
    transport: OnceCell<Transport>,
    buffer: RefCell<Vec<u8>>,
    data: RefCell<Vec<u8>>,
    conn_lost: Event,
}

impl BufferedProtocol for ReceiveStuffProto {
    fn connection_made(&self, transport: Transport) {
        self.transport.set(transport).unwrap();
    }

    fn get_buffer(&self) -> RefMut<'_, [u8]> {
        self.buffer.replace(vec![0; 100]);
        RefMut::map(self.buffer.borrow_mut(), |buffer| &mut buffer[..])
    }

    fn buffer_updated(&self, nbytes: usize) {
        let mut data = self.data.borrow_mut();
        data.extend_from_slice(&self.buffer.borrow()[..nbytes]);
        if *data == noise() {
            self.transport.get().unwrap().write(b"1");
        }
    }

    fn connection_lost(&self, error: Option<std::io::Error>) {
        assert!(error.is_none());
        self.conn_lost.set();
    }
}

#[asyncio::test]
async fn test_buffered_proto_create_connection() {
    let server = event_loop().create_server(Noisy::default, ("127.0.0.1", 0)).await.unwrap();
    let client = async {
        let connecting =
            event_loop().create_connection(ReceiveStuffProto::default, server.local_addrs());
        let (_transport, protocol): (_, Rc<ReceiveStuffProto>) = connecting.await.unwrap();
        protocol.conn_lost.wait().await;
        assert!(*protocol.data.borrow() == noise());
    };
    wait_for(client, Duration::from_secs(5)).await.unwrap();
    server.close();
    server.wait_closed().await;
}
