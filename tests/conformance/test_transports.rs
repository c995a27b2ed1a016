//! `test_transports.py`, of Python 3.11.

use super::support::panic_of;
use super::transport_support::{pair, read_all};

#[asyncio::test(clock = "virtual")]
async fn test_get_extra_info() {
    let (transport, _recorder, _peer) = pair().await;
    // A Unix socket has no such address; what is unknown is an error, where Python gives a default.
    assert!(transport.peer_addr().is_err());
    assert!(transport.local_addr().is_err());
}

#[asyncio::test(clock = "virtual")]
async fn test_writelines() {
    let (transport, _recorder, peer) = pair().await;
    transport.writelines([&b"line1"[..], &Vec::from(*b"line2"), b"line3"]);
    assert_eq!(read_all(&peer), b"line1line2line3");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_flowcontrol_mixin_set_write_limits() {
    let (transport, recorder, _peer) = pair().await;
    // Exactly 512 bytes are buffered.
    super::transport_support::fill(&transport);
    let size = transport.get_write_buffer_size();
    transport.write(&vec![b'x'; (512 - size % 512) % 512]);
    let size = transport.get_write_buffer_size();
    recorder.calls.take();

    let message = panic_of(|| transport.set_write_buffer_limits(Some(0), Some(1)));
    assert_eq!(message, "the high-water mark (0) must be at or above the low one (1)");

    transport.set_write_buffer_limits(Some(size * 2), Some(size / 4));
    assert!(recorder.calls.take().is_empty());
    assert_eq!(transport.get_write_buffer_limits(), (size / 4, size * 2));

    transport.set_write_buffer_limits(Some(size / 2), Some(size / 4));
    assert_eq!(recorder.calls.take(), ["pause"]);
    assert_eq!(transport.get_write_buffer_limits(), (size / 4, size / 2));
    transport.abort();
}
