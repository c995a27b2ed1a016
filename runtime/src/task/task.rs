//! The handle that a task's value comes through. Mirrors `asyncio.Task` as something to await.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cancel;
use super::cancel_point::CancelPoint;
use super::cell::TaskCell;
use super::output::Output;
use super::points::Kind;
use super::table;
use super::task_ref::TaskRef;
use crate::exceptions::{Cancelled, TaskError};

/// A running task and, in the end, its value. Mirrors `asyncio.Task`.
///
/// Awaiting it gives the value, or a [`TaskError`]: an exception in Python, a value here. It does
/// everything a [`TaskRef`] does: `task.cancel()`, `task.name()`, ….
///
/// A handle that was never awaited lets its task go on when it is dropped. One that was being awaited
/// cancels its task, as the cancelled awaiter does in Python.
///
/// # Errors
///
/// [`TaskError::Cancelled`] if the task was cancelled and didn't catch it, [`TaskError::Panicked`] if
/// it panicked. A panic that nobody looks at is reported to the loop's exception handler, once.
///
/// # Panics
///
/// When polled again after it gave the value, and when a task awaits itself.
///
/// # Cancel safety
///
/// When the awaiting task is cancelled, the cancellation is passed to this task and waited for: if
/// this one ends as cancelled, the cancellation comes out of the await; if it caught it, its value
/// does.
///
/// ```
/// asyncio::run(async {
///     let greeting = asyncio::create_task(async { "hello" }).with_name("greet");
///     assert_eq!(greeting.name(), "greet");
///     assert_eq!(greeting.await.unwrap(), "hello");
/// });
/// ```
#[must_use = "a task goes on without its handle; say so with `.detach()`"]
pub struct Task<T> {
    handle: TaskRef,
    /// This await's point in the awaiting task; there once the handle was polled.
    point: Option<CancelPoint>,
    /// The handle was polled.
    awaited: Cell<bool>,
    /// The cancellation of the awaiting task, passed to this one.
    passed_on: Option<Cancelled>,
    value: PhantomData<T>,
}

// A handle holds no `T` in place: moving it moves no value that might be pinned.
impl<T> Unpin for Task<T> {}

impl<T: 'static> Task<T> {
    pub(crate) fn new(cell: Rc<TaskCell>) -> Self {
        let handle = TaskRef::new(cell);
        Self { handle, point: None, awaited: Cell::new(false), passed_on: None, value: PhantomData }
    }

    fn take_outcome(&self) -> Result<T, TaskError> {
        let output: &dyn Any = &self.handle.cell.output;
        output
            .downcast_ref::<Output<T>>()
            .expect("a task's output has the type of its handle's")
            .take()
            .expect("a task handle was polled again after it gave the value")
    }
}

impl<T> Task<T> {
    /// Names the task: `create_task(…).with_name("fetch")`. Mirrors `create_task(coro, name=…)`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert_eq!(asyncio::create_task(async {}).with_name("fetch").name(), "fetch");
    /// });
    /// ```
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.set_name(name);
        self
    }

    /// Drops the handle and lets the task go on, whether the handle was awaited or not. A panic in
    /// the task is reported.
    ///
    /// ```
    /// asyncio::run(async {
    ///     asyncio::create_task(async { println!("in the background") }).detach();
    ///     asyncio::yield_now().await;
    /// });
    /// ```
    pub fn detach(self) {
        self.awaited.set(false);
    }
}

impl<T> Deref for Task<T> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.handle
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.point.as_ref().is_some_and(CancelPoint::has_raised) {
            return Poll::Pending;
        }
        if this.is_done() && this.point.is_none() {
            return Poll::Ready(this.take_outcome());
        }
        if let Some(cancelled) = cancel::take_signal(&mut this.point, Kind::Forward, cx)
            && let Some(point) = &this.point
        {
            let cell = &this.handle.cell;
            let is_passed_on = cell.cancel_for(point.request(), cancelled.shared_message());
            if !is_passed_on || !runs_here(cell) {
                // There is nothing to wait for: the task is done, and as in Python the cancellation wins
                // over its value; or nobody runs its loop.
                return this.raise(cancelled);
            }
            this.passed_on = Some(cancelled);
        }
        if !this.is_done() {
            this.wait(cx);
            return Poll::Pending;
        }
        if this.is_cancelled()
            && let Some(cancelled) = this.passed_on.take()
        {
            return this.raise(cancelled);
        }
        // The await is over: its place in the awaiting task is another await's.
        this.point = None;
        Poll::Ready(this.take_outcome())
    }
}

impl<T> Task<T> {
    fn raise<R>(&self, cancelled: Cancelled) -> Poll<R> {
        match &self.point {
            Some(point) => point.raise(cancelled),
            None => Poll::Pending,
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        let cell = &self.handle.cell;
        let awaits_itself = self.point.as_ref().is_some_and(|point| point.is_of(cell));
        assert!(!awaits_itself, "a task cannot await itself: {cell} would wait forever");
        self.awaited.set(true);
        cell.set_awaiter(table::waiter(cell.core(), cx));
    }
}

/// Whether the task's loop is the running one.
fn runs_here(cell: &TaskCell) -> bool {
    table::with_running(|tasks| Rc::ptr_eq(&tasks.core, cell.core())).unwrap_or(false)
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        let cell = &self.handle.cell;
        if self.awaited.get() && !cell.core().releasing.get() {
            cell.cancel(None);
        }
        cell.detach();
    }
}
