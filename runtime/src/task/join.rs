//! Waiting for a task's end: what a `Task` and a `GroupTask` have in common.
//!
//! Knows nothing of the value. Mirrors what `await task` does in Python: the awaiter's cancellation is
//! passed to the task and waited for.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cancel;
use super::cancel_point::CancelPoint;
use super::cell::TaskCell;
use super::points::Kind;
use super::table;
use super::task_ref::TaskRef;
use crate::event_loop::core::warn;
use crate::exceptions::Cancelled;

pub(crate) struct Join {
    pub(crate) task: TaskRef,
    /// This await's point in the awaiting task; there once it was polled.
    point: Option<CancelPoint>,
    /// It was polled.
    awaited: Cell<bool>,
    /// The cancellation of the awaiting task, passed to this one.
    passed_on: Option<Box<Cancelled>>,
}

impl Join {
    pub(crate) fn new(cell: Rc<TaskCell>) -> Self {
        Self { task: TaskRef::new(cell), point: None, awaited: Cell::new(false), passed_on: None }
    }

    /// Dropping this lets the task go on.
    pub(crate) fn detach(&self) {
        self.awaited.set(false);
    }

    /// Ready when the task is done.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.point.as_ref().is_some_and(CancelPoint::has_raised) {
            return Poll::Pending;
        }
        if self.task.is_done() && self.point.is_none() {
            return Poll::Ready(());
        }
        if let Some(cancelled) = cancel::take_signal(&mut self.point, Kind::Forward, cx)
            && let Some(point) = &self.point
        {
            let cell = &self.task.cell;
            let is_passed_on = cell.cancel_for(point.request(), cancelled.shared_message());
            if !is_passed_on || !runs_here(cell) {
                // There is nothing to wait for: the task is done, and as in Python the cancellation wins
                // over its value; or nobody runs its loop.
                return self.raise(cancelled);
            }
            self.passed_on = Some(Box::new(cancelled));
        }
        if !self.task.is_done() {
            self.wait(cx);
            return Poll::Pending;
        }
        if self.task.is_cancelled()
            && let Some(cancelled) = self.passed_on.take()
        {
            return self.raise(*cancelled);
        }
        // The await is over: its place in the awaiting task is another await's.
        self.point = None;
        Poll::Ready(())
    }

    fn raise(&self, cancelled: Cancelled) -> Poll<()> {
        match &self.point {
            Some(point) => point.raise(cancelled),
            None => Poll::Pending,
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        let cell = &self.task.cell;
        let awaits_itself = self.point.as_ref().is_some_and(|point| point.is_of(cell));
        assert!(!awaits_itself, "a task cannot await itself: {cell} would wait forever");
        if !self.awaited.replace(true) {
            say_where_nobody_runs(cell);
        }
        table::wake_when_done(cell, cx);
    }
}

/// Whether the task's loop is the running one.
fn runs_here(cell: &TaskCell) -> bool {
    table::with_running(|tasks| Rc::ptr_eq(&tasks.core, cell.core())).unwrap_or(false)
}

/// In debug mode: a task of a loop that isn't running makes no step while it is awaited.
fn say_where_nobody_runs(cell: &TaskCell) {
    let is_debug = table::with_running(|tasks| tasks.core.debug.get()) == Some(true);
    if is_debug && !runs_here(cell) {
        warn(&format!(
            "{cell} is awaited in the run of another loop, where nobody runs it: await it in a run of its \
             own loop"
        ));
    }
}

impl Drop for Join {
    fn drop(&mut self) {
        let cell = &self.task.cell;
        if !self.task.is_done() {
            cell.forget_awaiter();
            if self.awaited.get() && !cell.core().releasing.get() {
                cell.cancel(None);
            }
        }
        cell.detach();
    }
}
