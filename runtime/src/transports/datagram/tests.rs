//! The cases of `test_selector_events.py` (3.11), `SelectorDatagramTransportTests`, that need a socket which
//! takes no more. As there, the socket is made up. The other cases are in `tests/conformance`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::DatagramTransport;
use super::endpoint::Endpoint;
use super::socket::{DatagramSocket, Opened};
use crate::{DatagramProtocol, get_running_loop, run, yield_now};

/// What the made-up socket is like.
#[derive(Default)]
struct Kernel {
    is_full: Cell<bool>,
    /// What the next sends and receives answer.
    errors: RefCell<VecDeque<ErrorKind>>,
    sent: RefCell<Vec<(Vec<u8>, Option<SocketAddr>)>>,
    incoming: RefCell<VecDeque<(Vec<u8>, SocketAddr)>>,
    waiting: RefCell<Vec<Waker>>,
    is_closed: Cell<bool>,
}

impl Kernel {
    fn drain(&self) {
        self.is_full.set(false);
        self.wake();
    }

    fn bring(&self, data: &[u8], addr: SocketAddr) {
        self.incoming.borrow_mut().push_back((data.into(), addr));
        self.wake();
    }

    fn fail(&self, kind: ErrorKind) {
        self.errors.borrow_mut().push_back(kind);
        self.wake();
    }

    fn wake(&self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    fn sent(&self) -> Vec<(String, Option<SocketAddr>)> {
        let sent = self.sent.borrow();
        sent.iter().map(|(data, addr)| (String::from_utf8_lossy(data).into(), *addr)).collect()
    }

    fn poll_if(&self, is_ready: bool, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if is_ready {
            return Poll::Ready(Ok(()));
        }
        self.waiting.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }
}

struct Socket(Rc<Kernel>);

impl DatagramSocket for Socket {
    fn send(&self, data: &[u8], addr: Option<SocketAddr>) -> io::Result<()> {
        if self.0.is_full.get() {
            return Err(ErrorKind::WouldBlock.into());
        }
        if let Some(kind) = self.0.errors.borrow_mut().pop_front() {
            return Err(kind.into());
        }
        self.0.sent.borrow_mut().push((data.into(), addr));
        Ok(())
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        if let Some(kind) = self.0.errors.borrow_mut().pop_front() {
            return Err(kind.into());
        }
        let (data, addr) = self.0.incoming.borrow_mut().pop_front().ok_or(ErrorKind::WouldBlock)?;
        buffer[..data.len()].copy_from_slice(&data);
        Ok((data.len(), addr))
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_readable =
            !self.0.incoming.borrow().is_empty() || !self.0.errors.borrow().is_empty();
        self.0.poll_if(is_readable, cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_if(!self.0.is_full.get(), cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.is_closed.set(true);
    }
}

#[derive(Default)]
struct Log {
    calls: RefCell<Vec<String>>,
}

impl Log {
    fn note(&self, call: impl Into<String>) {
        self.calls.borrow_mut().push(call.into());
    }

    /// What was called since the last time.
    fn take(&self) -> Vec<String> {
        self.calls.take()
    }
}

impl DatagramProtocol for Log {
    fn connection_made(&self, _: DatagramTransport) {
        self.note("made");
    }

    fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
        self.note(format!("{} from {}", String::from_utf8_lossy(data), addr.port()));
    }

    fn error_received(&self, error: io::Error) {
        self.note(format!("error {:?}", error.kind()));
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        self.note(format!("lost {error:?}"));
    }

    fn pause_writing(&self) {
        self.note("pause");
    }

    fn resume_writing(&self) {
        self.note("resume");
    }
}

fn there() -> SocketAddr {
    ([0, 0, 0, 0], 12345).into()
}

async fn turns() {
    for _ in 0..4 {
        yield_now().await;
    }
}

/// A transport over a made-up socket, after its `connection_made`.
async fn transport(remote: Option<SocketAddr>) -> (DatagramTransport, Rc<Log>, Rc<Kernel>) {
    let (kernel, log) = (Rc::new(Kernel::default()), Rc::new(Log::default()));
    let opened = Opened { socket: Box::new(Socket(kernel.clone())), local: None, remote };
    let tasks = get_running_loop().unwrap().tasks;
    let endpoint = Endpoint::start(&tasks, opened, log.clone(), || {}, Location::caller());
    turns().await;
    assert_eq!(log.take(), ["made"]);
    (DatagramTransport { endpoint }, log, kernel)
}

#[test]
fn test_read_ready() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.bring(b"data", there());
        turns().await;
        assert_eq!(log.take(), ["data from 12345"]);
        transport.close();
    });
}

#[test]
fn test_read_ready_tryagain() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.fail(ErrorKind::WouldBlock);
        turns().await;
        assert!(log.take().is_empty());
        assert!(!transport.is_closing());
        transport.close();
    });
}

#[test]
fn test_read_ready_oserr() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.fail(ErrorKind::Other);
        turns().await;
        assert_eq!(log.take(), ["error Other"]);
        assert!(!transport.is_closing());
        transport.close();
    });
}

#[test]
fn test_sendto() {
    run(async {
        let (transport, _log, kernel) = transport(None).await;
        transport.send_to(b"data", there());
        assert_eq!(kernel.sent(), [("data".into(), Some(there()))], "at once");
        transport.close();
    });
}

#[test]
fn test_sendto_no_data() {
    run(async {
        let (transport, _log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data", there());
        transport.send_to(b"", there());
        assert!(kernel.sent().is_empty());
        assert_eq!(transport.get_write_buffer_size(), 4 + 8 + 8, "queued, as in Python 3.13");
        kernel.drain();
        turns().await;
        assert_eq!(kernel.sent(), [("data".into(), Some(there())), (String::new(), Some(there()))]);
        transport.close();
    });
}

#[test]
fn test_sendto_buffer() {
    run(async {
        let (transport, _log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data1", there());
        kernel.is_full.set(false);
        transport.send_to(b"data2", there());
        assert!(kernel.sent().is_empty(), "none overtakes another");
        assert_eq!(transport.get_write_buffer_size(), 2 * (5 + 8));
        turns().await;
        assert_eq!(
            kernel.sent(),
            [("data1".into(), Some(there())), ("data2".into(), Some(there()))]
        );
        transport.close();
    });
}

#[test]
fn test_sendto_tryagain() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data", there());
        turns().await;
        assert_eq!(transport.get_write_buffer_size(), 12);
        assert!(log.take().is_empty());
        transport.abort();
    });
}

#[test]
fn test_sendto_error_received() {
    run(async {
        let (transport, _log, kernel) = transport(None).await;
        kernel.fail(ErrorKind::ConnectionRefused);
        transport.send_to(b"data", there());
        assert!(!transport.is_closing());
        transport.close();
    });
}

#[test]
fn test_sendto_error_received_connected() {
    run(async {
        let (transport, log, kernel) = transport(Some(there())).await;
        kernel.fail(ErrorKind::ConnectionRefused);
        transport.send(b"data");
        assert_eq!(log.take(), ["error ConnectionRefused"], "inside the call");
        assert!(!transport.is_closing());
        transport.close();
    });
}

#[test]
fn test_sendto_closing() {
    run(async {
        let (transport, log, kernel) = transport(Some(there())).await;
        transport.close();
        assert!(log.take().is_empty(), "not inside the call");
        transport.send_to(b"data", there());
        turns().await;
        assert!(kernel.sent().is_empty());
        assert_eq!(log.take(), ["lost None"]);
        assert!(kernel.is_closed.get());
    });
}

#[test]
fn test_sendto_ready() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data", there());
        kernel.drain();
        turns().await;
        assert_eq!(kernel.sent(), [("data".into(), Some(there()))]);
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert!(log.take().is_empty());
        transport.close();
    });
}

#[test]
fn test_sendto_ready_closing() {
    run(async {
        let (transport, log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data", there());
        transport.close();
        turns().await;
        assert!(log.take().is_empty(), "it waits for what is buffered");
        kernel.drain();
        turns().await;
        assert_eq!(kernel.sent(), [("data".into(), Some(there()))]);
        assert_eq!(log.take(), ["lost None"]);
        assert!(kernel.is_closed.get());
    });
}

#[test]
fn test_sendto_ready_tryagain() {
    run(async {
        let (transport, _log, kernel) = transport(None).await;
        kernel.is_full.set(true);
        transport.send_to(b"data1", there());
        transport.send_to(b"data2", there());
        // It says that there is room, and there is none.
        kernel.wake();
        turns().await;
        assert_eq!(transport.get_write_buffer_size(), 2 * (5 + 8));
        kernel.drain();
        turns().await;
        assert_eq!(
            kernel.sent(),
            [("data1".into(), Some(there())), ("data2".into(), Some(there()))]
        );
        transport.close();
    });
}

#[test]
fn test_sendto_ready_error_received_connection() {
    run(async {
        let (transport, log, kernel) = transport(Some(there())).await;
        kernel.is_full.set(true);
        transport.send(b"data");
        transport.send(b"more");
        // Both services ask for it: whichever is first tells it, and nothing else is lost by it.
        kernel.fail(ErrorKind::ConnectionRefused);
        kernel.drain();
        turns().await;
        assert_eq!(log.take(), ["error ConnectionRefused"]);
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert!(!transport.is_closing());
        transport.close();
    });
}

#[test]
fn above_the_high_mark_it_pauses_and_below_the_low_one_it_resumes() {
    run(async {
        let (transport, log, kernel) = transport(Some(there())).await;
        transport.set_write_buffer_limits(Some(40), Some(20));
        kernel.is_full.set(true);
        transport.send(b"12");
        transport.send(b"12");
        transport.send(b"12345678901");
        assert!(log.take().is_empty(), "39 are allowed");
        transport.send(b"");
        transport.send(b"");
        assert_eq!(log.take(), ["pause"], "once");
        kernel.drain();
        turns().await;
        assert_eq!(log.take(), ["resume"]);
        transport.close();
    });
}

#[test]
fn an_abort_drops_what_is_buffered() {
    run(async {
        let (transport, log, kernel) = transport(Some(there())).await;
        kernel.is_full.set(true);
        transport.send(b"data");
        transport.close();
        transport.abort();
        transport.abort();
        kernel.drain();
        turns().await;
        assert!(kernel.sent().is_empty());
        assert_eq!(log.take(), ["lost None"], "once");
    });
}

#[test]
fn a_loop_that_is_closed_lets_go_of_the_protocol_and_the_socket() {
    let (log, kernel) = run(async {
        let (_transport, log, kernel) = transport(None).await;
        (log, kernel)
    });
    assert!(kernel.is_closed.get());
    assert_eq!(Rc::strong_count(&log), 1);
    assert!(log.take().is_empty(), "connection_lost is not called, as in Python");
}
