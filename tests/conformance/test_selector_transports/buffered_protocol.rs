//! `SelectorSocketTransportBufferedProtocolTests`.

use std::io::Write;
use std::net::Shutdown;
use std::rc::Rc;

use super::super::transport_support::{
    BufferedRecorder, buffered_pair, pair, reports, turns, until,
};

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_ctor() {
    let (transport, _recorder, _peer) = buffered_pair(1).await;
    assert!(transport.is_reading());
    assert!(transport.get_protocol::<BufferedRecorder>().is_some());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_get_buffer_error() {
    let reports = reports();
    let (transport, recorder, mut peer) = buffered_pair(1).await;
    recorder.calls.fails_in.set("get_buffer");
    recorder.was_asked.set(false);
    peer.write_all(b"data").unwrap();
    until(|| recorder.calls.is_lost.get()).await;
    assert!(recorder.was_asked.get());
    assert_eq!(recorder.calls.take(), ["lost Other"]);
    assert!(transport.is_closing());
    assert!(reports.borrow()[0].starts_with("Fatal error: protocol.get_buffer() call failed."));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_get_buffer_zerosized() {
    let reports = reports();
    let (transport, recorder, mut peer) = buffered_pair(0).await;
    peer.write_all(b"data").unwrap();
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["lost Other"]);
    assert!(transport.is_closing());
    assert!(reports.borrow()[0].contains("get_buffer() returned an empty buffer"));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_proto_type_switch() {
    let (transport, recorder, mut peer) = pair().await;
    peer.write_all(b"data").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["data data"]);

    let other = Rc::new(BufferedRecorder::new(4));
    transport.set_protocol(other.clone());
    peer.write_all(b"12").unwrap();
    turns().await;
    assert_eq!(other.calls.take(), ["updated 2"]);
    assert!(recorder.calls.take().is_empty());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_buffer_updated_error() {
    let reports = reports();
    let (transport, recorder, mut peer) = buffered_pair(1).await;
    recorder.calls.fails_in.set("buffer_updated");
    peer.write_all(b"x").unwrap();
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["updated 1", "lost Other"]);
    assert!(transport.is_closing());
    assert!(reports.borrow()[0].starts_with("Fatal error: protocol.buffer_updated() call failed."));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_eof_received_error() {
    let reports = reports();
    let (transport, recorder, peer) = buffered_pair(1).await;
    recorder.calls.fails_in.set("eof_received");
    peer.shutdown(Shutdown::Write).unwrap();
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["eof", "lost Other"]);
    assert!(transport.is_closing());
    assert!(reports.borrow()[0].starts_with("Fatal error: protocol.eof_received() call failed."));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready() {
    let (_transport, recorder, mut peer) = buffered_pair(10).await;
    peer.write_all(b"0123456789ab").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["updated 10", "updated 2"]);
    assert_eq!(*recorder.calls.received.borrow(), b"0123456789ab");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_eof() {
    let (transport, recorder, peer) = buffered_pair(1).await;
    peer.shutdown(Shutdown::Write).unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["eof", "lost None"]);
    assert!(transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_eof_keep_open() {
    let (transport, recorder, peer) = buffered_pair(1).await;
    recorder.calls.keeps_open.set(true);
    peer.shutdown(Shutdown::Write).unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["eof"]);
    assert!(!transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_tryagain() {
    let (transport, recorder, mut peer) = buffered_pair(10).await;
    peer.write_all(b"1").unwrap();
    turns().await;
    peer.write_all(b"22").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["updated 1", "updated 2"]);
    assert!(!transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_conn_reset() {
    let (transport, recorder, peer) = buffered_pair(1).await;
    transport.write(b"never read");
    drop(peer);
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["lost ConnectionReset"]);
}
