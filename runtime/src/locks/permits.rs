//! A number of permits, each held by one at a time: under locks, semaphores and queues. Mirrors
//! `_value` and `_waiters` of `asyncio.Semaphore`.
//!
//! What must hold:
//! - While somebody waits, none is free: a permit that is given back goes to the first who waits, before
//!   that one runs (`a_permit_given_back_goes_to_the_first_waiter`).
//! - Who comes while a chosen one has not run yet goes on behind it, though permits may be free
//!   (`a_newcomer_does_not_overtake_one_that_was_chosen`).
//! - No permit is lost with a waiter that goes away (`no_permit_is_lost_or_doubled`).

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::waiters::{Wait, Waiters};

/// `E` is what waiters get when there will be no more permits; those of a lock always come.
pub(crate) struct Permits<E = Infallible> {
    free: Cell<usize>,
    waiters: Waiters<Result<(), E>>,
}

impl<E> Permits<E> {
    pub(crate) const fn new(free: usize) -> Self {
        Self { free: Cell::new(free), waiters: Waiters::new() }
    }

    pub(crate) fn free(&self) -> usize {
        self.free.get()
    }

    /// Whether [`acquire`](Permits::acquire) would have to wait.
    pub(crate) fn is_locked(&self) -> bool {
        self.free() == 0 || !self.waiters.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiters.waiting()
    }

    /// Takes a permit that nobody was promised.
    pub(crate) fn try_take(&self) -> bool {
        let free = self.free();
        self.free.set(free.saturating_sub(1));
        free > 0
    }

    /// Waits for a permit and takes it; who drops it midway takes none.
    pub(crate) fn acquire(&self) -> Acquire<'_, E> {
        Acquire { permits: self, wait: self.waiters.wait() }
    }

    /// One permit more, for the first who waits.
    pub(crate) fn give(&self) {
        if self.waiters.choose(Ok(())).is_err() {
            // A number that can't be counted is never used up.
            self.free.set(self.free().saturating_add(1));
        }
    }

    /// Takes all that are free.
    pub(crate) fn take_all(&self) {
        self.free.set(0);
    }
}

impl<E: Clone> Permits<E> {
    /// Tells all who wait that there will be no more.
    pub(crate) fn turn_away(&self, error: &E) {
        self.waiters.choose_all(&Err(error.clone()));
    }
}

/// The future of [`Permits::acquire`]; polled again once it was ready, it takes another permit.
pub(crate) struct Acquire<'a, E = Infallible> {
    permits: &'a Permits<E>,
    wait: Wait<'a, Result<(), E>>,
}

impl<E> Acquire<'_, E> {
    /// Whether it waits, or was chosen and not polled since.
    pub(crate) fn has_begun(&self) -> bool {
        self.wait.has_begun()
    }
}

impl<E> Future for Acquire<'_, E> {
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let permits = self.permits;
        if self.wait.has_begun() || !permits.try_take() {
            return Pin::new(&mut self.wait).poll(cx);
        }
        if permits.waiters.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.wait.begin_chosen(Ok(()), cx);
        Poll::Pending
    }
}

impl<E> Drop for Acquire<'_, E> {
    fn drop(&mut self) {
        if let Some(Ok(())) = self.wait.leave() {
            self.permits.give();
        }
    }
}
