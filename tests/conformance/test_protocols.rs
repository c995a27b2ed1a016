//! `test_protocols.py`, of Python 3.11: what a protocol does that defines nothing.

use std::cell::{RefCell, RefMut};
use std::io::Error;

use asyncio::{BufferedProtocol, DatagramProtocol, DatagramTransport, Protocol, Transport};

use super::test_base_events_datagrams::{HERE, endpoint};
use super::transport_support::pair;

struct Plain;

impl Protocol for Plain {}

impl DatagramProtocol for Plain {}

struct Buffered(RefCell<[u8; 1]>);

impl BufferedProtocol for Buffered {
    fn get_buffer(&self) -> RefMut<'_, [u8]> {
        RefMut::map(self.0.borrow_mut(), |buffer| &mut buffer[..])
    }

    fn buffer_updated(&self, _nbytes: usize) {}
}

#[asyncio::test(clock = "virtual")]
async fn test_protocol() {
    let (transport, _recorder, _peer): (Transport, _, _) = pair().await;
    let protocol: &dyn Protocol = &Plain;
    protocol.connection_made(transport.clone());
    protocol.data_received(b"data");
    assert!(!protocol.eof_received(), "the connection is closed");
    protocol.pause_writing();
    protocol.resume_writing();
    protocol.connection_lost(Some(Error::other("it broke")));
    assert!(!transport.is_closing(), "nothing was done");
}

#[asyncio::test(clock = "virtual")]
async fn test_buffered_protocol() {
    let (transport, _recorder, _peer) = pair().await;
    let protocol: &dyn BufferedProtocol = &Buffered(RefCell::default());
    protocol.connection_made(transport.clone());
    assert!(!protocol.eof_received());
    protocol.pause_writing();
    protocol.resume_writing();
    protocol.connection_lost(None);
    assert!(!transport.is_closing());
}

#[asyncio::test(clock = "virtual")]
async fn test_datagram_protocol() {
    let (transport, _protocol): (DatagramTransport, _) = endpoint().local_addr(HERE).await.unwrap();
    let protocol: &dyn DatagramProtocol = &Plain;
    protocol.connection_made(transport.clone());
    protocol.datagram_received(b"data", transport.local_addr().unwrap());
    protocol.error_received(Error::other("it broke"));
    protocol.connection_lost(None);
    assert!(!transport.is_closing());
    transport.close();
}
