//! Who wants to be called when: the loop's own timer queue.
//!
//! A ground room: `sleep` and `call_later` put entries in, a turn takes the due ones out. Arming a
//! timer of async-io costs about six system calls, so the driver arms one for the earliest deadline
//! and everything else waits here. Mirrors `BaseEventLoop._scheduled`.
//!
//! A wheel and not a sorted map: to arm and drop one timer among a million takes 0.3 µs and not 1.6, and
//! among a hundred 0.09 µs and not 0.12.
//!
//! A timer lives in a slot; its deadline is in the `wheel`, with the slot's number. A timer that is
//! removed leaves its slot at once and its entry in the wheel later: when it is swept out, at the latest
//! when most entries are such.
//!
//! What must hold: entries come out by deadline, equal deadlines in the order they were put in
//! (`equal_deadlines_come_out_in_insertion_order`); a million dropped sleeps leave nothing behind
//! (`removed_timers_leave_next_to_nothing_behind`); a slot is used again only when the wheel has no entry
//! of its last timer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use slab::Slab;

use super::callback::Callback;
use super::ready::Waiter;
use super::wheel::{Entry, Place, Tick, Wheel};
use crate::trace::Trace;

/// What to do at a deadline.
pub(crate) enum Timer {
    Wake(Waiter),
    Call(Rc<Callback>),
}

/// A timer's place among those of its deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rank(u64);

/// Finds a timer again, and no other one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerKey {
    pub(crate) serial: u64,
    pub(crate) slot: u32,
    /// Where its deadline was put.
    pub(crate) place: Place,
}

pub(crate) struct Timers {
    queue: RefCell<Queue>,
    next_serial: Cell<u64>,
    trace: Trace,
}

struct Queue {
    /// The instant of tick [`EPOCH`].
    epoch: Instant,
    wheel: Wheel,
    /// Taken out of the wheel by the turn that is beginning, and not fired yet.
    due: VecDeque<Entry>,
    slots: Slab<Slot>,
    /// How many slots became free since memory was last given back.
    freed: usize,
    /// How many slots have no timer any more; their entries are still in the wheel, or in `due`.
    removed: usize,
    /// No timer is earlier. It may be too early, where the timer it was for has been removed.
    not_before: Tick,
}

struct Slot {
    /// Counts the loop's timers up.
    serial: u64,
    /// `None`: it was removed.
    timer: Option<Timer>,
}

/// So many removed timers may stay in the wheel, and as many as there are others.
const SWEPT: usize = 64;

/// Room for so many timers is kept.
const SMALL: usize = 1024;

/// In the middle of all seconds: a deadline may be earlier than the loop.
const EPOCH: u64 = 1 << 63;

impl Timers {
    /// `now`: any instant.
    pub(crate) fn new(trace: Trace, now: Instant) -> Self {
        let start = Tick::new(EPOCH, 0);
        let queue = Queue {
            epoch: now,
            wheel: Wheel::new(start),
            due: VecDeque::new(),
            slots: Slab::new(),
            freed: 0,
            removed: 0,
            not_before: Tick::NEVER,
        };
        Self { queue: RefCell::new(queue), next_serial: Cell::new(0), trace }
    }

    pub(crate) fn insert(&self, deadline: Instant, timer: Timer) -> TimerKey {
        let rank = self.rank();
        self.insert_at(rank, deadline, timer)
    }

    /// The rank of a timer that is put in now, for one that is put in a little later.
    pub(crate) fn rank(&self) -> Rank {
        let serial = self.next_serial.get();
        self.next_serial.set(serial + 1);
        Rank(serial)
    }

    /// Puts a timer in as if that had been done when its rank was given.
    pub(crate) fn insert_at(&self, rank: Rank, deadline: Instant, timer: Timer) -> TimerKey {
        let is_last = self.next_serial.get() == rank.0 + 1;
        let key = self.queue.borrow_mut().insert(rank, is_last, deadline, timer);
        self.trace.timer_set(key.serial, deadline);
        key
    }

    /// Takes an entry out before its time. It is dropped after the queue is free again: dropping it
    /// may run code that comes back here.
    pub(crate) fn remove(&self, key: TimerKey) -> Option<Timer> {
        let timer = self.queue.borrow_mut().remove(key)?;
        self.trace.timer_ends(key.serial, "cancelled");
        Some(timer)
    }

    /// Makes the entry wake `waiter`. False: the entry has fired.
    pub(crate) fn set_waiter(&self, key: TimerKey, waiter: impl FnOnce() -> Waiter) -> bool {
        if self.queue.borrow().timer(key).is_none() {
            return false;
        }
        let waiter = waiter();
        let mut queue = self.queue.borrow_mut();
        let Some(timer) = queue.timer_mut(key) else { return false };
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

    /// The earliest deadline.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.queue.borrow_mut().earliest()
    }

    /// No deadline is earlier than this, and nearly always this is one: who looks at its time and finds
    /// nothing due asks again. Costs nothing, where finding the earliest deadline after every removal would
    /// be a search. `None`: there is no timer.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        let queue = self.queue.borrow();
        (!queue.is_empty()).then(|| queue.instant(queue.not_before))
    }

    /// Takes out the first entry whose deadline is not after `now`, which never goes back.
    pub(crate) fn pop_due(&self, now: Instant) -> Option<Timer> {
        let (serial, timer) = self.queue.borrow_mut().pop_due(now)?;
        self.trace.timer_ends(serial, "fired");
        Some(timer)
    }

    /// Empties the queue; gives what was in it in the order it was put in.
    pub(crate) fn take_all(&self) -> Vec<Timer> {
        let mut queue = self.queue.borrow_mut();
        let mut slots: Vec<Slot> =
            std::mem::take(&mut queue.slots).into_iter().map(|(_, slot)| slot).collect();
        queue.wheel = Wheel::new(queue.wheel.passed());
        queue.due.clear();
        (queue.removed, queue.not_before) = (0, Tick::NEVER);
        slots.sort_unstable_by_key(|slot| slot.serial);
        slots.into_iter().filter_map(|slot| slot.timer).collect()
    }
}

impl Queue {
    fn insert(
        &mut self,
        Rank(serial): Rank,
        is_last: bool,
        deadline: Instant,
        timer: Timer,
    ) -> TimerKey {
        let slot = self.slots.insert(Slot { serial, timer: Some(timer) });
        let slot = u32::try_from(slot).expect("fewer than 2³² timers fit into memory");
        let tick = self.tick(deadline);
        self.not_before = self.not_before.min(tick);
        let place = if is_last {
            self.wheel.push(tick, slot)
        } else {
            let slots = &self.slots;
            self.wheel.push_before(tick, slot, |other| slots[other as usize].serial > serial)
        };
        TimerKey { serial, slot, place }
    }

    fn timer(&self, key: TimerKey) -> Option<&Timer> {
        let slot = self.slots.get(key.slot as usize).filter(|slot| slot.serial == key.serial)?;
        slot.timer.as_ref()
    }

    fn timer_mut(&mut self, key: TimerKey) -> Option<&mut Timer> {
        let slot =
            self.slots.get_mut(key.slot as usize).filter(|slot| slot.serial == key.serial)?;
        slot.timer.as_mut()
    }

    fn remove(&mut self, key: TimerKey) -> Option<Timer> {
        let index = key.slot as usize;
        let slot = self.slots.get_mut(index).filter(|slot| slot.serial == key.serial)?;
        let timer = slot.timer.take()?;
        if self.wheel.pop_last(key.place, key.slot) {
            self.slots.remove(index);
            self.freed += 1;
        } else {
            self.removed += 1;
        }
        let is_large = self.slots.capacity() > SMALL;
        if self.removed > self.slots.len() / 2 + SWEPT || self.is_empty() && is_large {
            self.sweep();
        }
        if self.is_empty() {
            self.not_before = Tick::NEVER;
        }
        Some(timer)
    }

    /// Lets go of what removed timers have left.
    #[cold]
    fn sweep(&mut self) {
        let Self { wheel, slots, removed, .. } = self;
        self.freed += *removed;
        wheel.retain(|slot| keep(slots, removed, slot));
        self.shrink();
    }

    /// Gives memory back that was for more timers. That looks at every slot, so each time a quarter of
    /// them must have become free.
    fn shrink(&mut self) {
        let quarter = self.slots.capacity() / 4;
        let is_due = self.freed > quarter || self.slots.is_empty();
        if is_due && self.slots.len() < quarter && self.slots.capacity() > SMALL {
            self.slots.shrink_to_fit();
            self.freed = 0;
        }
        // A sweep may come while timers fire.
        if self.due.is_empty() && self.due.capacity() > SMALL {
            self.due = VecDeque::new();
        }
    }

    fn is_empty(&self) -> bool {
        self.slots.len() == self.removed
    }

    fn earliest(&mut self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        let Self { wheel, slots, removed, .. } = self;
        self.not_before = wheel.earliest_of(|slot| keep(slots, removed, slot));
        Some(self.instant(self.not_before))
    }

    fn pop_due(&mut self, now: Instant) -> Option<(u64, Timer)> {
        loop {
            // Firing one may bring another one that is due.
            if self.due.is_empty() || self.not_before <= self.wheel.passed() {
                let now = self.tick(now);
                if self.not_before > now {
                    self.shrink();
                    return None;
                }
                self.collect(now);
            }
            let entry = self.due.pop_front()?;
            let slot = self.slots.remove(entry.owner() as usize);
            self.freed += 1;
            if let Some(timer) = slot.timer {
                return Some((slot.serial, timer));
            }
            self.removed -= 1;
        }
    }

    fn collect(&mut self, now: Tick) {
        let is_first = self.due.is_empty();
        self.wheel.advance(now, &mut self.due);
        if !is_first {
            self.due.make_contiguous().sort_by_key(|entry| entry.tick());
        }
        self.not_before = self.wheel.earliest();
    }

    fn tick(&self, instant: Instant) -> Tick {
        if let Some(since) = instant.checked_duration_since(self.epoch) {
            return Tick::new(EPOCH.saturating_add(since.as_secs()), since.subsec_nanos());
        }
        let before = self.epoch.duration_since(instant);
        match before.subsec_nanos() {
            0 => Tick::new(EPOCH - before.as_secs(), 0),
            nanos => Tick::new(EPOCH - before.as_secs() - 1, 1_000_000_000 - nanos),
        }
    }

    fn instant(&self, tick: Tick) -> Instant {
        let (seconds, nanos) = tick.parts();
        let nanos = Duration::from_nanos(nanos.into());
        let instant = match seconds.checked_sub(EPOCH) {
            Some(since) => self.epoch.checked_add(Duration::from_secs(since).saturating_add(nanos)),
            None => {
                self.epoch.checked_sub(Duration::from_secs(EPOCH - seconds).saturating_sub(nanos))
            }
        };
        instant.expect("a tick was an instant once")
    }
}

/// Whether a slot has a timer. If not, nothing is to keep it either.
fn keep(slots: &mut Slab<Slot>, removed: &mut usize, slot: u32) -> bool {
    let is_kept = slots[slot as usize].timer.is_some();
    if !is_kept {
        slots.remove(slot as usize);
        *removed -= 1;
    }
    is_kept
}

#[cfg(test)]
mod tests;
