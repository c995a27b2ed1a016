//! Tasks: futures that the loop drives. Mirrors `asyncio.tasks`.
//!
//! What a user touches is here and in `task`, `task_ref`, `sleep` and `cancel`. Behind it are `cell`
//! (what is known of a task), `done_callbacks` (what is called at its end), `table` (all of them), `step`
//! (polling one), `waker`, `points` (where a cancellation goes), `block` (what is cancelled by itself),
//! `family`, `nursery` and `scope` (children), `join` (waiting for an end), `service` (the loop's own), `watches`
//! (which of them watch something for the user).

pub(crate) mod block;
pub(crate) mod cancel;
pub(crate) mod cancel_point;
pub(crate) mod cell;
mod done_callbacks;
pub(crate) mod family;
pub(crate) mod join;
pub(crate) mod nursery;
pub(crate) mod output;
pub(crate) mod points;
pub(crate) mod scope;
pub(crate) mod service;
pub(crate) mod sleep;
pub(crate) mod step;
pub(crate) mod table;
#[expect(clippy::module_inception, reason = "a task is what the room is about")]
mod task;
mod task_ref;
pub(crate) mod waker;
pub(crate) mod watches;

use std::panic::Location;

pub use task::Task;
pub use task_ref::{DoneCallback, TaskId, TaskRef};

/// Makes a task of `future`: it runs beside the code that made it, from the next turn on.
/// Mirrors `asyncio.create_task(coro)`.
///
/// Tasks start first in, first out. The loop owns them: a task whose handle is dropped goes on.
/// It is named `Task-1`, `Task-2`, …, until [`with_name`](Task::with_name) gives another name.
///
/// The future must own what it uses (`async move`), since the task may outlive this function; to
/// borrow, use [`gather`](crate::gather()). Where Python complains about an exception that nobody
/// retrieved, a task that *returns* an `Err` to nobody is silent: an error is a value here. A panic
/// that nobody looks at is reported.
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

/// Makes a task of `future` and runs it to its first suspension inside this call; then it is a task like
/// any other. Mirrors `create_task` under `asyncio.eager_task_factory`, and `eager_start=True`.
///
/// A future that never suspends is done when this returns, and no turn of the loop went by. The code
/// behind this call may so find its state changed: [`create_task`] has no such surprise.
///
/// # Panics
///
/// Outside a running event loop. A panic in `future` is the task's outcome, as ever.
///
/// ```
/// asyncio::run(async {
///     let cached = asyncio::create_eager_task(async { 42 });
///     assert!(cached.is_done());
///     assert_eq!(cached.await.unwrap(), 42);
/// });
/// ```
#[track_caller]
pub fn create_eager_task<F>(future: F) -> Task<F::Output>
where
    F: Future<Output: 'static> + 'static,
{
    let spawned_at = Location::caller();
    let Some(tasks) = table::running() else { table::outside_a_loop("create_eager_task") };
    Task::new(tasks.spawn_eagerly(future, spawned_at))
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
    table::current().filter(|task| !task.is_service()).map(TaskRef::new)
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
