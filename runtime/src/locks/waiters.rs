//! Who waits for something, first in, first out: the one room under all locks and queues. Mirrors the
//! `_waiters` of each class in `asyncio.locks`.
//!
//! ```text
//!        (1)            (2)            (3)
//! comes ─────► waiting ─────► chosen ─────► goes on with what it was chosen for
//!                 │              │
//!                 └──────(4)─────┴────────► went away; what it was chosen for is the caller's again
//!
//! (1) Wait::poll       the first one: at the end of the line
//! (2) Waiters::choose  takes the first waiter out of the line and wakes it
//! (3) Wait::poll       the waiter runs, and leaves
//! (4) Wait::leave      called when the future is dropped, too
//! ```
//!
//! A waiter that was chosen keeps its place until it runs, so that who comes meanwhile can see that it
//! would overtake ([`is_empty`](Waiters::is_empty)).
//!
//! What must hold: no foreign code runs while the line is borrowed, so wakers are called and dropped
//! only after; joining and leaving cost the same however long the line is.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use slab::Slab;

use crate::event_loop::ready::{ReadyQueue, TaskKey};
use crate::task::table;

/// `V` is what a waiter is chosen with.
pub(crate) struct Waiters<V = ()> {
    line: RefCell<Line<V>>,
}

/// One who waits: ready with what it is chosen with. Dropping it leaves; whoever is to pass on what a
/// waiter was chosen with calls [`leave`](Wait::leave) first.
pub(crate) struct Wait<'a, V = ()> {
    waiters: &'a Waiters<V>,
    /// Its slot, from the first poll on.
    slot: Option<usize>,
}

struct Line<V> {
    slots: Slab<Slot<V>>,
    /// The two ends of those who wait.
    first: Option<usize>,
    last: Option<usize>,
    waiting: usize,
}

enum Slot<V> {
    Waiting(Waiting),
    Chosen(V),
}

struct Waiting {
    sleeper: Sleeper,
    before: Option<usize>,
    behind: Option<usize>,
}

impl<V> Default for Waiters<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Waiters<V> {
    pub(crate) const fn new() -> Self {
        let line = Line { slots: Slab::new(), first: None, last: None, waiting: 0 };
        Self { line: RefCell::new(line) }
    }

    /// Whether nobody waits, and nobody was chosen who has not run since.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.borrow().slots.is_empty()
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.line.borrow().waiting
    }

    /// Waits behind all others, from the first poll on.
    pub(crate) fn wait(&self) -> Wait<'_, V> {
        Wait { waiters: self, slot: None }
    }

    /// Chooses the first one that waits. `Err`: nobody waits.
    pub(crate) fn choose(&self, value: V) -> Result<(), V> {
        let sleeper = self.line.borrow_mut().choose(value)?;
        sleeper.wake();
        Ok(())
    }
}

impl<V: Clone> Waiters<V> {
    /// Chooses all that wait now.
    pub(crate) fn choose_all(&self, value: &V) {
        // Not until nobody is left: a waker may be anything, and bring new ones.
        for _ in 0..self.waiting() {
            let _ = self.choose(value.clone());
        }
    }
}

impl<V> Wait<'_, V> {
    /// Whether it was polled and not answered yet.
    pub(crate) fn has_begun(&self) -> bool {
        self.slot.is_some()
    }

    /// Begins as one that is chosen already, and goes on behind those that were chosen before.
    pub(crate) fn begin_chosen(&mut self, value: V, cx: &Context<'_>) {
        self.slot = Some(self.waiters.line.borrow_mut().slots.insert(Slot::Chosen(value)));
        cx.waker().wake_by_ref();
    }

    /// Goes away: what it was chosen with, if it was.
    pub(crate) fn leave(&mut self) -> Option<V> {
        let slot = self.slot.take()?;
        let slot = self.waiters.line.borrow_mut().remove(slot);
        match slot {
            Slot::Chosen(value) => Some(value),
            Slot::Waiting(_) => None,
        }
    }

    /// Makes sure that what polls now is what is woken.
    fn follow(&self, slot: usize, cx: &Context<'_>) {
        let sleeper = Sleeper::of(cx);
        let mut line = self.waiters.line.borrow_mut();
        let former = std::mem::replace(&mut line.waiting_at(slot).sleeper, sleeper);
        drop(line);
        drop(former);
    }
}

impl<V> Future for Wait<'_, V> {
    type Output = V;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<V> {
        let Some(slot) = self.slot else {
            let sleeper = Sleeper::of(cx);
            self.slot = Some(self.waiters.line.borrow_mut().push(sleeper));
            return Poll::Pending;
        };
        let told = self.waiters.line.borrow_mut().answer(slot, cx);
        match told {
            Told::Chosen(value) => {
                self.slot = None;
                return Poll::Ready(value);
            }
            Told::ToWait => {}
            Told::ToFollow => self.follow(slot, cx),
        }
        Poll::Pending
    }
}

impl<V> Drop for Wait<'_, V> {
    fn drop(&mut self) {
        drop(self.leave());
    }
}

enum Told<V> {
    Chosen(V),
    ToWait,
    /// Another one polls than the one that would be woken.
    ToFollow,
}

impl<V> Line<V> {
    fn push(&mut self, sleeper: Sleeper) -> usize {
        let before = self.last;
        let index = self.slots.insert(Slot::Waiting(Waiting { sleeper, before, behind: None }));
        self.set_behind(before, Some(index));
        self.last = Some(index);
        self.waiting += 1;
        index
    }

    fn choose(&mut self, value: V) -> Result<Sleeper, V> {
        let Some(index) = self.first else { return Err(value) };
        match std::mem::replace(&mut self.slots[index], Slot::Chosen(value)) {
            Slot::Waiting(waiting) => {
                self.unlink(None, waiting.behind);
                Ok(waiting.sleeper)
            }
            Slot::Chosen(_) => unreachable!("the line holds those who wait"),
        }
    }

    fn answer(&mut self, index: usize, cx: &Context<'_>) -> Told<V> {
        match &self.slots[index] {
            Slot::Waiting(waiting) if waiting.sleeper.is_of(cx) => Told::ToWait,
            Slot::Waiting(_) => Told::ToFollow,
            Slot::Chosen(_) => match self.slots.remove(index) {
                Slot::Chosen(value) => Told::Chosen(value),
                Slot::Waiting(_) => unreachable!("it was seen to be chosen"),
            },
        }
    }

    fn remove(&mut self, index: usize) -> Slot<V> {
        let slot = self.slots.remove(index);
        if let Slot::Waiting(waiting) = &slot {
            self.unlink(waiting.before, waiting.behind);
        }
        slot
    }

    fn unlink(&mut self, before: Option<usize>, behind: Option<usize>) {
        self.set_behind(before, behind);
        self.set_before(behind, before);
        self.waiting -= 1;
    }

    fn set_behind(&mut self, index: Option<usize>, behind: Option<usize>) {
        match index {
            Some(index) => self.waiting_at(index).behind = behind,
            None => self.first = behind,
        }
    }

    fn set_before(&mut self, index: Option<usize>, before: Option<usize>) {
        match index {
            Some(index) => self.waiting_at(index).before = before,
            None => self.last = before,
        }
    }

    fn waiting_at(&mut self, index: usize) -> &mut Waiting {
        match &mut self.slots[index] {
            Slot::Waiting(waiting) => waiting,
            Slot::Chosen(_) => unreachable!("the line holds those who wait"),
        }
    }
}

/// Whom to wake. Naming a task costs no atomic operation, cloning its waker does.
enum Sleeper {
    Task(Rc<ReadyQueue>, TaskKey),
    Other(Waker),
}

impl Sleeper {
    fn of(cx: &Context<'_>) -> Self {
        table::with_current(|task| {
            let is_its_own = task.waker().will_wake(cx.waker());
            is_its_own.then(|| Self::Task(task.core().ready.clone(), task.key()))
        })
        .flatten()
        .unwrap_or_else(|| Self::Other(cx.waker().clone()))
    }

    /// Whether it wakes what is polled with `cx`.
    fn is_of(&self, cx: &Context<'_>) -> bool {
        match self {
            Self::Other(waker) => waker.will_wake(cx.waker()),
            Self::Task(queue, key) => table::with_current(|task| {
                task.key() == *key
                    && Rc::ptr_eq(&task.core().ready, queue)
                    && task.waker().will_wake(cx.waker())
            })
            .unwrap_or(false),
        }
    }

    fn wake(self) {
        match self {
            Self::Task(queue, key) => queue.wake(key),
            Self::Other(waker) => match table::with_running(|tasks| tasks.core.clone()) {
                Some(core) => core.wake_foreign(waker),
                None => waker.wake(),
            },
        }
    }
}
