//! What was written and not sent yet. Writing never waits: what the wire doesn't take at once stays here,
//! and a service sends it on. Mirrors the writing half of Python's `_SelectorSocketTransport`, its
//! `_FlowControlMixin` and that of `asyncio.streams`.
//!
//! `StreamWriter` and transports are built on it, one outbox each. It also knows when the connection is over:
//! a reader that shares the wire asks it.
//!
//! ```text
//!        (1)              (2)                (4)
//! open ───────► closing ───────► losing ─────────────► lost
//!   │                              ▲
//!   └──────────────(3)─────────────┘
//!
//! (1) close    no more is written; what is here is sent
//! (2) sender   all is sent, and over TLS the peer was told
//! (3) lose     `abort`, or an error of reading or writing: what is here is dropped
//! (4) finish   in the next turn, as Python's `connection_lost`: the wire is closed, all who wait are woken
//! ```
//!
//! What must hold: bytes are sent once and in order; while there are some, or the wire holds some back, the
//! sender runs, and otherwise there is none; nothing is borrowed while a hook runs, so it may write.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker, ready};

use super::buffer::Buffer;
use super::failure::Failure;
use super::wire::Wire;
use crate::event_loop::core::{self, Core};
use crate::event_loop::ready::Waiter;
use crate::locks::waiters::Waiters;
use crate::task::service::{self, Service};
use crate::task::sleep::yield_now;
use crate::task::table::{self, Tasks};

/// As in Python: more than this keeps `drain` waiting until no more than a quarter is left.
const HIGH_WATER: usize = 64 * 1024;

/// Python's `LOG_THRESHOLD_FOR_CONNLOST_WRITES`.
const IGNORED_QUIETLY: u32 = 5;

/// After so many writes in a row that the wire took, others have their turn.
const WRITES_A_TURN: u32 = 16;

/// What a transport is told.
pub(crate) trait Hook {
    /// More is buffered than the high-water mark.
    fn pause_writing(&self);
    /// No more than the low-water mark is left.
    fn resume_writing(&self);
    /// The connection is over; told once, before the wire is closed.
    fn lost(&self, error: Option<io::Error>);
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Closing,
    Losing,
    Lost,
}

pub(crate) struct Outbox {
    tasks: Weak<Tasks>,
    core: Rc<Core>,
    wire: RefCell<Rc<dyn Wire>>,
    name: &'static str,
    made_at: &'static Location<'static>,
    stage: Cell<Stage>,
    error: RefCell<Option<Failure>>,
    buffer: RefCell<Buffer>,
    /// The high-water mark and the low one.
    limits: Cell<(usize, usize)>,
    is_paused: Cell<bool>,
    has_eof: Cell<bool>,
    /// Nothing is sent: another wire is about to take this one's place.
    is_held: Cell<bool>,
    sender: RefCell<Option<Service>>,
    ignored: Cell<u32>,
    drains: Waiters,
    closes: Waiters,
    /// What polls for the end of sending, and what waits to read.
    poller: Cell<Option<Waiter>>,
    reader: Cell<Option<Waiter>>,
    hook: RefCell<Option<Weak<dyn Hook>>>,
    until_lost: RefCell<Option<Box<dyn Any>>>,
}

impl Outbox {
    /// `name` is the sender's in a trace.
    pub(crate) fn new(
        tasks: &Rc<Tasks>,
        wire: Rc<dyn Wire>,
        name: &'static str,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        Rc::new(Self {
            tasks: Rc::downgrade(tasks),
            core: tasks.core.clone(),
            wire: RefCell::new(wire),
            name,
            made_at,
            stage: Cell::new(Stage::Open),
            error: RefCell::new(None),
            buffer: RefCell::default(),
            limits: Cell::new((HIGH_WATER, HIGH_WATER / 4)),
            is_paused: Cell::new(false),
            has_eof: Cell::new(false),
            is_held: Cell::new(false),
            sender: RefCell::new(None),
            ignored: Cell::new(0),
            drains: Waiters::new(),
            closes: Waiters::new(),
            poller: Cell::new(None),
            reader: Cell::new(None),
            hook: RefCell::new(None),
            until_lost: RefCell::new(None),
        })
    }

    /// Who is told of what happens. Whoever hooks in keeps it alive.
    pub(crate) fn set_hook(&self, hook: Weak<dyn Hook>) {
        drop(self.hook.replace(Some(hook)));
    }

    /// Drops `what` when the connection is over.
    pub(crate) fn keep_until_lost(&self, what: impl Any) {
        if self.stage.get() != Stage::Lost {
            drop(self.until_lost.replace(Some(Box::new(what))));
        }
    }

    pub(crate) fn wire(&self) -> Rc<dyn Wire> {
        self.wire.borrow().clone()
    }

    pub(crate) fn core(&self) -> &Rc<Core> {
        &self.core
    }

    pub(crate) fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }

    /// How much is buffered.
    pub(crate) fn len(&self) -> usize {
        self.buffer.borrow().len()
    }

    /// Whether it takes no more: it was closed, or the connection is lost.
    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.stage.get() > Stage::Open
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.stage.get() == Stage::Lost
    }

    /// What ended the connection, if that was an error; a copy each time.
    pub(crate) fn error(&self) -> Option<io::Error> {
        self.error.borrow().as_ref().map(Failure::to_error)
    }

    /// The high-water mark and the low one.
    pub(crate) fn limits(&self) -> (usize, usize) {
        self.limits.get()
    }

    /// Sets the marks; one that isn't given follows the other as in Python.
    #[track_caller]
    pub(crate) fn set_limits(&self, high: Option<usize>, low: Option<usize>) {
        let high = high.or(low.map(|low| low.saturating_mul(4))).unwrap_or(HIGH_WATER);
        let low = low.unwrap_or(high / 4);
        assert!(
            high >= low,
            "the high-water mark ({high}) must be at or above the low one ({low})"
        );
        self.limits.set((high, low));
        self.pause_above_high_water();
    }

    /// Sends `bytes`, or keeps what can't be sent at once. Of a connection that is closing or lost:
    /// ignores them.
    #[track_caller]
    pub(crate) fn write(self: &Rc<Self>, bytes: &[u8]) {
        assert!(
            !self.has_eof.get(),
            "Cannot call write() after write_eof(): write first, then end the stream"
        );
        if bytes.is_empty() {
            return;
        }
        if self.is_closing() {
            return self.ignore();
        }
        let sent = if self.is_busy() { 0 } else { self.send_at_once(bytes) };
        if sent < bytes.len() && !self.is_closing() {
            self.buffer.borrow_mut().extend(&bytes[sent..]);
            self.start_sender();
            self.pause_above_high_water();
        }
    }

    /// As in Python: a program that goes on writing to a connection that is lost learns so after a while.
    fn ignore(&self) {
        let ignored = self.ignored.get();
        if ignored >= IGNORED_QUIETLY {
            core::warn("socket.send() raised exception.");
        }
        self.ignored.set(ignored.saturating_add(1));
    }

    /// Whether what is written has to wait behind something.
    fn is_busy(&self) -> bool {
        self.is_held.get() || self.is_sending()
    }

    fn is_sending(&self) -> bool {
        self.sender.borrow().is_some()
    }

    /// Writes to the wire what it takes now; how much that is.
    fn send_at_once(self: &Rc<Self>, bytes: &[u8]) -> usize {
        // Nobody is to be woken: what is left over makes the sender try again.
        let mut cx = Context::from_waker(Waker::noop());
        let wire = self.wire();
        let mut sent = 0;
        for _ in 0..WRITES_A_TURN {
            if sent == bytes.len() {
                break;
            }
            match wire.poll_write(&mut cx, &bytes[sent..]).map(some_written) {
                Poll::Ready(Ok(written)) => sent += written,
                Poll::Ready(Err(error)) => {
                    self.lose(Some(error));
                    return bytes.len();
                }
                Poll::Pending => return sent,
            }
        }
        if sent < bytes.len() {
            return sent;
        }
        match wire.poll_flush(&mut cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.lose(Some(error)),
            Poll::Pending => self.start_sender(),
        }
        sent
    }

    fn start_sender(self: &Rc<Self>) {
        if self.is_busy() {
            return;
        }
        let tasks = self.tasks.upgrade().filter(|_| !self.core.is_closed());
        // Nothing would ever send it.
        let Some(tasks) = tasks else { return self.lose(None) };
        let sender = service::spawn(&tasks, self.name, self.clone().send_all(), self.made_at);
        *self.sender.borrow_mut() = Some(sender);
    }

    /// The sender: until nothing is left to be sent.
    async fn send_all(self: Rc<Self>) {
        let mut sent = poll_fn(|cx| self.poll_contained(|| self.poll_send(cx))).await;
        if sent.is_ok() && self.stage.get() == Stage::Closing {
            sent = poll_fn(|cx| self.poll_goodbye(cx)).await;
        }
        // Not stopped by this: it ends here.
        self.sender.take();
        if self.stage.get() == Stage::Closing || sent.is_err() {
            self.lose(sent.err());
        }
        self.wake(&self.poller);
    }

    /// As the wire does it, and for as long as it waits.
    fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.wire();
        self.poll_contained(|| wire.poll_goodbye(cx))
    }

    /// A wire may be code of others. Where that panics, nobody waits for the rest.
    fn poll_contained(&self, poll: impl FnOnce() -> Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        let mut outcome = None;
        self.core.contain(&self.name, || outcome = Some(poll()));
        outcome.unwrap_or_else(|| {
            let panicked = "what it is written to has panicked";
            Poll::Ready(Err(io::Error::new(ErrorKind::BrokenPipe, panicked)))
        })
    }

    fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.wire();
        for _ in 0..WRITES_A_TURN {
            if self.len() == 0 {
                ready!(wire.poll_flush(cx))?;
                return if self.has_eof.get() {
                    wire.poll_shutdown(cx)
                } else {
                    Poll::Ready(Ok(()))
                };
            }
            let written = ready!(wire.poll_write(cx, self.buffer.borrow().as_slice()));
            self.buffer.borrow_mut().consume(some_written(written)?);
            self.resume_below_low_water();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn pause_above_high_water(&self) {
        if self.len() > self.limits.get().0 && !self.is_paused.replace(true) {
            self.tell(|hook| hook.pause_writing());
        }
    }

    fn resume_below_low_water(&self) {
        if self.len() <= self.limits.get().1 && self.is_paused.replace(false) {
            self.drains.choose_all(&());
            self.wake(&self.poller);
            self.tell(|hook| hook.resume_writing());
        }
    }

    /// A panic in a hook is reported and goes no further.
    fn tell(&self, what: impl FnOnce(&dyn Hook)) {
        let hook = self.hook.borrow().as_ref().and_then(Weak::upgrade);
        if let Some(hook) = hook {
            self.core.contain(&self.name, || what(&*hook));
        }
    }

    /// Waits until no more than the low-water mark is left, if there was more than the high-water mark.
    /// On a connection that is closing it gives way for a turn, or a program that only writes and drains
    /// would never learn that the connection is lost.
    pub(crate) async fn drain(&self) -> io::Result<()> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        if self.is_closing() {
            yield_now().await;
        }
        if self.is_lost() {
            return Err(self.error().unwrap_or_else(connection_lost));
        }
        if self.is_paused.get() {
            self.drains.wait().await;
        }
        self.error().map_or(Ok(()), Err)
    }

    /// Waits until the connection is over.
    pub(crate) async fn closed(&self) -> io::Result<()> {
        if !self.is_lost() {
            self.closes.wait().await;
        }
        self.error().map_or(Ok(()), Err)
    }

    /// The same for one at a time: the last who polls here or in the two below is woken.
    pub(crate) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_lost() {
            self.poller.set(Some(table::waiter(&self.core, cx)));
            return Poll::Pending;
        }
        Poll::Ready(self.error().map_or(Ok(()), Err))
    }

    /// Ready when there is no more than the high-water mark.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closing() {
            return Poll::Ready(Err(self.error().unwrap_or_else(connection_lost)));
        }
        self.poll_until(!self.is_paused.get(), cx)
    }

    /// Ready when all is sent.
    pub(crate) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(!self.is_busy(), cx)
    }

    fn poll_until(&self, is_so: bool, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.error() {
            return Poll::Ready(Err(error));
        }
        if is_so {
            return Poll::Ready(Ok(()));
        }
        self.poller.set(Some(table::waiter(&self.core, cx)));
        Poll::Pending
    }

    /// Ends the writing side behind what is here: the peer reads to the end. Once, and not when it is closing.
    pub(crate) fn write_eof(self: &Rc<Self>) {
        if self.wire().ends_with_writing() {
            return self.close();
        }
        if self.is_closing() || self.has_eof.replace(true) || self.is_busy() {
            return;
        }
        match self.wire().poll_shutdown(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.lose(Some(error)),
            Poll::Pending => self.start_sender(),
        }
    }

    /// Takes no more, sends what is here, then closes the wire.
    pub(crate) fn close(self: &Rc<Self>) {
        if self.is_closing() {
            return;
        }
        self.stage.set(Stage::Closing);
        if self.is_busy() {
            return;
        }
        match self.poll_goodbye(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => self.lose(outcome.err()),
            Poll::Pending => self.start_sender(),
        }
    }

    /// Drops what is here and closes the wire.
    pub(crate) fn abort(self: &Rc<Self>) {
        self.lose(None);
    }

    /// The connection is over; those who wait learn it in the next turn, so that nobody is told in the
    /// middle of a call of their own.
    pub(crate) fn lose(self: &Rc<Self>, error: Option<io::Error>) {
        if self.stage.get() >= Stage::Losing {
            return;
        }
        self.stage.set(Stage::Losing);
        *self.error.borrow_mut() = error.map(Failure::from);
        self.buffer.borrow_mut().clear();
        if let Some(sender) = self.sender.take() {
            sender.stop();
        }
        if self.core.is_closed() {
            return self.finish();
        }
        let this = self.clone();
        self.core.call_soon(Box::new(move || this.finish()), self.made_at);
    }

    fn finish(&self) {
        self.stage.set(Stage::Lost);
        self.tell(|hook| hook.lost(self.error()));
        drop(self.hook.take());
        self.wire().close();
        self.wake(&self.reader);
        self.closes.choose_all(&());
        self.drains.choose_all(&());
        self.wake(&self.poller);
        drop(self.until_lost.take());
    }

    /// Wakes a reader when the connection is over: the wire doesn't.
    pub(crate) fn wake_reader_when_lost(&self, cx: &Context<'_>) {
        self.reader.set(Some(table::waiter(&self.core, cx)));
    }

    fn wake(&self, waiter: &Cell<Option<Waiter>>) {
        if let Some(waiter) = waiter.take() {
            self.core.wake(waiter);
        }
    }

    /// Sends nothing until [`resume_on`](Outbox::resume_on): what is written is kept. Everything was sent
    /// before ([`poll_empty`](Outbox::poll_empty)).
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn hold(&self) {
        self.is_held.set(true);
    }

    /// Goes on with another wire in the place of the one there was.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn resume_on(self: &Rc<Self>, wire: Rc<dyn Wire>) {
        drop(self.wire.replace(wire));
        self.is_held.set(false);
        if self.is_lost() {
            self.wire().close();
        } else if self.len() > 0 || self.has_eof.get() || self.is_closing() {
            self.start_sender();
        }
    }
}

/// A wire that takes nothing though it is ready would keep the sender busy for ever.
fn some_written(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        written => written,
    }
}

/// What Python's `drain` raises once the connection is over.
fn connection_lost() -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, "Connection lost")
}

#[cfg(test)]
mod tests;
