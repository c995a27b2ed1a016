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
    /// The loop whose tasks are named by their keys.
    home: Option<Rc<ReadyQueue>>,
}

struct Slot<V> {
    /// `None`: it waits.
    chosen: Option<V>,
    /// Whom to wake, while it waits.
    sleeper: Sleeper,
    /// Its neighbours, while it waits.
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
        let line = Line { slots: Slab::new(), first: None, last: None, waiting: 0, home: None };
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
        let mut line = self.line.borrow_mut();
        let Some(index) = line.first else { return Err(value) };
        match line.choose(index, value) {
            // No code of others: it puts the task into a queue.
            Sleeper::Task(key) => line.wake_task(key),
            Sleeper::Other(waker) => {
                drop(line);
                wake_other(*waker);
            }
            Sleeper::Nobody => unreachable!("who waits is to be woken"),
        }
        Ok(())
    }

    /// Lets one wait behind all others; gives its slot.
    fn push(&self, cx: &Context<'_>) -> usize {
        let sleeper = self.sleeper(cx);
        self.line.borrow_mut().push(sleeper)
    }

    fn sleeper(&self, cx: &Context<'_>) -> Sleeper {
        let task = self.line.borrow_mut().task_of(cx);
        match task {
            Some(key) => Sleeper::Task(key),
            None => Sleeper::Other(Box::new(cx.waker().clone())),
        }
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
        self.slot = Some(self.waiters.line.borrow_mut().slots.insert(Slot {
            chosen: Some(value),
            sleeper: Sleeper::Nobody,
            before: None,
            behind: None,
        }));
        cx.waker().wake_by_ref();
    }

    /// Goes away: what it was chosen with, if it was.
    pub(crate) fn leave(&mut self) -> Option<V> {
        let slot = self.slot.take()?;
        // What it drops, it drops when the line is not borrowed any more.
        let slot = self.waiters.line.borrow_mut().remove(slot);
        slot.chosen
    }

    /// Makes sure that what polls now is what is woken.
    fn follow(&self, slot: usize, cx: &Context<'_>) {
        let sleeper = self.waiters.sleeper(cx);
        let mut line = self.waiters.line.borrow_mut();
        let former = std::mem::replace(&mut line.slots[slot].sleeper, sleeper);
        drop(line);
        drop(former);
    }
}

impl<V> Future for Wait<'_, V> {
    type Output = V;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<V> {
        let Some(slot) = self.slot else {
            self.slot = Some(self.waiters.push(cx));
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
        let index = self.slots.insert(Slot { chosen: None, sleeper, before, behind: None });
        self.set_behind(before, Some(index));
        self.last = Some(index);
        self.waiting += 1;
        index
    }

    /// The first one is chosen. Field by field: a slot that is moved in one piece stalls the processor.
    fn choose(&mut self, index: usize, value: V) -> Sleeper {
        let slot = &mut self.slots[index];
        slot.chosen = Some(value);
        let sleeper = std::mem::replace(&mut slot.sleeper, Sleeper::Nobody);
        let behind = slot.behind;
        self.unlink(None, behind);
        sleeper
    }

    fn answer(&mut self, index: usize, cx: &Context<'_>) -> Told<V> {
        let slot = &mut self.slots[index];
        if let Some(value) = slot.chosen.take() {
            self.slots.remove(index);
            return Told::Chosen(value);
        }
        if self.is_asleep_in(&self.slots[index].sleeper, cx) {
            Told::ToWait
        } else {
            Told::ToFollow
        }
    }

    fn remove(&mut self, index: usize) -> Slot<V> {
        let slot = self.slots.remove(index);
        if slot.chosen.is_none() {
            self.unlink(slot.before, slot.behind);
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
            Some(index) => self.slots[index].behind = behind,
            None => self.first = behind,
        }
    }

    fn set_before(&mut self, index: Option<usize>, before: Option<usize>) {
        match index {
            Some(index) => self.slots[index].before = before,
            None => self.last = before,
        }
    }

    /// The task that is polled with `cx`, if it is one of the line's home. Whoever comes first says which
    /// loop that is.
    fn task_of(&mut self, cx: &Context<'_>) -> Option<TaskKey> {
        table::with_running(|tasks| {
            let task = tasks.polled_with(cx)?;
            let queue = &tasks.core.ready;
            if !self.is_home(queue) {
                if !self.slots.is_empty() {
                    return None;
                }
                self.home = Some(queue.clone());
            }
            Some(task)
        })
        .flatten()
    }

    fn is_home(&self, queue: &Rc<ReadyQueue>) -> bool {
        self.home.as_ref().is_some_and(|home| Rc::ptr_eq(home, queue))
    }

    /// Whether `sleeper` wakes what is polled with `cx`.
    fn is_asleep_in(&self, sleeper: &Sleeper, cx: &Context<'_>) -> bool {
        match sleeper {
            Sleeper::Task(key) => table::with_running(|tasks| {
                tasks.polled_with(cx) == Some(*key) && self.is_home(&tasks.core.ready)
            })
            .unwrap_or(false),
            Sleeper::Other(waker) => waker.will_wake(cx.waker()),
            Sleeper::Nobody => false,
        }
    }

    fn wake_task(&self, key: TaskKey) {
        if let Some(home) = &self.home {
            home.wake(key);
        }
    }
}

/// Whom to wake. Naming a task costs no atomic operation, cloning its waker does. Two words, so that it is
/// passed in registers.
enum Sleeper {
    Nobody,
    /// A task of the line's home.
    Task(TaskKey),
    Other(Box<Waker>),
}

fn wake_other(waker: Waker) {
    match table::with_running(|tasks| tasks.core.clone()) {
        Some(core) => core.wake_foreign(waker),
        None => waker.wake(),
    }
}
