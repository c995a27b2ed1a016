//! A connection that tells a protocol. Mirrors `selector_events._SelectorSocketTransport` and the pipe
//! transports of `unix_events`.
//!
//! Writing is the outbox's. One service reads, and lives as long as the connection: it keeps the connection
//! alive, and when the loop is closed before its end, lets go of it.
//!
//! What must hold: `connection_made` comes first, `connection_lost` last, each once, or neither;
//! `connection_lost` never inside a call of the user's.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::guarded;
use super::protocols::{Erased, Kind};
use super::shown::{Shown, warn_unclosed};
use super::transport::Transport;
use crate::event_loop::core::{Core, warn};
use crate::event_loop::ready::Waiter;
use crate::net::outbox::{Hook, Outbox};
use crate::net::wire::Wire;
use crate::server::Client;
use crate::task::service;
use crate::task::sleep::yield_now;
use crate::task::table::{self, Tasks};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// After so many reads in a row, others have their turn.
const READS_A_TURN: usize = 16;

thread_local! {
    /// What is read goes through here: an idle connection has no buffer of its own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Which ways a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    Both,
    Reading,
    Writing,
}

pub(super) struct Connection {
    pub(super) outbox: Rc<Outbox>,
    pub(super) ways: Ways,
    /// `None` once it was told that the connection is lost.
    protocol: RefCell<Option<Erased>>,
    is_made: Cell<bool>,
    is_paused: Cell<bool>,
    is_at_eof: Cell<bool>,
    /// The protocol was told to pause.
    is_told_to_pause: Cell<bool>,
    /// Somebody else uses the wire: `sendfile`, `start_tls`.
    pub(super) is_lent: Cell<bool>,
    /// The service, while it doesn't read.
    resting: Cell<Option<Waiter>>,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
}

impl Connection {
    /// Starts in the next turn, with `connection_made`; calls `when_made` behind it.
    pub(super) fn start(
        tasks: &Rc<Tasks>,
        (wire, ways): (Rc<dyn Wire>, Ways),
        protocol: Erased,
        when_made: impl FnOnce() + 'static,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        let connection = Rc::new(Self {
            local: wire.local_addr().ok(),
            peer: wire.peer_addr().ok(),
            outbox: Outbox::new(tasks, wire, "transport writes", made_at),
            ways,
            protocol: RefCell::new(Some(protocol)),
            is_made: Cell::new(false),
            is_paused: Cell::new(false),
            is_at_eof: Cell::new(false),
            is_told_to_pause: Cell::new(false),
            is_lent: Cell::new(false),
            resting: Cell::new(None),
        });
        let weak = Rc::downgrade(&connection);
        connection.outbox.set_hook(weak);
        let reading = read(Held(connection.clone()), when_made);
        service::spawn(tasks, "transport reads", reading, made_at);
        connection
    }

    pub(super) fn core(&self) -> &Rc<Core> {
        self.outbox.core()
    }

    pub(super) fn protocol(&self) -> Option<Erased> {
        self.protocol.borrow().clone()
    }

    pub(super) fn set_protocol(&self, protocol: Erased) {
        if !self.outbox.is_lost() {
            drop(self.protocol.replace(Some(protocol)));
        }
    }

    /// Calls the protocol. A panic in it ends the connection.
    fn tell<R>(&self, method: &str, call: impl FnOnce(&Erased) -> R) -> Option<R> {
        let protocol = self.protocol()?;
        match guarded::fatal(self.core(), method, || call(&protocol)) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.outbox.lose(Some(error));
                None
            }
        }
    }

    /// The same where a panic ends nothing.
    fn mention(&self, method: &str, call: impl FnOnce(&Erased)) {
        if let Some(protocol) = self.protocol() {
            guarded::mention(self.core(), method, || call(&protocol));
        }
    }

    fn tell_made(self: &Rc<Self>) {
        if self.outbox.is_lost() {
            return;
        }
        self.is_made.set(true);
        let transport = Transport { connection: self.clone() };
        self.tell("connection_made", |protocol| protocol.connection_made(transport));
    }

    pub(super) fn is_reading(&self) -> bool {
        !self.outbox.is_closing() && !self.is_paused.get()
    }

    pub(super) fn pause_reading(&self) {
        if self.is_reading() {
            self.is_paused.set(true);
        }
    }

    pub(super) fn resume_reading(&self) {
        if self.is_paused.replace(false) {
            self.go_on();
        }
    }

    /// Wakes the service if it rests.
    pub(super) fn go_on(&self) {
        if let Some(waiter) = self.resting.take() {
            self.core().wake(waiter);
        }
    }

    /// Waits until all that was written is sent.
    pub(super) async fn flushed(&self) -> io::Result<()> {
        poll_fn(|cx| self.outbox.poll_empty(cx)).await?;
        if self.outbox.is_closing() { Err(self.ended()) } else { Ok(()) }
    }

    /// Why nothing can be sent any more.
    pub(super) fn ended(&self) -> io::Error {
        self.outbox.error().unwrap_or_else(|| {
            io::Error::new(ErrorKind::ConnectionAborted, "the connection was closed before the end")
        })
    }

    /// Reads until the connection is over.
    fn poll_reads(&self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..READS_A_TURN {
            if self.outbox.is_lost() {
                return Poll::Ready(());
            }
            self.outbox.wake_reader_when_lost(cx);
            if !self.is_reading() || self.is_at_eof.get() || self.is_lent.get() {
                self.resting.set(Some(table::waiter(self.core(), cx)));
                return Poll::Pending;
            }
            ready!(self.poll_read(cx));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, and tells it.
    fn poll_read(&self, cx: &mut Context<'_>) -> Poll<()> {
        let received = match self.protocol().map(|protocol| protocol.0) {
            Some(Kind::Buffered(_)) => ready!(self.poll_into_theirs(cx)),
            _ => ready!(self.poll_into_ours(cx)),
        };
        match received {
            Some(Ok(0)) => self.end_of_reading(),
            Some(Err(error)) => self.outbox.lose(Some(error)),
            Some(Ok(_)) | None => {}
        }
        Poll::Ready(())
    }

    fn poll_into_ours(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<usize>>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(CHUNK, 0);
        let received = self.outbox.wire().poll_read(cx, &mut scratch);
        if let Poll::Ready(Ok(length @ 1..)) = received {
            self.tell("data_received", |protocol| {
                if let Kind::Streamed(protocol) = &protocol.0 {
                    protocol.data_received(&scratch[..length]);
                }
            });
        }
        SCRATCH.set(scratch);
        received.map(Some)
    }

    /// `None`: the protocol has failed, and the connection with it.
    fn poll_into_theirs(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<usize>>> {
        let wire = self.outbox.wire();
        let received = self.tell("get_buffer", |protocol| {
            let Kind::Buffered(protocol) = &protocol.0 else { return Poll::Pending };
            let mut buffer = protocol.get_buffer();
            assert!(
                !buffer.is_empty(),
                "get_buffer() returned an empty buffer: leave room for a byte at least"
            );
            wire.poll_read(cx, &mut buffer)
        });
        let Some(received) = received else { return Poll::Ready(None) };
        if let Poll::Ready(Ok(length @ 1..)) = received {
            self.tell("buffer_updated", |protocol| {
                if let Kind::Buffered(protocol) = &protocol.0 {
                    protocol.buffer_updated(length);
                }
            });
        }
        received.map(Some)
    }

    /// The peer has ended its side; or, where nothing is read, has gone.
    fn end_of_reading(&self) {
        self.is_at_eof.set(true);
        if self.ways == Ways::Writing {
            let is_cut = self.outbox.len() > 0;
            return self.outbox.lose(is_cut.then(|| ErrorKind::BrokenPipe.into()));
        }
        let keeps_open = self.tell("eof_received", Erased::eof_received);
        let is_tls = !self.outbox.wire().can_write_eof();
        if keeps_open == Some(true) && is_tls {
            warn("returning true from eof_received() has no effect when using ssl");
        }
        if keeps_open != Some(true) || is_tls || self.ways == Ways::Reading {
            self.outbox.close();
        }
    }

    /// Lets go of the protocol, which has a handle to this, most likely.
    fn release(&self) {
        let protocol = self.protocol.take();
        self.core().contain(&"a protocol's destructor", || drop(protocol));
    }
}

impl Hook for Connection {
    fn pause_writing(&self) {
        // It is not the protocol that writes.
        if self.is_lent.get() {
            return;
        }
        self.is_told_to_pause.set(true);
        self.mention("pause_writing", Erased::pause_writing);
    }

    fn resume_writing(&self) {
        if !self.is_told_to_pause.replace(false) {
            return;
        }
        self.mention("resume_writing", Erased::resume_writing);
    }

    fn lost(&self, error: Option<io::Error>) {
        if self.is_made.get() {
            self.mention("connection_lost", |protocol| {
                protocol.connection_lost(error);
            });
        }
        self.release();
    }
}

impl Client for Connection {
    fn close(&self) {
        self.outbox.close();
    }

    fn abort(&self) {
        self.outbox.abort();
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Shown {
            name: "Transport",
            is_closing: self.outbox.is_closing(),
            is_closed: self.outbox.is_lost(),
            local: self.local,
            peer: self.peer,
            bufsize: self.outbox.len(),
        };
        shown.fmt(f)
    }
}

/// What the service holds: when a loop that is closed drops it, the connection ends, too.
struct Held(Rc<Connection>);

impl Drop for Held {
    fn drop(&mut self) {
        let connection = &self.0;
        if !connection.core().is_closed() || connection.outbox.is_lost() {
            return;
        }
        if !connection.outbox.is_closing() {
            warn_unclosed(connection.core(), connection, connection.outbox.made_at());
        }
        // As in Python, a loop that is closed calls no protocol.
        connection.release();
        connection.outbox.abort();
    }
}

/// Tells the protocol what comes in.
async fn read(held: Held, when_made: impl FnOnce()) {
    held.0.tell_made();
    when_made();
    // Whoever made the connection goes on before the first data is told.
    yield_now().await;
    poll_fn(|cx| held.0.poll_reads(cx)).await;
}
