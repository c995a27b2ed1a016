//! TLS over another wire. Mirrors `asyncio.sslproto`; rustls speaks the protocol, with ring's cryptography.
//!
//! Rooms: `connector` and `acceptor` are what the two sides are told (Python's `SSLContext`), `pem` reads
//! their certificates, `info` is what they have agreed on, `error` why they haven't.

mod acceptor;
mod connector;
mod error;
mod info;
mod pem;

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pub use acceptor::TlsAcceptor;
pub use connector::TlsConnector;
pub use error::TlsError;
#[cfg(feature = "http")]
pub(crate) use error::Trouble;
use error::explain;
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsStream;
pub use info::TlsInfo;

use super::wire::{Wire, closed};
use crate::task::sleep::{Sleep, sleep};
use crate::task::table;

/// Python's `SSL_HANDSHAKE_TIMEOUT`.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(60);

/// Python's `SSL_SHUTDOWN_TIMEOUT`.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of what the peer still sends is read at a time, to be dropped, while its goodbye is waited for.
const DISCARDED: usize = 4096;

/// A wire under TLS.
///
/// Reading needs the reading side of the wire below alone and writing the writing side, so that each keeps
/// the waker of its own.
pub(crate) struct TlsWire {
    below: Rc<dyn Wire>,
    /// `None` once it is closed.
    stream: RefCell<Option<TlsStream<Below>>>,
    shutdown_timeout: Duration,
    /// Since when the peer's goodbye is waited for.
    goodbye: RefCell<Option<Pin<Box<Sleep>>>>,
    said_goodbye: Cell<bool>,
    /// All that was written is sent.
    is_flushed: Cell<bool>,
    /// The peer has said goodbye, and we haven't.
    owes_answer: Cell<bool>,
}

impl TlsWire {
    /// Agrees on TLS with a server that `wire` leads to. Its certificate has to be for the connector's
    /// [`server_name`](TlsConnector::server_name), or else for `host`.
    pub(crate) async fn connect(
        wire: Rc<dyn Wire>,
        connector: &TlsConnector,
        host: &str,
    ) -> io::Result<Rc<dyn Wire>> {
        let host = connector.name_for(host);
        let handshake = connector.handshake(host, Below(wire.clone()))?;
        let stream = agree(handshake, host, connector.handshake_timeout).await?;
        Ok(Self::over(wire, stream.into(), connector.shutdown_timeout))
    }

    /// Agrees on TLS with a client that `wire` leads to.
    pub(crate) async fn accept(
        wire: Rc<dyn Wire>,
        acceptor: &TlsAcceptor,
    ) -> io::Result<Rc<dyn Wire>> {
        let peer = match wire.peer_addr() {
            Ok(address) => address.to_string(),
            Err(_) => "the client".to_owned(),
        };
        let handshake = acceptor.handshake(Below(wire.clone()));
        let stream = agree(handshake, &peer, acceptor.handshake_timeout).await?;
        Ok(Self::over(wire, stream.into(), acceptor.shutdown_timeout))
    }

    fn over(
        below: Rc<dyn Wire>,
        stream: TlsStream<Below>,
        shutdown_timeout: Duration,
    ) -> Rc<dyn Wire> {
        Rc::new(Self {
            below,
            stream: RefCell::new(Some(stream)),
            shutdown_timeout,
            goodbye: RefCell::new(None),
            said_goodbye: Cell::new(false),
            is_flushed: Cell::new(true),
            owes_answer: Cell::new(false),
        })
    }

    /// Calls `f` with the stream, while there is one.
    fn with<R>(
        &self,
        f: impl FnOnce(Pin<&mut TlsStream<Below>>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match &mut *self.stream.borrow_mut() {
            Some(stream) => f(Pin::new(stream)),
            None => Poll::Ready(Err(closed())),
        }
    }

    fn poll_say_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.said_goodbye.get() {
            ready!(self.with(|stream| stream.poll_close(cx)))?;
            self.said_goodbye.set(true);
            self.owes_answer.set(false);
        }
        Poll::Ready(Ok(()))
    }

    /// Answers the peer's goodbye with ours, as Python does, so that it needn't wait until we close; but
    /// not before all that was written is sent.
    fn poll_answer_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.owes_answer.get() && self.is_flushed.get() {
            return self.poll_say_goodbye(cx);
        }
        Poll::Ready(Ok(()))
    }

    /// However the end comes: many a peer closes without a goodbye.
    fn poll_read_to_the_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut discarded = [0; DISCARDED];
        while ready!(self.poll_read(cx, &mut discarded)).is_ok_and(|length| length > 0) {}
        Poll::Ready(())
    }
}

/// Python's check.
#[track_caller]
fn assert_positive(what: &str, limit: Duration) {
    assert!(
        !limit.is_zero(),
        "{what} should be a positive number, got 0: leave it out for the usual"
    );
}

/// The stream that a handshake ends with. Its errors say who was asked.
async fn agree<T>(
    handshake: impl Future<Output = io::Result<T>>,
    peer: &str,
    limit: Duration,
) -> io::Result<T> {
    let mut handshake = pin!(handshake);
    let mut alarm = pin!(sleep(limit));
    let outcome = std::future::poll_fn(|cx| match handshake.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => alarm.as_mut().poll(cx).map(|()| None),
    });
    match outcome.await {
        Some(outcome) => outcome.map_err(|error| explain(peer, error)),
        None => Err(TlsError::too_slow(peer, limit)),
    }
}

impl Wire for TlsWire {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = match &mut *self.stream.borrow_mut() {
            Some(stream) => ready!(Pin::new(stream).poll_read(cx, buffer)),
            None => return Poll::Ready(Ok(0)),
        };
        if matches!(read, Ok(0)) && !buffer.is_empty() {
            self.owes_answer.set(true);
            // Nobody waits to write now. An error comes back with the next write.
            let _ = self.poll_answer_goodbye(cx);
        }
        Poll::Ready(read)
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.said_goodbye.get() {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        self.is_flushed.set(false);
        self.with(|stream| stream.poll_write(cx, bytes))
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.with(|stream| stream.poll_flush(cx)))?;
        self.is_flushed.set(true);
        self.poll_answer_goodbye(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_say_goodbye(cx))?;
        self.below.poll_shutdown(cx)
    }

    /// As in Python: who has said goodbye reads nothing any more.
    fn can_write_eof(&self) -> bool {
        false
    }

    fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whether the peer hears it or answers is of no interest: all was sent.
        if ready!(self.poll_say_goodbye(cx)).is_err() || self.poll_read_to_the_end(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        // A writer may be dropped while no loop runs: then nobody waits.
        if table::with_running(|_| ()).is_none() {
            return Poll::Pending;
        }
        let limit = self.shutdown_timeout;
        let mut goodbye = self.goodbye.borrow_mut();
        let alarm = goodbye.get_or_insert_with(|| Box::pin(sleep(limit)));
        alarm.as_mut().poll(cx).map(Ok)
    }

    fn close(&self) {
        drop(self.stream.take());
        self.below.close();
    }

    fn tls(&self) -> Option<TlsInfo> {
        self.stream.borrow().as_ref().map(|stream| TlsInfo::of(stream.get_ref().1))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.below.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.below.peer_addr()
    }
}

/// The wire below, as rustls's stream wants it.
pub(super) struct Below(Rc<dyn Wire>);

impl AsyncRead for Below {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Below {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    /// All that the wire takes: when a handshake fails, rustls's stream writes once, and the last of what
    /// it has is the alert that tells the peer why.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut written = 0;
        for piece in pieces {
            match self.0.poll_write(cx, piece) {
                Poll::Ready(Ok(length)) => {
                    written += length;
                    if length < piece.len() {
                        break;
                    }
                }
                outcome if written == 0 => return outcome,
                // It comes again with the next call.
                _ => break,
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    /// TLS's goodbye alone: the wire below stays open.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }
}

#[cfg(test)]
mod tests;
