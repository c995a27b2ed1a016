//! `loop.sendfile`.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::thread::JoinHandle;

use asyncio::{Transport, create_task, yield_now};

use crate::support::panic_of;
use crate::transport_support::{Recorder, event_loop, pair, tcp_pair, until};

/// Python's: more than one piece, and not a whole number of them.
pub(super) fn data() -> Vec<u8> {
    (0..=256 * 1024).map(|index: u32| index.to_be_bytes()[3]).collect()
}

pub(super) fn file() -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data()).unwrap();
    file.rewind().unwrap();
    file
}

pub(super) fn tell(mut file: &File) -> u64 {
    file.stream_position().unwrap()
}

/// Reads to the end, on another thread; or so much and then closes.
fn received(mut peer: TcpStream, close_after: usize) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(length @ 1..) = peer.read(&mut buffer) {
            all.extend_from_slice(&buffer[..length]);
            if all.len() >= close_after {
                break;
            }
        }
        all
    })
}

async fn prepared(close_after: usize) -> (Transport, Rc<Recorder>, JoinHandle<Vec<u8>>) {
    let (ours, theirs) = tcp_pair();
    let connecting = event_loop().connect_accepted_socket(Recorder::default, ours);
    let (transport, recorder) = connecting.await.unwrap();
    (transport, recorder, received(theirs, close_after))
}

async fn closed(transport: &Transport, recorder: &Recorder) {
    transport.close();
    until(|| recorder.calls.is_lost.get()).await;
}

#[asyncio::test]
async fn test_sendfile() {
    let (transport, recorder, received) = prepared(usize::MAX).await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    closed(&transport, &recorder).await;
    assert_eq!(sent, data().len() as u64);
    assert!(received.join().unwrap() == data());
    assert_eq!(tell(&file), data().len() as u64);
}

/// A pipe is none of what Linux copies a file into, over our way to it.
#[asyncio::test]
async fn test_sendfile_force_fallback() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let connecting = event_loop().connect_write_pipe(Recorder::default, writer);
    let (transport, recorder) = connecting.await.unwrap();
    let received = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    });
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    closed(&transport, &recorder).await;
    assert_eq!(sent, data().len() as u64);
    assert!(received.join().unwrap().unwrap() == data());
    assert_eq!(tell(&file), data().len() as u64);
    assert_eq!(recorder.calls.take(), ["made", "lost None"], "the protocol isn't paused by it");
}

#[asyncio::test]
async fn test_sendfile_for_closing_transp() {
    let (transport, recorder, received) = prepared(usize::MAX).await;
    transport.close();
    let file = file();
    let error = event_loop().sendfile(&transport, &file, 0, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!(error.to_string(), "the connection was closed before the end");
    closed(&transport, &recorder).await;
    assert!(received.join().unwrap().is_empty());
    assert_eq!(tell(&file), 0);
}

#[asyncio::test]
async fn test_sendfile_pre_and_post_data() {
    let (transport, recorder, received) = prepared(usize::MAX).await;
    let (prefix, suffix) = (b"PREFIX__".repeat(1024), b"--SUFFIX".repeat(1024));
    let file = file();
    transport.write(&prefix);
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    transport.write(&suffix);
    closed(&transport, &recorder).await;
    assert_eq!(sent, data().len() as u64);
    assert!(received.join().unwrap() == [prefix, data(), suffix].concat());
    assert_eq!(tell(&file), data().len() as u64);
}

#[asyncio::test]
async fn test_sendfile_partial() {
    let (transport, recorder, received) = prepared(usize::MAX).await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 1000, Some(100)).await.unwrap();
    closed(&transport, &recorder).await;
    assert_eq!(sent, 100);
    assert_eq!(received.join().unwrap(), data()[1000..1100]);
    assert_eq!(tell(&file), 1100);
}

#[asyncio::test]
async fn test_sendfile_close_peer_after_receiving() {
    let (transport, recorder, received) = prepared(data().len()).await;
    let file = file();
    let sent = event_loop().sendfile(&transport, &file, 0, None).await.unwrap();
    closed(&transport, &recorder).await;
    assert_eq!(sent, data().len() as u64);
    assert!(received.join().unwrap() == data());
    assert_eq!(tell(&file), data().len() as u64);
}

/// More than the system buffers, so that the sender has to wait for the peer.
fn large_file() -> File {
    let file = tempfile::tempfile().unwrap();
    file.set_len(64 << 20).unwrap();
    file
}

#[asyncio::test]
async fn test_sendfile_close_peer_in_the_middle_of_receiving() {
    let (transport, recorder, received) = prepared(1024).await;
    let file = large_file();
    let error = event_loop().sendfile(&transport, &file, 0, None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    assert!(received.join().unwrap().len() >= 1024);
    assert!((1024..64 << 20).contains(&tell(&file)));
    until(|| recorder.calls.is_lost.get()).await;
    assert!(transport.is_closing());
}

#[asyncio::test]
async fn test_sendfile_fallback_close_peer_in_the_middle_of_receiving() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let connecting = event_loop().connect_write_pipe(Recorder::default, writer);
    let (transport, recorder) = connecting.await.unwrap();
    let received = std::thread::spawn(move || reader.read_exact(&mut [0; 1024]).unwrap());
    let file = large_file();
    let error = event_loop().sendfile(&transport, &file, 0, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    received.join().unwrap();
    assert!(tell(&file) < 64 << 20);
    until(|| recorder.calls.is_lost.get()).await;
}

#[asyncio::test]
async fn test_sendfile_prevents_bare_write() {
    let (transport, recorder, mut peer) = pair().await;
    let sending = transport.clone();
    let task = create_task(async move {
        let sent = event_loop().sendfile(&sending, &large_file(), 0, None).await;
        sending.close();
        sent
    });
    // The peer doesn't read, so it can't be done.
    yield_now().await;
    yield_now().await;
    assert!(!task.is_done());
    let message = panic_of(|| transport.write(b"data"));
    assert!(message.contains("sendfile or start_tls is in progress"), "{message}");
    let received = std::thread::spawn(move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        all.len()
    });
    assert_eq!(task.await.unwrap().unwrap(), 64 << 20);
    assert_eq!(received.join().unwrap(), 64 << 20);
    assert_eq!(recorder.calls.take(), ["lost None"]);
}
