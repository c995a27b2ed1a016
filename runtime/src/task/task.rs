//! The handle that a task's value comes through. Mirrors `asyncio.Task` as something to await.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::cell::TaskCell;
use super::join::Join;
use super::table;
use super::task_ref::TaskRef;
use crate::exceptions::TaskError;

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
    join: Join,
    value: PhantomData<T>,
}

// A handle holds no `T` in place: moving it moves no value that might be pinned.
impl<T> Unpin for Task<T> {}

impl<T: 'static> Task<T> {
    pub(crate) fn new(cell: Rc<TaskCell>) -> Self {
        Self { join: Join::new(cell), value: PhantomData }
    }

    fn take_outcome(&self) -> Result<T, TaskError> {
        self.join.task.cell.take_outcome()
    }
}

impl<T: 'static, E: 'static> Task<Result<T, E>> {
    /// Whether the task is done and returned an error.
    pub(crate) fn has_returned_error(&self) -> bool {
        let is_error = |value: &Option<Result<T, E>>| matches!(value, Some(Err(_)));
        self.join.task.cell.with_value(is_error).unwrap_or(false)
    }
}

impl<T> Task<T> {
    /// Whether the task panicked.
    pub(crate) fn is_panicked(&self) -> bool {
        self.join.task.cell.is_panicked()
    }

    /// Wakes what is polled now when the task is done, and leaves it at that: a cancellation isn't passed
    /// to the task.
    pub(crate) fn wake_when_done(&self, cx: &Context<'_>) {
        table::wake_when_done(&self.join.task.cell, cx);
    }

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
        self.join.detach();
    }
}

impl<T> Deref for Task<T> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.join.task
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.join.task.fmt(f)
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.join.poll(cx));
        Poll::Ready(self.take_outcome())
    }
}
