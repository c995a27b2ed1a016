//! A task's waker: safe to call on any thread, at any time, also after the loop is gone.
//!
//! On the loop's own thread a wake is a push to the ready queue and touches no atomic; from another
//! thread it is a letter to the inbox. Rust's `std::task::Wake` makes the waker of it, so there is
//! no vtable of raw pointers to write. Mirrors `Task.__wakeup`.
//!
//! A task has no waker of its own until somebody keeps one: a poll is lent one of the loop's, and if
//! no clone of it is left afterwards, the next poll gets it, of whatever task. That is one allocation less
//! for most tasks, and one place in the processor's cache for all of them.
//!
//! What must hold: a wake is never lost and never doubled (see `ready` and `inbox`); a waker that
//! somebody keeps wakes the task it was made for and no other one (`a_kept_waker_stays_its_tasks`); it keeps
//! neither the task's future nor its output alive, so both are dropped on the loop's thread only.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::task::{Wake, Waker};

use crate::event_loop::inbox::{Inbox, Postmark};
use crate::event_loop::ready::{self, KeyPlace, TaskKey};

/// What other threads send to a loop.
pub(crate) enum Letter {
    Wake(Arc<TaskWaker>),
    Call(Box<dyn FnOnce() + Send>, &'static Location<'static>),
}

pub(crate) struct TaskWaker {
    key: KeyPlace,
    loop_id: u64,
    inbox: Arc<Inbox<Letter>>,
    postmark: Postmark,
}

impl TaskWaker {
    pub(crate) fn new(key: TaskKey, loop_id: u64, inbox: Arc<Inbox<Letter>>) -> Arc<Self> {
        Arc::new(Self { key: KeyPlace::new(key), loop_id, inbox, postmark: Postmark::new() })
    }

    /// The loop opens this waker's letter: the task to wake.
    pub(crate) fn open(&self) -> TaskKey {
        self.postmark.clear();
        self.key.get()
    }

    // Out of line: a wake on the loop's thread would save registers for it.
    #[cold]
    fn wake_from_elsewhere(self: &Arc<Self>) {
        if self.postmark.stamp() {
            // A closed inbox has no task left to wake.
            drop(self.inbox.post(Letter::Wake(self.clone())));
        }
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !ready::wake_here(self.loop_id, self.key.get()) {
            self.wake_from_elsewhere();
        }
    }
}

/// A waker to lend to one poll after the other. In a box, since it changes hands at each of them.
pub(crate) struct PollWaker(Box<Lent>);

struct Lent {
    shared: Arc<TaskWaker>,
    waker: Waker,
}

impl PollWaker {
    pub(crate) fn new(key: TaskKey, loop_id: u64, inbox: Arc<Inbox<Letter>>) -> Self {
        let shared = TaskWaker::new(key, loop_id, inbox);
        Self(Box::new(Lent { waker: shared.clone().into(), shared }))
    }

    #[inline]
    pub(crate) fn waker(&self) -> &Waker {
        &self.0.waker
    }

    /// Whether somebody has a clone; a letter on the way has one, too.
    #[inline]
    pub(crate) fn is_kept(&self) -> bool {
        // Two are in here.
        if Arc::strong_count(&self.0.shared) > 2 {
            return true;
        }
        // What other threads did with their clones comes before what is done with this one from now on.
        fence(Ordering::Acquire);
        false
    }

    /// Makes it another task's. It must not be kept.
    #[inline]
    pub(crate) fn lend_to(&self, key: TaskKey) {
        self.0.shared.key.set(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(index: usize) -> TaskKey {
        let queue = ready::ReadyQueue::new(1, None, crate::trace::Trace::default());
        queue.admit(index)
    }

    #[test]
    fn a_kept_waker_stays_its_tasks() {
        let inbox = Arc::new(Inbox::new());
        let lent = PollWaker::new(key(0), 1, inbox.clone());
        assert!(!lent.is_kept());

        let kept = lent.waker().clone();
        assert!(lent.is_kept());
        // No loop runs here, so it goes by letter.
        kept.wake();
        assert!(lent.is_kept(), "its letter is on the way");

        for letter in inbox.collect() {
            let Letter::Wake(waker) = letter else { unreachable!("only a wake was posted") };
            assert_eq!(waker.open(), key(0));
        }
        assert!(!lent.is_kept());
        lent.lend_to(key(1));
        lent.waker().wake_by_ref();
        let letters = inbox.collect();
        assert!(matches!(&letters[..], [Letter::Wake(waker)] if waker.open() == key(1)));
    }
}
