//! Who wants to be called when: the loop's own timer queue.
//!
//! A ground room: `sleep` and `call_later` put entries in, a turn takes the due ones out. Arming a
//! timer of async-io costs about six system calls, so the driver arms one for the earliest deadline
//! and everything else waits here. Mirrors `BaseEventLoop._scheduled`.
//!
//! What must hold: entries come out by deadline, equal deadlines in the order they were put in
//! (`equal_deadlines_come_out_in_insertion_order`); a removed entry is gone at once, so that
//! a million dropped sleeps leave nothing behind (`a_removed_timer_leaves_nothing_behind`).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use super::callback::Callback;
use super::ready::Waiter;
use crate::trace::Trace;

/// What to do at a deadline.
pub(crate) enum Timer {
    Wake(Waiter),
    Call(Rc<Callback>),
}

/// An entry's place in the queue: by deadline, then in insertion order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    pub(crate) deadline: Instant,
    serial: u64,
}

#[derive(Default)]
pub(crate) struct Timers {
    queue: RefCell<BTreeMap<TimerKey, Timer>>,
    next_serial: Cell<u64>,
    trace: Trace,
}

impl Timers {
    pub(crate) fn new(trace: Trace) -> Self {
        Self { trace, ..Self::default() }
    }

    pub(crate) fn insert(&self, deadline: Instant, timer: Timer) -> TimerKey {
        let serial = self.next_serial.get();
        self.next_serial.set(serial + 1);
        let key = TimerKey { deadline, serial };
        self.trace.timer_set(serial, deadline);
        self.queue.borrow_mut().insert(key, timer);
        key
    }

    /// Takes an entry out before its time. It is dropped after the queue is free again: dropping it
    /// may run code that comes back here.
    pub(crate) fn remove(&self, key: TimerKey) -> Option<Timer> {
        self.trace.timer_ends(key.serial, "cancelled");
        self.queue.borrow_mut().remove(&key)
    }

    /// Makes the entry wake `waiter`. False: the entry has fired.
    pub(crate) fn set_waiter(&self, key: TimerKey, waiter: Waiter) -> bool {
        let mut queue = self.queue.borrow_mut();
        let Some(timer) = queue.get_mut(&key) else { return false };
        let unused = match timer {
            Timer::Wake(former) if former.is_same(&waiter) => Timer::Wake(waiter),
            former => std::mem::replace(former, Timer::Wake(waiter)),
        };
        drop(queue);
        drop(unused);
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.queue.borrow().first_key_value().map(|(key, _)| key.deadline)
    }

    /// Takes out the first entry whose deadline is not after `now`.
    pub(crate) fn pop_due(&self, now: Instant) -> Option<Timer> {
        let mut queue = self.queue.borrow_mut();
        let first = queue.first_entry().filter(|first| first.key().deadline <= now)?;
        self.trace.timer_ends(first.key().serial, "fired");
        Some(first.remove())
    }

    /// Empties the queue.
    pub(crate) fn take_all(&self) -> Vec<Timer> {
        std::mem::take(&mut *self.queue.borrow_mut()).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;
    use std::time::Duration;

    fn callback(serial: u64) -> Timer {
        Timer::Call(Callback::new(Box::new(|| {}), Location::caller(), serial))
    }

    fn serials_due(timers: &Timers, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| timers.pop_due(now))
            .map(|timer| match timer {
                Timer::Call(callback) => callback.serial(),
                Timer::Wake(_) => unreachable!("only callbacks were put in"),
            })
            .collect()
    }

    #[test]
    fn equal_deadlines_come_out_in_insertion_order() {
        let (timers, now) = (Timers::default(), Instant::now());
        for serial in 0..100 {
            timers.insert(now, callback(serial));
        }
        assert_eq!(serials_due(&timers, now), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn earlier_deadlines_come_first_and_later_ones_stay() {
        let (timers, now) = (Timers::default(), Instant::now());
        let second = Duration::from_secs(1);
        timers.insert(now + 3 * second, callback(3));
        timers.insert(now + second, callback(1));
        timers.insert(now + 2 * second, callback(2));
        assert_eq!(serials_due(&timers, now + 2 * second), [1, 2]);
        assert_eq!(timers.earliest(), Some(now + 3 * second));
    }

    #[test]
    fn a_removed_timer_leaves_nothing_behind() {
        let (timers, now) = (Timers::default(), Instant::now());
        for serial in 0..10_000 {
            let key = timers.insert(now, callback(serial));
            assert!(timers.remove(key).is_some());
        }
        assert!(timers.is_empty());
    }

    #[test]
    fn a_fired_timer_takes_no_waiter() {
        let (timers, now) = (Timers::default(), Instant::now());
        let waiter = || Waiter::Other(std::task::Waker::noop().clone());
        let key = timers.insert(now, Timer::Wake(waiter()));
        assert!(timers.set_waiter(key, waiter()));
        assert!(timers.pop_due(now).is_some());
        assert!(!timers.set_waiter(key, waiter()));
    }
}
