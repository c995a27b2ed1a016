//! What a loop is made of, without its tasks: queue, timers, clock, inbox, and the way errors take.
//!
//! Below the task room, so that tasks, futures and timers can reach their loop without knowing how
//! it is driven. Mirrors the state that `BaseEventLoop.__init__` sets up.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::callback::Callback;
use super::clock::ClockSource;
use super::executor::Executor;
use super::inbox::Inbox;
use super::poller::Poller;
use super::ready::{self, ReadyQueue, Waiter};
use super::settings::Settings;
use super::timers::{Timer, TimerKey, Timers};
use crate::exceptions::{ExceptionContext, Panicked};
#[cfg(unix)]
use crate::signals::Awaited;
use crate::signals::Takers;
use crate::task::waker::Letter;
use crate::trace::Trace;

type ExceptionHandler = Rc<dyn Fn(&ExceptionContext)>;

pub(crate) struct Core {
    pub(crate) id: u64,
    pub(crate) ready: Rc<ReadyQueue>,
    pub(crate) timers: Timers,
    pub(crate) clock: ClockSource,
    pub(crate) inbox: Arc<Inbox<Letter>>,
    pub(crate) poller: Poller,
    pub(crate) trace: Trace,
    pub(crate) stopping: Cell<bool>,
    /// How many turns there were.
    turn: Cell<u64>,
    pub(crate) debug: Cell<bool>,
    /// Debug mode is on, or there is a trace: one question for each poll instead of two.
    is_watched: Cell<bool>,
    pub(crate) slow_callback_duration: Cell<Duration>,
    /// A runner cancels what is left and drives it to its end.
    pub(crate) shutting_down: Cell<bool>,
    /// Task handles dropped now let their tasks go on; see `try_gather`.
    pub(crate) releasing: Cell<bool>,
    closed: Cell<bool>,
    next_callback: Cell<u64>,
    exception_handler: RefCell<Option<ExceptionHandler>>,
    pub(crate) executor: Executor,
    /// Who takes Ctrl-C in this loop.
    pub(crate) interrupt_takers: Rc<Takers>,
    #[cfg(unix)]
    pub(crate) awaited_signals: Awaited,
}

impl Core {
    #[track_caller]
    pub(crate) fn new(settings: &Settings) -> Rc<Self> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let clock = ClockSource::new(settings.clock);
        let now = clock.now();
        let trace = Trace::open(settings.trace.as_deref(), now);
        Rc::new(Self {
            id,
            ready: Rc::new(ReadyQueue::new(id, settings.seed, trace.clone())),
            timers: Timers::new(trace.clone(), now),
            clock,
            inbox: Arc::new(Inbox::new()),
            poller: Poller::default(),
            trace,
            stopping: Cell::new(false),
            turn: Cell::new(0),
            debug: Cell::new(settings.debug.unwrap_or(false)),
            is_watched: Cell::new(settings.debug.unwrap_or(false) || settings.trace.is_some()),
            // Python's `slow_callback_duration`.
            slow_callback_duration: Cell::new(Duration::from_millis(100)),
            shutting_down: Cell::new(false),
            releasing: Cell::new(false),
            closed: Cell::new(false),
            next_callback: Cell::new(0),
            exception_handler: RefCell::new(None),
            executor: Executor::default(),
            interrupt_takers: Rc::default(),
            #[cfg(unix)]
            awaited_signals: Awaited::default(),
        })
    }

    pub(crate) fn set_debug(&self, enabled: bool) {
        self.debug.set(enabled);
        self.is_watched.set(enabled || self.trace.is_on());
    }

    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.is_watched.get()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    #[track_caller]
    pub(crate) fn assert_open(&self) {
        assert!(
            !self.closed.get(),
            "Event loop is closed: make another one with `asyncio::new_event_loop()`"
        );
    }

    /// Numbers callbacks: those of the loop, of its tasks and of its futures.
    pub(crate) fn next_serial(&self) -> u64 {
        let serial = self.next_callback.get();
        self.next_callback.set(serial + 1);
        serial
    }

    /// A callback that nobody has scheduled yet.
    pub(crate) fn callback(
        &self,
        function: Box<dyn FnOnce()>,
        location: &'static Location<'static>,
    ) -> Rc<Callback> {
        Callback::new(function, location, self.next_serial())
    }

    /// Behind what other threads handed in before, so that all callbacks run first in, first out.
    ///
    /// Of a closed loop: drops the callback, since nobody would ever call it. A caller that is to be
    /// told so asks [`assert_open`](Core::assert_open) first.
    pub(crate) fn call_soon(
        &self,
        function: Box<dyn FnOnce()>,
        location: &'static Location<'static>,
    ) -> Rc<Callback> {
        self.open_letters();
        let callback = self.callback(function, location);
        self.schedule(callback.clone());
        callback
    }

    /// As [`call_soon`](Core::call_soon), for a callback that was made before.
    pub(crate) fn schedule(&self, callback: Rc<Callback>) {
        if self.is_closed() {
            self.contain(&"a callback's destructor", || drop(callback.take()));
        } else {
            self.ready.push_call(callback);
        }
    }

    pub(crate) fn call_at(
        &self,
        deadline: Option<Instant>,
        function: Box<dyn FnOnce()>,
        location: &'static Location<'static>,
    ) -> (Rc<Callback>, Option<TimerKey>) {
        let callback = self.callback(function, location);
        let key = deadline.map(|when| self.timers.insert(when, Timer::Call(callback.clone())));
        (callback, key)
    }

    /// Lets join the ready queue what other threads handed in and what is due, and makes a turn of all
    /// that is in it; returns how many entries.
    pub(crate) fn collect(&self) -> usize {
        self.turn.set(self.turn.get() + 1);
        ready::set_turn(self.turn.get());
        self.open_letters();
        self.fire_timers();
        self.ready.shuffle();
        self.ready.begin_turn();
        self.ready.left()
    }

    /// Moves what other threads handed in to the ready queue.
    #[inline]
    pub(crate) fn open_letters(&self) {
        if self.inbox.has_letters() {
            self.open_all_letters();
        }
    }

    #[cold]
    fn open_all_letters(&self) {
        for letter in self.inbox.collect() {
            match letter {
                Letter::Wake(waker) => self.trace.letter(|| self.ready.wake(waker.open())),
                Letter::Call(function, posted_at) => {
                    self.schedule(self.callback(function, posted_at));
                }
            }
        }
    }

    /// Moves the timers that are due behind what is ready already.
    pub(crate) fn fire_timers(&self) {
        if self.timers.is_empty() {
            return;
        }
        let now = self.clock.now();
        while let Some(timer) = self.timers.pop_due(now) {
            self.trace.timer_fires(|| match timer {
                Timer::Wake(waiter) => self.wake(waiter),
                Timer::Call(callback) => self.ready.push_call(callback),
            });
        }
    }

    /// Wakes a waiter.
    pub(crate) fn wake(&self, waiter: Waiter) {
        match waiter {
            Waiter::Task(key) => self.ready.wake(key),
            Waiter::Other(waker) => self.wake_foreign(waker),
        }
    }

    /// Calls a waker that may be somebody else's: a panic in it is reported.
    pub(crate) fn wake_foreign(&self, waker: Waker) {
        self.contain(&"a waker", || waker.wake());
    }

    /// Calls `function`; a panic in it is reported and goes no further.
    pub(crate) fn contain(&self, origin: &dyn fmt::Display, function: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(function)) {
            self.report_panic("unhandled panic", Panicked::new(origin.to_string(), payload));
        }
    }

    /// Reports a panic and lets go of it.
    pub(crate) fn report_panic(&self, message: &str, panicked: Panicked) {
        let context = ExceptionContext::of_panic(message, panicked);
        self.report(&context);
        discard(context);
    }

    /// Calls `function`; in debug mode, says so when that took long. Inlined, or the cost with debug
    /// mode off would be a call.
    #[inline]
    pub(crate) fn watch<R>(&self, what: &dyn fmt::Display, function: impl FnOnce() -> R) -> R {
        if !self.debug.get() {
            return function();
        }
        let started = Instant::now();
        let result = function();
        let took = started.elapsed();
        if took >= self.slow_callback_duration.get() {
            warn(&format!("Executing <{what}> took {:.3} seconds", took.as_secs_f64()));
        }
        result
    }

    pub(crate) fn set_exception_handler(&self, handler: Option<ExceptionHandler>) {
        let former = self.exception_handler.replace(handler);
        drop(former);
    }

    /// Tells the exception handler; if that panics, the default one, of both.
    pub(crate) fn report(&self, context: &ExceptionContext) {
        let handler = self.exception_handler.borrow().clone();
        let Some(handler) = handler else { return report_by_default(context) };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || handler(context))) {
            let panicked = Panicked::new("the exception handler".to_owned(), payload);
            let while_told = ExceptionContext::of_panic("while that was reported", panicked);
            report_by_default(context);
            report_by_default(&while_told);
            discard(while_told);
        }
    }

    /// Takes nothing from now on.
    pub(crate) fn refuse(&self) {
        self.closed.set(true);
    }

    /// Drops the callbacks that never ran, in creation order.
    pub(crate) fn drop_callbacks(&self) {
        let letters = self.inbox.close();
        let timers = self.timers.take_all();
        let mut callbacks = self.ready.take_calls();
        for timer in timers {
            match timer {
                Timer::Call(callback) => callbacks.push(callback),
                Timer::Wake(waiter) => self.contain(&"a waker's destructor", || drop(waiter)),
            }
        }
        callbacks.sort_by_key(|callback| callback.serial());
        for callback in callbacks {
            self.contain(&"a callback's destructor", || drop(callback.take()));
        }
        for letter in letters {
            self.contain(&"a callback's destructor", || drop(letter));
        }
        self.contain(&"the exception handler's destructor", || self.set_exception_handler(None));
    }
}

/// Drops what a panic left behind. Its destructor may panic again, and so might what that leaves
/// behind: that is never dropped.
fn discard(context: ExceptionContext) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(context))) {
        std::mem::forget(payload);
    }
}

/// What Python's default exception handler does.
pub(crate) fn report_by_default(context: &ExceptionContext) {
    warn(&context.to_string());
}

/// What Python's logger does by default: a line on standard error.
pub(crate) fn warn(message: &str) {
    // Not `eprintln!`: a closed standard error is no reason to panic in here.
    drop(writeln!(std::io::stderr(), "asyncio: {message}"));
}
