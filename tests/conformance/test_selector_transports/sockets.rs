//! `SelectorSocketTransportTests`.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use asyncio::Transport;

use super::super::transport_support::{
    Recorder, event_loop, fill, pair, read_all, reports, turns, until,
};

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_ctor() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"early").unwrap();
    let connecting = event_loop().connect_accepted_socket(Recorder::default, ours);
    let (transport, recorder) = connecting.await.unwrap();
    // Whoever made it is back before anything is read.
    assert_eq!(recorder.calls.take(), ["made"]);
    assert!(transport.is_reading());
    until(|| !recorder.calls.received.borrow().is_empty()).await;
    assert_eq!(recorder.calls.take(), ["data early"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_pause_resume_reading() {
    let (transport, recorder, mut peer) = pair().await;
    assert!(transport.is_reading());

    transport.pause_reading();
    transport.pause_reading();
    assert!(!transport.is_reading());
    peer.write_all(b"data").unwrap();
    turns().await;
    assert!(recorder.calls.take().is_empty());

    transport.resume_reading();
    transport.resume_reading();
    assert!(transport.is_reading());
    turns().await;
    assert_eq!(recorder.calls.take(), ["data data"]);

    transport.close();
    assert!(!transport.is_reading());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_pause_reading_connection_made() {
    struct Pausing(Recorder);

    impl asyncio::Protocol for Pausing {
        fn connection_made(&self, transport: Transport) {
            transport.pause_reading();
            self.0.connection_made(transport);
        }

        fn data_received(&self, data: &[u8]) {
            self.0.data_received(data);
        }
    }

    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"data").unwrap();
    let connecting = event_loop().connect_accepted_socket(|| Pausing(Recorder::default()), ours);
    let (transport, pausing) = connecting.await.unwrap();
    assert!(!transport.is_reading());
    turns().await;
    assert_eq!(pausing.0.calls.take(), ["made"]);

    transport.resume_reading();
    assert!(transport.is_reading());
    turns().await;
    assert_eq!(pausing.0.calls.take(), ["data data"]);

    transport.close();
    assert!(!transport.is_reading());
}

/// A protocol that panics in a method when the peer does something: how it is reported, and that the
/// connection is lost.
async fn failing_in(method: &'static str, provoke: impl FnOnce(&UnixStream)) {
    let reports = reports();
    let (transport, recorder, peer) = pair().await;
    recorder.calls.fails_in.set(method);
    provoke(&peer);
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take().last().unwrap(), "lost Other");
    assert!(transport.is_closing());
    let expected = format!(
        "Fatal error: protocol.{method}() call failed.: protocol.{method}() panicked: LookupError"
    );
    assert_eq!(*reports.borrow(), [expected]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_eof_received_error() {
    failing_in("eof_received", |peer| peer.shutdown(Shutdown::Write).unwrap()).await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_data_received_error() {
    failing_in("data_received", |mut peer| peer.write_all(b"data").unwrap()).await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready() {
    let (_transport, recorder, mut peer) = pair().await;
    peer.write_all(b"data").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["data data"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_eof() {
    let (transport, recorder, peer) = pair().await;
    peer.shutdown(Shutdown::Write).unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["eof", "lost None"]);
    assert!(transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_eof_keep_open() {
    let (transport, recorder, peer) = pair().await;
    recorder.calls.keeps_open.set(true);
    peer.shutdown(Shutdown::Write).unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["eof"], "once");
    assert!(!transport.is_closing());
    transport.write(b"still here");
    assert_eq!(read_all(&peer), b"still here");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_tryagain() {
    let (transport, recorder, mut peer) = pair().await;
    peer.write_all(b"one").unwrap();
    turns().await;
    // It has read all there was, and asked in vain for more.
    peer.write_all(b"two").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["data one", "data two"]);
    assert!(!transport.is_closing());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_conn_reset() {
    let (transport, recorder, peer) = pair().await;
    transport.write(b"never read");
    drop(peer);
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["lost ConnectionReset"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write() {
    let (transport, _recorder, peer) = pair().await;
    transport.write(b"data");
    assert_eq!(read_all(&peer), b"data", "at once");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_bytearray() {
    let (transport, _recorder, peer) = pair().await;
    let data = Vec::from(*b"data");
    transport.write(&data);
    assert_eq!(read_all(&peer), data);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_no_data() {
    let (transport, recorder, _peer) = pair().await;
    fill(&transport);
    let size = transport.get_write_buffer_size();
    transport.write(b"");
    assert_eq!(transport.get_write_buffer_size(), size);
    assert!(recorder.calls.take().is_empty());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_buffer() {
    let (transport, _recorder, peer) = pair().await;
    let sent = fill(&transport);
    let size = transport.get_write_buffer_size();
    let filler = read_all(&peer).len();
    assert_eq!(filler, sent);
    // There is room again, but what is buffered goes first.
    transport.write(b"data1");
    transport.write(b"data2");
    assert_eq!(transport.get_write_buffer_size(), size + 10);
    turns().await;
    let rest = read_all(&peer);
    assert!(rest.ends_with(b"xdata1data2"));
    assert_eq!(rest.len(), size + 10);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_partial() {
    let (transport, _recorder, peer) = pair().await;
    let big = vec![b'y'; 4_000_000];
    transport.write(&big);
    let sent = read_all(&peer).len();
    assert!(sent > 0);
    assert_eq!(transport.get_write_buffer_size(), big.len() - sent);
    transport.abort();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_tryagain() {
    let (transport, recorder, _peer) = pair().await;
    fill(&transport);
    let size = transport.get_write_buffer_size();
    transport.write(b"data");
    turns().await;
    assert_eq!(transport.get_write_buffer_size(), size + 4);
    assert!(recorder.calls.take().is_empty());
    transport.abort();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_exception() {
    let (transport, recorder, peer) = pair().await;
    // Only a write finds out that nobody is there.
    transport.pause_reading();
    drop(peer);
    transport.write(b"data");
    assert!(transport.is_closing());
    assert!(recorder.calls.take().is_empty());
    // These are ignored; what is said of the sixth is shown in `runtime/tests/transports.rs`.
    transport.write(b"data");
    turns().await;
    assert_eq!(recorder.calls.take(), ["lost BrokenPipe"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_closing() {
    let (transport, recorder, peer) = pair().await;
    transport.close();
    transport.write(b"data");
    turns().await;
    assert!(read_all(&peer).is_empty());
    assert_eq!(recorder.calls.take(), ["lost None"]);
}

/// Sends more than there is room for, and reads it at the other end; the calls in between.
async fn flush(transport: &Transport, recorder: &Rc<Recorder>, peer: &UnixStream) -> Vec<String> {
    until(|| {
        read_all(peer);
        transport.get_write_buffer_size() == 0
    })
    .await;
    recorder.calls.take()
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_ready() {
    let (transport, recorder, peer) = pair().await;
    fill(&transport);
    assert!(flush(&transport, &recorder, &peer).await.is_empty());
    turns().await;
    // Nothing is buffered any more, so this goes out at once.
    read_all(&peer);
    transport.write(b"data");
    assert_eq!(read_all(&peer), b"data");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_ready_closing() {
    let (transport, recorder, mut peer) = pair().await;
    fill(&transport);
    transport.close();
    until(|| {
        read_all(&peer);
        recorder.calls.is_lost.get()
    })
    .await;
    assert_eq!(recorder.calls.take(), ["lost None"]);
    read_all(&peer);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the socket is closed");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_ready_partial() {
    let (transport, _recorder, peer) = pair().await;
    let (head, tail) = (vec![b'h'; 1_000_000], vec![b't'; 1_000_000]);
    transport.write(&head);
    transport.write(&tail);
    let mut all = Vec::new();
    until(|| {
        all.extend(read_all(&peer));
        transport.get_write_buffer_size() == 0
    })
    .await;
    all.extend(read_all(&peer));
    assert!(all == [head, tail].concat(), "all of it, in order");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_ready_exception() {
    let (transport, recorder, peer) = pair().await;
    transport.pause_reading();
    fill(&transport);
    turns().await;
    drop(peer);
    until(|| recorder.calls.is_lost.get()).await;
    assert_eq!(recorder.calls.take(), ["lost BrokenPipe"]);
    assert_eq!(transport.get_write_buffer_size(), 0);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_eof() {
    let (transport, recorder, mut peer) = pair().await;
    assert!(transport.can_write_eof());
    transport.write_eof();
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    transport.write_eof();
    assert!(!transport.is_closing());
    peer.write_all(b"answer").unwrap();
    turns().await;
    assert_eq!(recorder.calls.take(), ["data answer"]);
    transport.close();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_eof_buffer() {
    let (transport, _recorder, mut peer) = pair().await;
    let sent = fill(&transport);
    let left = transport.get_write_buffer_size();
    transport.write_eof();
    assert_eq!(transport.get_write_buffer_size(), left);
    let mut all = read_all(&peer);
    assert_eq!(all.len(), sent);
    until(|| {
        all.extend(read_all(&peer));
        all.len() == sent + left
    })
    .await;
    turns().await;
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    transport.close();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_write_eof_after_close() {
    let (transport, recorder, _peer) = pair().await;
    transport.close();
    turns().await;
    transport.write_eof();
    assert_eq!(recorder.calls.take(), ["lost None"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_read_ready_err() {
    // A read after the peer's reset, with an error other than its end.
    let (ours, theirs) = super::super::transport_support::tcp_pair();
    let connecting = event_loop().connect_accepted_socket(Recorder::default, ours);
    let (transport, recorder) = connecting.await.unwrap();
    transport.write(b"never read");
    drop(theirs);
    until(|| recorder.calls.is_lost.get()).await;
    let reset = format!("lost {:?}", ErrorKind::ConnectionReset);
    assert_eq!(recorder.calls.take(), ["made".to_owned(), reset]);
}
