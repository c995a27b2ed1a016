//! Waiting: the only room that parks the thread.
//!
//! There are two places to wait. On Linux, the loop's own poller (`poller`): one system call, with its
//! sockets, its timer and a bell for other threads in it. Elsewhere, and under the virtual clock, async-io's
//! reactor: the loop is one future inside one `async_io::block_on` per run, which polls the reactor on this
//! thread whenever that future is pending. Mirrors `selector.select(timeout)`.
//!
//! ```text
//!             (1)              (2)            (3)
//! turn over ──► something ready ──► next turn ┌──► waiting in the poller ──────────► next turn
//!      │                                      │
//!      └──────► nothing ready ────────────────┤
//!                                             └──► armed ──► waiting in async-io ──► next turn
//!                                              (4)      (5)
//!
//! (1) after_turn    the ready queue is not empty
//! (2) grant         every IO_INTERVAL entries, a look at I/O first
//! (3) wait          the inbox (if still empty) has the poller's bell
//! (4) arm           one async-io timer for the earliest deadline, only if that came nearer
//! (5) park          the alarm for wakes on this thread, the inbox (if still empty) for those of others
//! ```
//!
//! Other crates have their sockets in async-io. While the loop waits in its poller, async-io's own thread waits
//! for those, and its wakes come as letters. That costs two switches of threads each, so after one the loop waits
//! in async-io for a while, with its poller nested in there: each of these waits costs five system calls more. At
//! the end of such a visit async-io's thread is woken to take over (`resume`): it sleeps while others wait in there.
//!
//! What must hold, lest a wake be lost:
//! - From (3) on, whoever posts a letter rings the bell; a ring before the wait has begun ends it all the same,
//!   since the system keeps it. Tasks of this thread are woken by the poller itself, when the wait is over.
//! - `block_on` leaves its wait only when its own waker is called. So from (5) on a wake calls it, exactly
//!   once (`ReadyQueue::set_alarm`, `Inbox::park`), an event in the nested poller too; and a wake inside a
//!   turn never does.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;

use super::core::Core;
use super::sounding::Sounding;

/// How many queue entries run before I/O gets a look in. A look costs a system call, in async-io five, about
/// 2 µs: at 256 that is under 10 ns an entry.
const IO_INTERVAL: usize = 256;

/// For how many waits the loop stays in async-io after the last time that something came from there.
const VISIT: u32 = 64;

pub(crate) struct Driver {
    /// The one timer of async-io.
    timer: RefCell<Timer>,
    /// The deadline it is set to, until it has rung.
    armed_for: Cell<Option<Instant>>,
    entries_until_io: Cell<usize>,
    /// I/O was looked at before the only turn.
    has_looked: Cell<bool>,
    /// How many more times to wait in async-io, for sockets that other crates have there.
    visits: Cell<u32>,
    /// The loop waits in async-io.
    is_away: Cell<bool>,
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
    pub(crate) fn new(core: &Core) -> Self {
        let sounding = Sounding::default();
        if core.clock.is_virtual() {
            // While there are descriptors for it.
            sounding.prepare();
            core.poller.nest();
        }
        Self {
            timer: RefCell::new(Timer::never()),
            armed_for: Cell::new(None),
            entries_until_io: Cell::new(IO_INTERVAL),
            has_looked: Cell::new(false),
            visits: Cell::new(0),
            is_away: Cell::new(false),
            sounding,
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

    /// Looks at I/O without waiting: at async-io's by making `block_on` do so, where the loop waits there.
    pub(crate) fn look(&self, core: &Core, cx: &Context<'_>) -> Next {
        self.entries_until_io.set(IO_INTERVAL);
        core.poller.look(core);
        if self.waits_here(core) {
            return Next::Turn;
        }
        cx.waker().wake_by_ref();
        Next::BlockOn
    }

    fn waits_here(&self, core: &Core) -> bool {
        self.visits.get() == 0 && !core.clock.is_virtual() && core.poller.bell().is_some()
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
            core.poller.look(core);
            cx.waker().wake_by_ref();
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
        if self.waits_here(core) {
            return self.wait(core);
        }
        core.poller.look(core);
        if !core.ready.is_empty() {
            return Next::Turn;
        }
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

    /// Waits in the loop's own poller.
    fn wait(&self, core: &Core) -> Next {
        self.entries_until_io.set(IO_INTERVAL);
        let Some(bell) = core.poller.bell() else { return Next::Turn };
        if core.inbox.park(bell) {
            let by_reactor = core.trace.wait(|| core.poller.wait(core, core.timers.not_before()));
            core.inbox.unpark();
            if by_reactor && core.poller.nest() {
                self.visits.set(VISIT);
            }
        }
        Next::Turn
    }

    /// Waits in async-io.
    fn park(&self, core: &Core, cx: &mut Context<'_>) -> Next {
        if core.poller.poll_nested(cx).is_ready() {
            core.poller.look(core);
            return Next::Turn;
        }
        if !core.inbox.park(cx.waker()) {
            return Next::Turn;
        }
        core.ready.set_alarm(Some(cx.waker().clone()));
        self.entries_until_io.set(IO_INTERVAL);
        self.is_away.set(true);
        Next::BlockOn
    }

    /// `block_on` is back: whatever ended the wait, nobody needs to end it any more.
    pub(crate) fn resume(&self, core: &Core, cx: &mut Context<'_>) {
        core.ready.set_alarm(None);
        core.inbox.unpark();
        if self.is_away.replace(false) {
            // What is ready by now was woken by async-io on this thread.
            let visits = self.visits.get().saturating_sub(1);
            self.visits.set(if core.ready.is_empty() { visits } else { VISIT });
            if self.waits_here(core) {
                // async-io's own thread sleeps up to 10 ms at a time while others wait in there. The end of a
                // `block_on` wakes it, so that it waits for the sockets of other crates from now on.
                async_io::block_on(std::future::ready(()));
            }
            if core.poller.poll_nested(cx).is_ready() {
                core.poller.look(core);
            }
        }
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

/// Moves the virtual clock to the next deadline, unless another thread has handed something in.
fn jump(core: &Core, deadline: Instant) {
    core.open_letters();
    if core.ready.is_empty() {
        core.clock.jump_to(deadline);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::super::settings::Settings;
    use super::*;

    #[test]
    fn a_busy_loop_looks_at_io_every_so_many_entries() {
        let core = Core::new(&Settings::default());
        let driver = Driver::new(&core);
        let cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert_eq!(driver.grant(100), 100);
            assert_eq!(driver.grant(1000), IO_INTERVAL - 100);
            assert_eq!(driver.grant(1000), 0);
            driver.look(&core, &cx);
        }
    }
}
