//! Waiting for the loop's own sockets in an epoll of its own, on Linux.
//!
//! async-io asks the system for one event at a time (oneshot) and wakes through wakers that any thread may
//! call. Here a socket is registered once, edge-triggered, and its events wake tasks by their keys, on the
//! loop's thread. Mirrors `selectors.EpollSelector`.
//!
//! Other threads end a wait by the bell, an *eventfd*; a deadline does by a *timerfd*. Edge-triggered, neither is
//! ever read: each ring and each alarm is an event of its own.
//!
//! What must hold: an event is either still in the epoll, or noted in its [`Source`]; nothing is both
//! forgotten here and not reported again there. So a source is not ready only if the system has said so
//! (`WouldBlock`, or a read that came short) after its last event was noted.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Instant;

use async_io::Async;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use slab::Slab;

use crate::event_loop::core::Core;
use crate::event_loop::ready::Waiter;

/// How many events are taken at a time; the others are still there the next time.
const BATCH: usize = 1024;

/// What the events of the bell and of the timer are marked with. Sources have the numbers from 0 on.
const BELL: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// A loop's epoll, made when it is needed first.
#[derive(Default)]
pub(crate) struct Poller(OnceCell<Opened>);

struct Opened {
    epoll: OwnedFd,
    sources: RefCell<Slab<Rc<Source>>>,
    /// Room for a batch.
    events: Cell<Vec<Event>>,
    timer: OwnedFd,
    /// The deadline that the timer is set to, until it has rung.
    armed_for: Cell<Option<Instant>>,
    bell: Arc<Bell>,
    /// `bell` as a waker.
    waker: Waker,
    /// The same epoll, for async-io to wait for; made when it is waited for there.
    nested: OnceCell<Async<OwnedFd>>,
}

/// What is known of a socket, and who waits for it.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) readable: Cell<bool>,
    pub(crate) writable: Cell<bool>,
    /// More may be there to read than one read gives: the peer's end, an error, urgent data.
    is_special: Cell<bool>,
    pub(crate) reader: Cell<Option<Waiter>>,
    pub(crate) writer: Cell<Option<Waiter>>,
}

/// Ends a wait, from any thread.
struct Bell {
    event: OwnedFd,
    /// Whoever rang was async-io's own thread.
    by_reactor: AtomicBool,
}

impl Poller {
    fn opened(&self) -> io::Result<&Opened> {
        if self.0.get().is_none() {
            drop(self.0.set(Opened::new()?));
        }
        Ok(self.0.get().expect("it was set"))
    }

    /// Watches a descriptor until [`remove`](Poller::remove).
    pub(crate) fn add(&self, fd: impl AsFd) -> io::Result<(usize, Rc<Source>)> {
        let opened = self.opened()?;
        let mut sources = opened.sources.borrow_mut();
        let entry = sources.vacant_entry();
        let (key, source) = (entry.key(), Rc::new(Source::default()));
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::PRI | EventFlags::RDHUP;
        epoll::add(&opened.epoll, fd, EventData::new_u64(key as u64), flags | EventFlags::ET)?;
        entry.insert(source.clone());
        Ok((key, source))
    }

    /// Forgets a descriptor. Also in the epoll: closing does that only if nobody else has a duplicate.
    pub(crate) fn remove(&self, fd: impl AsFd, key: usize) {
        if let Some(opened) = self.0.get() {
            // It was added, so this can't fail.
            let _ = epoll::delete(&opened.epoll, fd);
            drop(opened.sources.borrow_mut().remove(key));
        }
    }

    /// Notes what has happened, and wakes those who wait for it. Doesn't wait.
    pub(crate) fn look(&self, core: &Core) {
        if let Some(opened) = self.0.get() {
            opened.take_events(core, Some(&NOW));
        }
    }

    /// What ends a [`wait`](Poller::wait). `None`: the system has no descriptors left to wait with.
    pub(crate) fn bell(&self) -> Option<&Waker> {
        self.opened().ok().map(|opened| &opened.waker)
    }

    /// Waits until something happens, the bell is rung, or `deadline` has come. True: what rang was async-io.
    pub(crate) fn wait(&self, core: &Core, deadline: Option<Instant>) -> bool {
        let Some(opened) = self.0.get() else { return false };
        let timeout = opened.arm(deadline);
        opened.take_events(core, timeout);
        opened.bell.by_reactor.swap(false, Ordering::Relaxed)
    }

    /// Makes async-io wait for this poller too. False: the system has no descriptors left for that.
    pub(crate) fn nest(&self) -> bool {
        self.opened().and_then(Opened::nested).is_ok()
    }

    /// Ready when there are events: for a loop that waits in async-io.
    pub(crate) fn poll_nested(&self, cx: &mut Context<'_>) -> Poll<()> {
        let nested = self.0.get().and_then(|opened| opened.nested.get());
        // An error is a reason to look as well.
        nested.map_or(Poll::Pending, |nested| nested.poll_readable(cx).map(drop))
    }
}

impl Opened {
    fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // Edge-triggered, neither needs to be read.
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &event, EventData::new_u64(BELL), flags)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), flags)?;
        let bell = Arc::new(Bell { event, by_reactor: AtomicBool::new(false) });
        Ok(Self {
            epoll,
            sources: RefCell::default(),
            events: Cell::new(Vec::with_capacity(BATCH)),
            timer,
            armed_for: Cell::new(None),
            waker: bell.clone().into(),
            bell,
            nested: OnceCell::new(),
        })
    }

    fn nested(&self) -> io::Result<&Async<OwnedFd>> {
        if self.nested.get().is_none() {
            drop(self.nested.set(Async::new_nonblocking(self.epoll.try_clone()?)?));
        }
        Ok(self.nested.get().expect("it was set"))
    }

    /// Sets the timer, unless it rings early enough already. How long to wait: not at all where the deadline is
    /// over, or the timer can't be set.
    fn arm(&self, deadline: Option<Instant>) -> Option<&'static Timespec> {
        let deadline = deadline?;
        if self.armed_for.get().is_some_and(|armed_for| armed_for <= deadline) {
            return None;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Some(&NOW);
        }
        let value = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let once = Itimerspec { it_interval: NOW, it_value: value };
        if timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once).is_err() {
            return Some(&NOW);
        }
        self.armed_for.set(Some(deadline));
        None
    }

    fn take_events(&self, core: &Core, timeout: Option<&Timespec>) {
        let mut events = self.events.take();
        events.clear();
        // A signal may end the wait.
        if epoll::wait(&self.epoll, spare_capacity(&mut events), timeout).is_ok() {
            for event in &events {
                self.note(*event, core);
            }
        }
        self.events.set(events);
    }

    fn note(&self, event: Event, core: &Core) {
        match event.data.u64() {
            BELL => {}
            TIMER => self.armed_for.set(None),
            key => self.wake(usize::try_from(key).unwrap_or(usize::MAX), event.flags, core),
        }
    }

    fn wake(&self, key: usize, flags: EventFlags, core: &Core) {
        // Nothing is borrowed while others' wakers are called.
        let (reader, writer) = match self.sources.borrow().get(key) {
            Some(source) => source.note(flags),
            None => return,
        };
        reader.into_iter().chain(writer).for_each(|waiter| core.wake(waiter));
    }
}

impl Source {
    /// Who is to be woken.
    fn note(&self, flags: EventFlags) -> (Option<Waiter>, Option<Waiter>) {
        let both = EventFlags::HUP | EventFlags::ERR;
        let special = both | EventFlags::RDHUP | EventFlags::PRI;
        if flags.intersects(special) {
            self.is_special.set(true);
        }
        let reader = flags.intersects(EventFlags::IN | special).then(|| {
            self.readable.set(true);
            self.reader.take()
        });
        let writer = flags.intersects(EventFlags::OUT | both).then(|| {
            self.writable.set(true);
            self.writer.take()
        });
        (reader.flatten(), writer.flatten())
    }

    /// A read has given less than it was asked for: nothing is left, and the system will tell when that changes.
    pub(crate) fn came_short(&self) {
        // Two events may have been one: the last bytes, and the end behind them.
        if !self.is_special.get() {
            self.readable.set(false);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if thread::current().name() == Some("async-io") {
            self.by_reactor.store(true, Ordering::Relaxed);
        }
        // It fails after 2⁶⁴ rings.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }
}
