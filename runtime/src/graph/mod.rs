//! Who awaits whom. Mirrors `asyncio.graph`.
//!
//! Reads what tasks know anyway: whom they wake when they are done, and in which task's future they live.
//! So nothing is paid for it until somebody asks. `tree` shows a graph as text, `signal` prints it when
//! the process is sent SIGUSR1.

pub(crate) mod signal;
mod tree;

use std::panic::Location;
use std::rc::Rc;

use crate::task::cell::TaskCell;
use crate::task::table::{self, Tasks};
use crate::task::{TaskId, TaskRef};

/// Who awaits whom in the running loop, now. Mirrors `asyncio.capture_call_graph()`.
///
/// Python's starts at one future and goes up to those who await it; this one has every task that is not
/// done. It knows the awaits of tasks: a task's handle, [`wait`](fn@crate::wait) and its kin, `gather!`, a
/// group. What else a task may wait for (a lock, a socket) is not in it. A handle that was polled and then
/// left aside, without being dropped, counts as awaited.
///
/// # Panics
///
/// Outside a running event loop.
///
/// ```
/// asyncio::run(async {
///     let fetch = asyncio::create_task(std::future::pending::<()>()).with_name("fetch");
///     let id = fetch.id();
///     let page = asyncio::create_task(async { fetch.await.unwrap() }).with_name("page");
///     asyncio::yield_now().await;
///
///     let graph = asyncio::capture_call_graph();
///     let fetch = graph.tasks().iter().find(|task| task.id() == id).unwrap();
///     assert_eq!(fetch.awaited_by(), [page.id()]);
/// });
/// ```
#[track_caller]
pub fn capture_call_graph() -> CallGraph {
    let Some(tasks) = table::running() else { table::outside_a_loop("capture_call_graph") };
    CallGraph::of(&tasks)
}

/// Prints who awaits whom: [`capture_call_graph`], as a tree with those below a task that it awaits.
/// Mirrors `asyncio.print_call_graph()`; as there, it goes to standard output.
///
/// In debug mode, a Unix process that is sent SIGUSR1 (`kill -USR1 <pid>`) prints the same to standard
/// error, for each loop that runs: debug mode must be on when the run begins. A handler that
/// [`add_signal_handler`](crate::EventLoop::add_signal_handler) installed for SIGUSR1 is called as well.
///
/// # Panics
///
/// Outside a running event loop.
///
/// ```
/// asyncio::run(async {
///     asyncio::gather!(async { asyncio::print_call_graph() }, asyncio::yield_now()).await;
/// });
/// ```
///
/// ```text
/// task 'Task-1' spawned at src/main.rs:1:1: waiting
/// ├── task 'Task-2' spawned at src/main.rs:2:5: running
/// └── task 'Task-3' spawned at src/main.rs:2:5: ready
/// ```
#[track_caller]
pub fn print_call_graph() {
    print!("{}", capture_call_graph());
}

/// Who awaits whom. Mirrors `asyncio.FutureCallGraph`; made by [`capture_call_graph`].
///
/// Shown as text, it is a tree: below a task stand those that it awaits. Tasks that await each other in a
/// circle stand below one of them.
///
/// ```
/// asyncio::run(async {
///     asyncio::create_task(std::future::pending::<()>()).with_name("worker").detach();
///     let graph = asyncio::capture_call_graph().to_string();
///     let [main, worker] = graph.lines().collect::<Vec<_>>()[..] else { unreachable!() };
///     assert!(main.starts_with("task 'Task-1' spawned at ") && main.ends_with(": running"));
///     assert!(worker.starts_with("task 'worker' spawned at ") && worker.ends_with(": ready"));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct CallGraph {
    tasks: Vec<CallGraphTask>,
}

impl CallGraph {
    pub(crate) fn of(tasks: &Tasks) -> Self {
        let tasks = tasks.all().iter().map(|cell| CallGraphTask::of(cell, tasks)).collect();
        Self { tasks }
    }

    /// The tasks that were not done, in creation order.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert_eq!(asyncio::capture_call_graph().tasks().len(), 1);
    /// });
    /// ```
    pub fn tasks(&self) -> &[CallGraphTask] {
        &self.tasks
    }
}

/// A task in a [`CallGraph`], as it was then.
///
/// ```
/// asyncio::run(async {
///     let graph = asyncio::capture_call_graph();
///     let main: &asyncio::CallGraphTask = &graph.tasks()[0];
///     assert_eq!(main.name(), "Task-1");
/// });
/// ```
#[derive(Clone, Debug)]
pub struct CallGraphTask {
    id: TaskId,
    name: String,
    spawned_at: &'static Location<'static>,
    state: State,
    awaited_by: Vec<TaskId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Ready,
    Waiting,
}

impl CallGraphTask {
    fn of(cell: &Rc<TaskCell>, tasks: &Tasks) -> Self {
        let is_running = tasks.current().is_some_and(|current| current.key() == cell.key());
        let state = match (is_running, tasks.core.ready.is_queued(cell.key())) {
            (true, _) => State::Running,
            (false, true) => State::Ready,
            (false, false) => State::Waiting,
        };
        let id = |cell: Rc<TaskCell>| TaskRef::new(cell).id();
        let awaiters = cell.awaited_by().into_iter().filter_map(|key| tasks.find(key));
        Self {
            id: id(cell.clone()),
            name: cell.name(),
            spawned_at: cell.spawned_at(),
            state,
            awaited_by: awaiters.filter(|cell| !cell.is_service()).map(id).collect(),
        }
    }

    /// Its number: [`TaskRef::id`].
    ///
    /// ```
    /// asyncio::run(async {
    ///     let main = asyncio::current_task().unwrap();
    ///     assert_eq!(asyncio::capture_call_graph().tasks()[0].id(), main.id());
    /// });
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Its name: [`TaskRef::name`].
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert_eq!(asyncio::capture_call_graph().tasks()[0].name(), "Task-1");
    /// });
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place in the program that made it.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let graph = asyncio::capture_call_graph();
    ///     assert!(graph.tasks()[0].spawned_at().line() > 0);
    /// });
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// Who awaits it: nobody, one task, or, for a child of a group whose handle another task awaits, two.
    /// Mirrors `FutureCallGraph.awaited_by`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let main = asyncio::current_task().unwrap().id();
    ///     let child = async {
    ///         let graph = asyncio::capture_call_graph();
    ///         assert_eq!(graph.tasks()[1].awaited_by(), [main]);
    ///     };
    ///     asyncio::gather!(child).await;
    /// });
    /// ```
    pub fn awaited_by(&self) -> &[TaskId] {
        &self.awaited_by
    }
}
