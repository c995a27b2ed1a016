//! What is called when a task is done, and where among it the task's awaiter stands: as in Python, where an
//! awaiter is one more done callback.
//!
//! Below `cell`, which schedules them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::event_loop::callback::Callback;

type List = Vec<Rc<Callback>>;

#[derive(Default)]
pub(super) struct DoneCallbacks {
    list: RefCell<List>,
    /// So many were there when the awaiter came.
    before_awaiter: Cell<usize>,
}

impl DoneCallbacks {
    pub(super) fn add(&self, callback: Rc<Callback>) {
        self.list.borrow_mut().push(callback);
    }

    /// Takes the one with this serial number back. False: it is not here.
    pub(super) fn remove(&self, serial: u64) -> bool {
        let mut list = self.list.borrow_mut();
        let Some(position) = list.iter().position(|callback| callback.serial() == serial) else {
            return false;
        };
        let removed = list.remove(position);
        if position < self.before_awaiter.get() {
            self.before_awaiter.set(self.before_awaiter.get() - 1);
        }
        // Dropping it may run code that comes back here.
        drop(list);
        drop(removed);
        true
    }

    /// Somebody begins to wait for the task.
    pub(super) fn awaiter_comes(&self) {
        self.before_awaiter.set(self.list.borrow().len());
    }

    /// Those that were there before the awaiter, and those that came after it. `None`: there are none.
    pub(super) fn take(&self) -> Option<(List, List)> {
        if self.list.borrow().is_empty() {
            return None;
        }
        let mut before = self.list.take();
        let after = before.split_off(self.before_awaiter.get().min(before.len()));
        Some((before, after))
    }
}
