//! Waiting: the only room that parks the thread.
//!
//! A loop is one future inside one `async_io::block_on` per run, so async-io's reactor is polled by
//! that `block_on`, on this thread, whenever the loop's future is pending. The driver decides how
//! long: until a wake, until the earliest deadline, or just for a look. Mirrors
//! `selector.select(timeout)`.
//!
//! ```text
//!             (1)              (2)                   (4)
//! turn over ──► something ready ──► next turn   ┌──► waiting ──► woken ──► next turn
//!      │                                        │       ▲
//!      └──────► nothing ready ──► armed ────────┘       │
//!                             (3)                a wake from any thread
//!
//! (1) after_turn    the ready queue is not empty
//! (2) grant         every IO_INTERVAL entries, block_on takes a look at the reactor first
//! (3) arm           one async-io timer for the earliest deadline, only if that came nearer
//! (4) park          the alarm for wakes on this thread, the inbox (if still empty) for those of others
//! ```
//!
//! What must hold: `block_on` leaves its wait only when its own waker is called. So a wake outside a
//! turn calls it, exactly once (`ReadyQueue::set_alarm`, `Inbox::park`), and a wake inside a turn
//! never does: each call costs five system calls.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;

use super::core::Core;
use super::sounding::Sounding;

/// How many queue entries run before I/O gets a look in. A look costs five system calls, about
/// 2 µs: at 256 that is under 10 ns an entry.
const IO_INTERVAL: usize = 256;

pub(crate) struct Driver {
    /// The one timer of async-io.
    timer: RefCell<Timer>,
    /// The deadline it is set to, until it has rung.
    armed_for: Cell<Option<Instant>>,
    entries_until_io: Cell<usize>,
    /// I/O was looked at before the only turn.
    has_looked: Cell<bool>,
    /// Before the virtual clock jumps, what I/O has ready goes first.
    sounding: Sounding,
}

/// What the loop is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Turn,
    /// Return `Pending`: `block_on` polls the reactor and comes back.
    BlockOn,
}

impl Driver {
    pub(crate) fn new() -> Self {
        Self {
            timer: RefCell::new(Timer::never()),
            armed_for: Cell::new(None),
            entries_until_io: Cell::new(IO_INTERVAL),
            has_looked: Cell::new(false),
            sounding: Sounding::default(),
        }
    }

    /// How many of `wanted` queue entries may run in a row, counting them as run. 0: I/O is due for a look
    /// before the next one.
    pub(crate) fn grant(&self, wanted: usize) -> usize {
        self.sounding.start_over();
        let left = self.entries_until_io.get();
        let granted = left.min(wanted);
        self.entries_until_io.set(left - granted);
        granted
    }

    /// Makes `block_on` poll the reactor without waiting.
    pub(crate) fn look(&self, cx: &Context<'_>) -> Next {
        self.entries_until_io.set(IO_INTERVAL);
        cx.waker().wake_by_ref();
        Next::BlockOn
    }

    /// The only turn of a run waits for nothing. So I/O is looked at before it; and under the virtual
    /// clock, time jumps before it if nothing is ready.
    pub(crate) fn before_only_turn(&self, core: &Core, cx: &mut Context<'_>) -> Poll<()> {
        if core.clock.is_virtual() {
            ready!(self.sounding.poll(cx));
            if let Some(deadline) = core.timers.earliest() {
                jump(core, deadline);
            }
        } else if !self.has_looked.replace(true) {
            self.look(cx);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Between two turns: go on, or wait until something happens.
    pub(crate) fn after_turn(&self, core: &Core, cx: &mut Context<'_>) -> Next {
        if !core.ready.is_empty() {
            return Next::Turn;
        }
        core.trace.turn_ends();
        if core.clock.is_virtual()
            && let Some(deadline) = core.timers.earliest()
        {
            return match self.sounding.poll(cx) {
                Poll::Ready(()) => {
                    jump(core, deadline);
                    Next::Turn
                }
                Poll::Pending => self.park(core, cx),
            };
        }
        match core.timers.not_before() {
            Some(deadline) if self.arm(deadline, cx).is_ready() => Next::Turn,
            _ => self.park(core, cx),
        }
    }

    fn park(&self, core: &Core, cx: &Context<'_>) -> Next {
        if !core.inbox.park(cx.waker()) {
            return Next::Turn;
        }
        core.ready.set_alarm(Some(cx.waker().clone()));
        self.entries_until_io.set(IO_INTERVAL);
        Next::BlockOn
    }

    /// Sets async-io's timer, unless it rings early enough already: then the loop finds nothing due,
    /// comes here again, and sets it to what is earliest by then. Ready: it has rung.
    fn arm(&self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = &mut *self.timer.borrow_mut();
        if self.armed_for.get().is_none_or(|armed_for| armed_for > deadline) {
            timer.set_at(deadline);
            self.armed_for.set(Some(deadline));
        }
        Pin::new(timer).poll(cx).map(|_| self.armed_for.set(None))
    }
}

/// `block_on` is back: whatever ended the wait, nobody needs to end it any more.
pub(crate) fn resume(core: &Core) {
    core.ready.set_alarm(None);
    core.inbox.unpark();
}

/// Moves the virtual clock to the next deadline, unless another thread has handed something in.
fn jump(core: &Core, deadline: Instant) {
    core.open_letters();
    if core.ready.is_empty() {
        core.clock.jump_to(deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_busy_loop_looks_at_io_every_so_many_entries() {
        let driver = Driver::new();
        let cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert_eq!(driver.grant(100), 100);
            assert_eq!(driver.grant(1000), IO_INTERVAL - 100);
            assert_eq!(driver.grant(1000), 0);
            assert_eq!(driver.look(&cx), Next::BlockOn);
        }
    }
}
