//! What one holds of a task that may be of any type: its name, its state, and the way to stop it.
//!
//! A page for users; the task's cell behind it knows the answers. Mirrors the methods of
//! `asyncio.Task` that have nothing to do with its result.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::cell::TaskCell;
use crate::event_loop::ready::TaskKey;

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
///
/// ```
/// # asyncio::run(async {
/// let task = asyncio::create_task(async {});
/// let callback: asyncio::DoneCallback = task.add_done_callback(|| unreachable!());
/// task.remove_done_callback(callback);
/// # });
/// ```
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

/// A task, without its value: what [`current_task`](crate::current_task) and [`all_tasks`](crate::all_tasks) give. Mirrors what all
/// `asyncio.Task` objects have in common.
///
/// A [`Task`](crate::Task) can do all of this too.
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
    pub(super) cell: Rc<TaskCell>,
}

impl TaskRef {
    pub(crate) fn new(cell: Rc<TaskCell>) -> Self {
        Self { cell }
    }

    pub(crate) fn is_child(&self) -> bool {
        self.cell.is_child()
    }

    /// Says which task waits for the end of this one, by way of a done callback.
    pub(crate) fn set_watcher(&self, watcher: Option<TaskKey>) {
        self.cell.set_watcher(watcher);
    }

    /// Reports a panic of the task that nobody has looked at.
    pub(crate) fn report_unseen_panic(&self) {
        self.cell.report_unseen_panic();
    }

    /// Asks the task to stop. False: it is done already. Mirrors `Task.cancel()`.
    ///
    /// The task's next step delivers it: the innermost [`catch_cancel`](crate::catch_cancel) that the
    /// task is suspended in gets it; without one, the task's future is dropped and whoever awaits the
    /// task gets [`TaskError::Cancelled`](crate::TaskError::Cancelled). A task that hasn't started yet never runs. A task that
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

    /// [`cancel`](TaskRef::cancel) with a message, which
    /// [`Cancelled::message`](crate::Cancelled::message) shows. Of several messages before the task's
    /// next step, the last one counts. Mirrors `Task.cancel(msg)`.
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
    /// it has ended. Several are called in the order they were added, and whoever awaits the task goes on in
    /// its place among them, as in Python.
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
            (false, _) if self.cancelling() > 0 => "cancelling",
            (false, _) => "pending",
            (true, false) => "finished",
            (true, true) => "cancelled",
        };
        write!(f, "<{} {state}>", self.cell)
    }
}
