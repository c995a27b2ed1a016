//! An await's own point in its task; see `points`.
//!
//! Held by `catch_cancel`, `with_cleanup`, a task's handle, a `Future` and a scope. Python's interpreter
//! knows its awaits by itself.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::{Request, TaskCell};
use super::points::{Delivery, Kind};
use super::step::wake_points;
use super::table;
use crate::exceptions::Cancelled;

/// It leaves the task when it is dropped.
pub(crate) struct CancelPoint {
    cell: Rc<TaskCell>,
    index: usize,
    /// A cancellation came out: the code behind this await is not reached any more.
    raised: Cell<bool>,
}

impl CancelPoint {
    pub(crate) fn new(cell: &Rc<TaskCell>, kind: Kind, cx: &Context<'_>) -> Self {
        Self::made_in_poll(cell, kind, table::is_polled_with(cell, cx), cx)
    }

    /// The same where one knows whether `cx` is the task's own.
    pub(super) fn made_in_poll(
        cell: &Rc<TaskCell>,
        kind: Kind,
        is_own: bool,
        cx: &Context<'_>,
    ) -> Self {
        let waker = (!is_own).then(|| cx.waker().clone());
        let index = cell.with_points(|points| points.add(kind, waker));
        Self { cell: cell.clone(), index, raised: Cell::new(false) }
    }

    /// Whether this point belongs to `cell`. A future may be polled by one task first and by another
    /// one later.
    pub(crate) fn is_of(&self, cell: &Rc<TaskCell>) -> bool {
        Rc::ptr_eq(&self.cell, cell)
    }

    /// Whether a poll with `cx` is one of its own task and finds nothing here. Nearly every poll does.
    #[inline]
    pub(super) fn is_quiet(&self, cx: &Context<'_>) -> bool {
        !self.cell.points_are_to_look.get() && table::is_polled_with(&self.cell, cx)
    }

    /// The cancellation given to this point, if any. To be asked first thing in every later poll:
    /// asking also says that the task is suspended here, and what makes this poll happen.
    pub(crate) fn take_signal(&self, cx: &Context<'_>) -> Option<Cancelled> {
        // A foreign waker that was left earlier can stay: it may wake somebody needlessly.
        if self.is_quiet(cx) {
            return None;
        }
        let is_own = table::is_polled_with(&self.cell, cx);
        let waker = (!is_own).then(|| cx.waker().clone());
        let (signal, former) = self.cell.with_points(|points| points.visit(self.index, waker));
        // Only now: dropping a waker may run foreign code, and the points are in use above.
        drop(former);
        signal
    }

    /// Whether a cancellation came out of it.
    pub(crate) fn has_raised(&self) -> bool {
        self.raised.get()
    }

    /// The request that the task's last cancellation came from.
    pub(crate) fn request(&self) -> Request {
        self.cell.asked()
    }

    /// Polls what this point encloses: points made in there are inside of it.
    pub(crate) fn enclose<R>(&self, poll: impl FnOnce() -> R) -> R {
        let outer = self.cell.with_points(|points| points.set_innermost(Some(self.index)));
        let _restore = Restore { cell: &self.cell, outer };
        poll()
    }

    /// Cancels what this point encloses, by itself. `Err`: nothing in there can take it, so it is for
    /// this point.
    pub(crate) fn deliver_within(&self, request: Request, cancelled: &Cancelled) -> Result<(), ()> {
        self.cell.ask_within(request);
        let wakers = self.cell.with_points(|points| points.deliver_within(self.index, cancelled));
        wake_points(&self.cell, wakers?);
        Ok(())
    }

    /// What came of it, after the next poll of what this point encloses.
    pub(crate) fn settle_within(&self) -> Delivery {
        let is_polled_again = self.cell.core().ready.is_queued(self.cell.key());
        self.cell.with_points(|points| points.settle_within(self.index, is_polled_again))
    }

    /// How often the task, and the blocks around this point, were asked to stop.
    pub(crate) fn requests_around(&self) -> (u32, usize) {
        let around = self.cell.with_points(|points| points.asked_around(self.index));
        (self.cell.cancelling(), around)
    }

    /// Lets a cancellation come out of this point: the `catch_cancel` around it gets it, or the task
    /// ends. Always pending: the code behind this await is not reached.
    pub(crate) fn raise<T>(&self, cancelled: Cancelled) -> Poll<T> {
        self.raised.set(true);
        self.cell.with_points(|points| points.raise_from(self.index, cancelled));
        Poll::Pending
    }
}

impl Drop for CancelPoint {
    fn drop(&mut self) {
        let point = self.cell.with_points(|points| points.remove(self.index));
        drop(point);
    }
}

/// Ends an enclosed poll, also when it panics.
struct Restore<'a> {
    cell: &'a TaskCell,
    outer: Option<usize>,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        self.cell.with_points(|points| points.set_innermost(self.outer));
    }
}
