//! `sock_recv` and its kin, where several wait, where a call is cancelled, and where the peer is rude.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use async_io::Async;
use asyncio::{EventLoop, create_task, new_event_loop, timeout, yield_now};
use futures::FutureExt;

const SHORT: Duration = Duration::from_millis(5);

fn run<R>(test: impl AsyncFnOnce(&EventLoop) -> R) -> R {
    let event_loop = new_event_loop();
    let value = event_loop.run_until_complete(test(&event_loop));
    event_loop.close();
    value
}

/// A socket of ours and the peer's.
fn pair() -> (Rc<Async<UnixStream>>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Rc::new(Async::new(ours).unwrap()), theirs)
}

/// Python can't do that: the second one takes the first one's place.
#[test]
fn two_tasks_wait_for_one_socket_and_each_gets_something() {
    run(async |event_loop| {
        let (ours, mut theirs) = pair();
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let (socket, this) = (ours.clone(), event_loop.clone());
                create_task(async move { this.sock_recv(&socket, 1).await.unwrap() })
            })
            .collect();
        yield_now().await;
        theirs.write_all(b"ab").unwrap();
        let mut received = Vec::new();
        for task in tasks {
            received.extend(task.await.unwrap());
        }
        received.sort_unstable();
        assert_eq!(received, b"ab");
    });
}

#[test]
fn calls_that_are_cancelled_lose_nothing() {
    run(async |event_loop| {
        let (ours, mut theirs) = pair();
        let sent: Vec<u8> = (0..200).collect();
        theirs.write_all(&sent).unwrap();
        let mut received = Vec::new();
        let mut turns = 0;
        while received.len() < sent.len() {
            let mut receiving = pin!(event_loop.sock_recv(&ours, 1));
            // Dropped after so many polls, done or not.
            for _ in 0..turns % 4 {
                if let Some(data) = receiving.as_mut().now_or_never() {
                    received.extend(data.unwrap());
                    break;
                }
                asyncio::sleep(Duration::from_micros(10)).await;
            }
            turns += 1;
        }
        assert_eq!(received, sent);
    });
}

#[test]
fn all_is_sent_to_a_peer_that_reads_slowly() {
    run(async |event_loop| {
        let (ours, mut theirs) = pair();
        let data: Vec<u8> = (0..2_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
        let reader = std::thread::spawn(move || {
            let mut received = Vec::new();
            let mut buffer = [0; 1000];
            while let Ok(length @ 1..) = theirs.read(&mut buffer) {
                received.extend_from_slice(&buffer[..length]);
            }
            received
        });
        event_loop.sock_sendall(&ours, &data).await.unwrap();
        drop(ours);
        assert!(reader.join().unwrap() == data);
    });
}

#[test]
fn a_peer_that_is_gone_is_an_error_and_no_signal() {
    run(async |event_loop| {
        let (ours, theirs) = pair();
        drop(theirs);
        let error = event_loop.sock_sendall(&ours, b"hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(event_loop.sock_recv(&ours, 10).await.unwrap(), b"");
    });
}

#[test]
fn a_reset_is_an_error() {
    run(async |event_loop| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ours = Async::new(listener.accept().unwrap().0).unwrap();
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let error = event_loop.sock_recv(&ours, 10).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn datagrams_pass_between_unix_sockets() {
    run(async |event_loop| {
        let folder = tempfile::tempdir().unwrap();
        let at = |name| Async::<UnixDatagram>::bind(folder.path().join(name)).unwrap();
        let (one, two) = (at("one"), at("two"));
        let address = two.get_ref().local_addr().unwrap();
        event_loop.sock_sendto(&one, b"hello", &address).await.unwrap();
        let (data, sender) = event_loop.sock_recvfrom(&two, 100).await.unwrap();
        assert_eq!(data, b"hello");
        assert_eq!(sender.as_pathname(), Some(folder.path().join("one").as_path()));
    });
}

#[test]
fn a_cancelled_sendfile_leaves_the_file_behind_what_was_sent() {
    run(async |event_loop| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; 4_000_000]).unwrap();
        let (ours, mut theirs) = pair();
        assert!(timeout(SHORT, event_loop.sock_sendfile(&ours, &file, 0, None)).await.is_err());
        let sent = file.stream_position().unwrap();
        drop(ours);
        let received = theirs.read_to_end(&mut Vec::new()).unwrap();
        assert!(sent > 0 && sent == received as u64, "sent {sent}, received {received}");
    });
}

#[test]
fn a_sendfile_over_a_connection_that_is_gone_is_an_error() {
    run(async |event_loop| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"hello").unwrap();
        let (ours, theirs) = pair();
        drop(theirs);
        let error = event_loop.sock_sendfile(&ours, &file, 0, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}
