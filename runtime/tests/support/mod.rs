//! What several of the tests in here need: a log of what happened in which order, the reports of a
//! loop, and things that panic when they are dropped.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use asyncio::{Clock, EventLoop, Runner};

/// What happened, in order. A clone is another handle to the same log.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn push(&self, entry: impl fmt::Display) {
        self.0.borrow_mut().push(entry.to_string());
    }

    /// The entries so far, in one line; the log starts again.
    pub(crate) fn take(&self) -> String {
        self.0.take().join(", ")
    }

    /// Something that writes `entry` when it is dropped.
    pub(crate) fn on_drop(&self, entry: impl fmt::Display) -> OnDrop {
        let (log, entry) = (self.clone(), entry.to_string());
        OnDrop::new(move || log.push(entry))
    }
}

/// Calls its function when it is dropped.
pub(crate) struct OnDrop(Option<Box<dyn FnOnce()>>);

impl OnDrop {
    pub(crate) fn new(function: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(function)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.take().expect("a value is dropped once")();
    }
}

/// Panics with this message when it is dropped.
pub(crate) struct Bomb(pub(crate) &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

pub(crate) fn running_loop() -> EventLoop {
    asyncio::get_running_loop().expect("this is called in a run")
}

/// Makes the running loop's reports the entries of a log.
pub(crate) fn reports() -> Log {
    reports_of(&running_loop())
}

pub(crate) fn reports_of(event_loop: &EventLoop) -> Log {
    let log = Log::new();
    let writer = log.clone();
    event_loop.set_exception_handler(move |context| {
        let panic = context.panicked().map(|panicked| panicked.message().to_owned());
        writer.push(panic.unwrap_or_else(|| context.message().to_owned()));
    });
    log
}

pub(crate) fn virtual_runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build()
}

/// Lets `count` turns go by.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        asyncio::yield_now().await;
    }
}

/// Waits `count` seconds of the virtual clock.
pub(crate) async fn seconds(count: u64) {
    asyncio::sleep(Duration::from_secs(count)).await;
}

/// What `function` panicked with.
pub(crate) fn panic_of<R>(function: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(function)) else {
        panic!("it was to panic, and returned");
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("the message is text")).to_owned(),
    }
}

/// Polls `future` once, as part of the task that calls this.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}

/// Counts how often it is polled; never ready.
pub(crate) async fn counted_pending(polls: &Cell<u32>) {
    poll_fn::<(), _>(|_| {
        polls.set(polls.get() + 1);
        Poll::Pending
    })
    .await;
}
