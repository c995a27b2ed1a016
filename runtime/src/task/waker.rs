//! A task's waker: safe to call on any thread, at any time, also after the loop is gone.
//!
//! On the loop's own thread a wake is a push to the ready queue and touches no atomic; from another
//! thread it is a letter to the inbox. Rust's `std::task::Wake` makes the waker of it, so there is
//! no vtable of raw pointers to write. Mirrors `Task.__wakeup`.
//!
//! What must hold: a wake is never lost and never doubled (see `ready` and `inbox`); a waker keeps
//! neither the task's future nor its output alive, so both are dropped on the loop's thread only.

use std::panic::Location;
use std::sync::Arc;
use std::task::Wake;

use crate::event_loop::inbox::{Inbox, Postmark};
use crate::event_loop::ready::{self, TaskKey};

/// What other threads send to a loop.
pub(crate) enum Letter {
    Wake(Arc<TaskWaker>),
    Call(Box<dyn FnOnce() + Send>, &'static Location<'static>),
}

pub(crate) struct TaskWaker {
    key: TaskKey,
    loop_id: u64,
    inbox: Arc<Inbox<Letter>>,
    postmark: Postmark,
}

impl TaskWaker {
    pub(crate) fn new(key: TaskKey, loop_id: u64, inbox: Arc<Inbox<Letter>>) -> Arc<Self> {
        Arc::new(Self { key, loop_id, inbox, postmark: Postmark::new() })
    }

    /// The loop opens this waker's letter: the task to wake.
    pub(crate) fn open(&self) -> TaskKey {
        self.postmark.clear();
        self.key
    }

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
        if !ready::wake_here(self.loop_id, self.key) {
            self.wake_from_elsewhere();
        }
    }
}
