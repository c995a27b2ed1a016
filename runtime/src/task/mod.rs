//! Tasks: futures that the loop drives. Mirrors `asyncio.tasks`.
//!
//! This page has what a user touches; the rooms behind it are `cell` (what is known of a task),
//! `table` (all of them), `step` (polling one), `waker`, `points` and `cancel` (cancellation), `scope`
//! (children).

pub(crate) mod cancel;
pub(crate) mod cell;
pub(crate) mod output;
pub(crate) mod points;
pub(crate) mod scope;
pub(crate) mod sleep;
pub(crate) mod step;
pub(crate) mod table;
pub(crate) mod waker;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use cell::TaskCell;
use output::Output;
use points::{CancelPoint, Kind};

use crate::exceptions::{Cancelled, TaskError};

/// Makes a task of `future`: it runs beside the code that made it, from the next turn on.
/// Mirrors `asyncio.create_task(coro)`.
///
/// Tasks start first in, first out. The loop owns them: a task whose handle is dropped goes on.
/// It is named `Task-1`, `Task-2`, …, until [`with_name`](Task::with_name) gives another name.
///
/// # Panics
///
/// Outside a running event loop; there, [`EventLoop::create_task`](crate::EventLoop::create_task).
///
/// ```
/// asyncio::run(async {
///     let task = asyncio::create_task(async { 6 * 7 });
///     assert_eq!(task.await.unwrap(), 42);
/// });
/// ```
#[track_caller]
pub fn create_task<F>(future: F) -> Task<F::Output>
where
    F: Future<Output: 'static> + 'static,
{
    let spawned_at = Location::caller();
    let cell = table::with_running(|tasks| tasks.spawn(future, spawned_at));
    let Some(cell) = cell else { table::outside_a_loop("create_task") };
    Task::new(cell)
}

/// The task that runs now; `None` in a callback and outside a loop. Mirrors
/// `asyncio.current_task()`.
///
/// ```
/// asyncio::run(async {
///     assert_eq!(asyncio::current_task().unwrap().name(), "Task-1");
/// });
/// assert!(asyncio::current_task().is_none());
/// ```
pub fn current_task() -> Option<TaskRef> {
    table::current().map(TaskRef::new)
}

/// The running loop's tasks that are not done, in creation order, the children of `gather!` among
/// them. Mirrors `asyncio.all_tasks()`.
///
/// # Panics
///
/// Outside a running event loop.
///
/// ```
/// asyncio::run(async {
///     asyncio::create_task(std::future::pending::<()>()).detach();
///     let names: Vec<_> = asyncio::all_tasks().iter().map(|task| task.name()).collect();
///     assert_eq!(names, ["Task-1", "Task-2"]);
/// });
/// ```
#[track_caller]
pub fn all_tasks() -> Vec<TaskRef> {
    let Some(tasks) = table::running() else { table::outside_a_loop("all_tasks") };
    tasks.all().into_iter().map(TaskRef::new).collect()
}

/// Tells tasks apart; no two tasks of a loop have the same one. Shown as the number in `Task-3`.
///
/// ```
/// asyncio::run(async {
///     let task = asyncio::create_task(async {});
///     assert_eq!(format!("Task-{}", task.id()), task.name());
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a callback added with [`TaskRef::add_done_callback`], to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoneCallback(Option<u64>);

impl DoneCallback {
    pub(crate) fn new(id: u64) -> Self {
        Self(Some(id))
    }

    /// Of a callback that is on its way: nothing is left to take back.
    pub(crate) fn spent() -> Self {
        Self(None)
    }

    pub(crate) fn id(self) -> Option<u64> {
        self.0
    }
}

/// A task, without its value: what [`current_task`] and [`all_tasks`] give. Mirrors what all
/// `asyncio.Task` objects have in common.
///
/// A [`Task`] can do all of this too.
///
/// ```
/// asyncio::run(async {
///     let main = asyncio::current_task().unwrap();
///     main.set_name("the main one");
///     assert_eq!(main.name(), "the main one");
/// });
/// ```
#[derive(Clone)]
pub struct TaskRef {
    cell: Rc<TaskCell>,
}

impl TaskRef {
    pub(crate) fn new(cell: Rc<TaskCell>) -> Self {
        Self { cell }
    }

    /// Asks the task to stop. False: it is done already. Mirrors `Task.cancel()`.
    ///
    /// The task's next step delivers it: the innermost [`catch_cancel`](crate::catch_cancel) that the
    /// task is suspended in gets it; without one, the task's future is dropped and whoever awaits the
    /// task gets [`TaskError::Cancelled`]. A task that hasn't started yet never runs. A task that
    /// awaits another one, or a `gather!`, passes it on and waits for those.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(std::future::pending::<()>());
    ///     assert!(task.cancel());
    ///     asyncio::yield_now().await;
    ///     assert!(task.is_cancelled());
    ///     assert!(!task.cancel());
    /// });
    /// ```
    pub fn cancel(&self) -> bool {
        self.cell.cancel(None)
    }

    /// [`cancel`](TaskRef::cancel) with a message, which [`Cancelled::message`] shows.
    /// Mirrors `Task.cancel(msg)`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(std::future::pending::<()>());
    ///     task.cancel_with("enough");
    ///     assert_eq!(task.await.unwrap_err().to_string(), "cancelled: enough");
    /// });
    /// ```
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.cell.cancel(Some(message.into()))
    }

    /// Whether the task has ended, one way or another. Mirrors `Task.done()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     assert!(!task.is_done());
    ///     asyncio::yield_now().await;
    ///     assert!(task.is_done());
    /// });
    /// ```
    #[doc(alias = "done")]
    pub fn is_done(&self) -> bool {
        self.cell.is_done()
    }

    /// Whether the task ended because it was cancelled. A task that caught the cancellation and
    /// returned a value counts as not cancelled. Mirrors `Task.cancelled()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     task.cancel();
    ///     asyncio::yield_now().await;
    ///     assert!(task.is_cancelled());
    /// });
    /// ```
    #[doc(alias = "cancelled")]
    pub fn is_cancelled(&self) -> bool {
        self.cell.is_cancelled()
    }

    /// How many cancellations were asked for and not taken back. Mirrors `Task.cancelling()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     task.cancel();
    ///     task.cancel();
    ///     assert_eq!(task.cancelling(), 2);
    /// });
    /// ```
    pub fn cancelling(&self) -> u32 {
        self.cell.cancelling()
    }

    /// Takes one request to cancel back and returns how many are left. With none left, a
    /// cancellation that hasn't been delivered yet isn't any more. Mirrors `Task.uncancel()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async { "alive" });
    ///     task.cancel();
    ///     assert_eq!(task.uncancel(), 0);
    ///     assert_eq!(task.await.unwrap(), "alive");
    /// });
    /// ```
    pub fn uncancel(&self) -> u32 {
        self.cell.uncancel()
    }

    /// The task's name. Mirrors `Task.get_name()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert_eq!(asyncio::create_task(async {}).name(), "Task-2");
    /// });
    /// ```
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.cell.name()
    }

    /// Gives the task another name. Mirrors `Task.set_name()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     task.set_name("fetch");
    ///     assert_eq!(task.name(), "fetch");
    /// });
    /// ```
    pub fn set_name(&self, name: impl Into<String>) {
        self.cell.set_name(name.into());
    }

    /// The task's number, which no other task of the loop has.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let (a, b) = (asyncio::create_task(async {}), asyncio::create_task(async {}));
    ///     assert_ne!(a.id(), b.id());
    /// });
    /// ```
    pub fn id(&self) -> TaskId {
        TaskId(self.cell.id())
    }

    /// Calls `callback` in the turn after the one in which the task ends; at once in the next turn if
    /// it has ended. Several are called in the order they were added.
    /// Mirrors `Task.add_done_callback()`.
    ///
    /// # Panics
    ///
    /// A panic in the callback goes to the loop's exception handler.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     let this = asyncio::TaskRef::clone(&task);
    ///     task.add_done_callback(move || assert!(this.is_done()));
    ///     task.await.unwrap();
    ///     asyncio::yield_now().await;
    /// });
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) -> DoneCallback {
        self.cell
            .add_done_callback(Box::new(callback))
            .map_or(DoneCallback::spent(), DoneCallback::new)
    }

    /// Takes a done callback back. False: it is on its way already.
    /// Mirrors `Task.remove_done_callback()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     let callback = task.add_done_callback(|| unreachable!());
    ///     assert!(task.remove_done_callback(callback));
    ///     task.await.unwrap();
    /// });
    /// ```
    pub fn remove_done_callback(&self, callback: DoneCallback) -> bool {
        callback.id().is_some_and(|id| self.cell.remove_done_callback(id))
    }
}

impl PartialEq for TaskRef {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.cell, &other.cell)
    }
}

impl Eq for TaskRef {}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.is_done(), self.is_cancelled()) {
            (false, _) => "pending",
            (true, false) => "finished",
            (true, true) => "cancelled",
        };
        write!(f, "<{} {state}>", self.cell)
    }
}

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
        let output: &dyn std::any::Any = &self.handle.cell.output;
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
        if this.is_done() && this.point.is_none() {
            return Poll::Ready(this.take_outcome());
        }
        if let Some(cancelled) = cancel::take_signal(&mut this.point, Kind::Forward, cx) {
            if !this.handle.cell.cancel(cancelled.shared_message()) {
                // Nothing is left to pass it on to: as in Python, it wins over the value.
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

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        let cell = &self.handle.cell;
        if self.awaited.get() && !cell.core().releasing.get() {
            cell.cancel(None);
        }
        cell.detach();
    }
}
