//! `SelectorTransportTests`; `test_add_reader` answers `test__add_reader`.

use std::io::ErrorKind;

use super::super::transport_support::{fill, pair, read_all, reports, turns, until};

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_abort() {
    let (transport, recorder, peer) = pair().await;
    let sent = fill(&transport);
    transport.abort();
    assert!(transport.is_closing());
    turns().await;
    assert_eq!(recorder.calls.take().last().unwrap(), "lost None");
    assert_eq!(read_all(&peer).len(), sent, "what was buffered is dropped");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_close() {
    let (transport, recorder, _peer) = pair().await;
    transport.close();
    assert!(transport.is_closing());
    assert!(!transport.is_reading());
    transport.close();
    assert!(recorder.calls.take().is_empty(), "not inside the call");
    turns().await;
    assert_eq!(recorder.calls.take(), ["lost None"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_close_write_buffer() {
    let (transport, recorder, peer) = pair().await;
    fill(&transport);
    recorder.calls.take();
    transport.close();
    turns().await;
    assert!(recorder.calls.take().is_empty(), "it is still sending");
    until(|| {
        read_all(&peer);
        recorder.calls.is_lost.get()
    })
    .await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_force_close() {
    let (transport, recorder, _peer) = pair().await;
    fill(&transport);
    transport.abort();
    assert!(transport.is_closing());
    assert_eq!(transport.get_write_buffer_size(), 0);
    transport.abort();
    turns().await;
    assert_eq!(recorder.calls.take(), ["lost None"], "once");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_fatal_error() {
    let reports = reports();
    let (transport, recorder, peer) = pair().await;
    transport.write(b"never read");
    // With something unread, the socket is reset.
    drop(peer);
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), [format!("lost {:?}", ErrorKind::ConnectionReset)]);
    assert!(reports.borrow().is_empty(), "the network's errors are the protocol's business");
    assert!(transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_fatal_error_custom_exception() {
    let reports = reports();
    let (transport, recorder, peer) = pair().await;
    recorder.calls.fails_in.set("data_received");
    std::io::Write::write_all(&mut &peer, b"x").unwrap();
    until(|| recorder.calls.is_lost.get()).await;
    assert!(transport.is_closing());
    assert_eq!(
        *reports.borrow(),
        ["Fatal error: protocol.data_received() call failed.: protocol.data_received() panicked: \
          LookupError"]
    );
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_connection_lost() {
    let (transport, recorder, mut peer) = pair().await;
    transport.abort();
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["lost None"]);
    let at_end = std::io::Read::read(&mut peer, &mut [0]).unwrap();
    assert_eq!(at_end, 0, "the socket is closed");
    assert!(transport.get_protocol::<super::super::transport_support::Recorder>().is_none());
    recorder.calls.transport.take();
    assert_eq!(std::rc::Rc::strong_count(&recorder), 1, "nobody keeps the protocol");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_add_reader() {
    let (transport, recorder, peer) = pair().await;
    fill(&transport);
    transport.abort();
    transport.resume_reading();
    std::io::Write::write_all(&mut &peer, b"x").ok();
    turns().await;
    assert!(!transport.is_reading());
    assert_eq!(recorder.calls.take(), ["lost None"], "nothing is read after closing");
}
