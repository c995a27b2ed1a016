//! What the children of one nursery share, and how their turns reach the task around them.
//!
//! Below `cell`, where a child's body names its family, and `nursery`, which polls the children. Python's
//! `gather` knows its children by their done callbacks.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};

use super::cell::TaskCell;
use super::table;

/// What the children of one nursery have in common: who polls them, and whose turn it is.
pub(crate) struct Family {
    pub(crate) parent: RefCell<Parent>,
    /// The children that were ready and whose turn has come, in that order.
    pub(crate) due: RefCell<VecDeque<usize>>,
    /// The number of the last entry of the ready queue that was one of the children's turns.
    pub(crate) turn: Cell<u64>,
}

/// Who polls the future that the children live in.
pub(crate) struct Parent {
    pub(crate) task: Rc<TaskCell>,
    /// What to wake for it, where that is not the task itself: something like `FuturesUnordered` stands
    /// between the two.
    pub(crate) waker: Option<Waker>,
    /// The family that the task itself is a child of.
    around: Option<Rc<Family>>,
}

impl Family {
    /// Whether nothing in the tasks around the children was woken since the turn of a child began.
    pub(crate) fn is_let_be(&self) -> bool {
        let parent = self.parent.borrow();
        let task = &parent.task;
        parent.waker.is_none()
            && !task.points_are_to_look.get()
            && !task.core().ready.is_queued(task.key())
            && parent.around.as_ref().is_none_or(|around| around.is_let_be())
    }
}

impl Parent {
    pub(crate) fn new(task: &Rc<TaskCell>, cx: &Context<'_>) -> Self {
        let is_own = table::is_polled_with(task, cx);
        let waker = (!is_own).then(|| cx.waker().clone());
        Self { task: task.clone(), waker, around: task.family() }
    }

    /// Whether a poll of `task` with `cx` comes the same way.
    pub(crate) fn is(&self, task: &Rc<TaskCell>, cx: &Context<'_>) -> bool {
        let comes_the_same_way = match &self.waker {
            Some(waker) => waker.will_wake(cx.waker()),
            None => table::is_polled_with(task, cx),
        };
        Rc::ptr_eq(&self.task, task) && comes_the_same_way
    }
}
