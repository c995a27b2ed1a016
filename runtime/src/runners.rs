//! From a `fn main` into the loop and out again. Mirrors `asyncio.runners`.
//!
//! What must hold: leaving `run` drops every task and every callback; nothing outlives the loop.

use std::cell::{Cell, OnceCell};
use std::future::poll_fn;
use std::panic::Location;
use std::path::PathBuf;
use std::rc::Rc;

use crate::context::{Context, copy_context};
use crate::event_loop::clock::Clock;
use crate::event_loop::executor::JOIN_LIMIT;
use crate::event_loop::settings::Settings;
use crate::event_loop::{Ended, EventLoop};
use crate::signals::Interrupts;
use crate::task::table;
use crate::task::{TaskRef, current_task};

/// Runs `main` on a new event loop and returns its value. Mirrors `asyncio.run(main())`.
///
/// `main` may borrow and need not be `'static` or `Send`. On the way out the tasks that are left are
/// cancelled in creation order and driven until they are done (their cleanup may await), then the
/// loop is closed. What they panic with goes to the exception handler.
///
/// `#[asyncio::main]` writes this call for you. `ASYNCIO_DEBUG=1`, `ASYNCIO_SEED=n` and
/// `ASYNCIO_TRACE=file.json` in the environment change how the loop runs; see [`RunnerBuilder`].
/// With the last one, the run can be looked at in a trace viewer afterwards:
/// [`RunnerBuilder::trace`] says what is to be seen.
///
/// # Panics
///
/// With what `main` panicked with, after everything else is cleaned up; inside a running event loop;
/// when the main task was cancelled and didn't catch it.
///
/// ```
/// let name = String::from("world");
/// let greeting = asyncio::run(async { format!("hello {name}") });
/// assert_eq!(greeting, "hello world");
/// ```
#[track_caller]
pub fn run<F: IntoFuture>(main: F) -> F::Output {
    let mut runner = Runner::new();
    let ended = runner.drive(main, Location::caller());
    runner.close();
    ended.unwrap()
}

/// Runs one future after the other on one event loop. Mirrors `asyncio.Runner`.
///
/// Dropping it closes it: the tasks that are left are cancelled and driven until they are done. (While
/// another loop runs on this thread they can't be driven, and are dropped.)
///
/// ```
/// let mut runner = asyncio::Runner::new();
/// let one = runner.run(async { 1 });
/// let two = runner.run(async { one + 1 });
/// assert_eq!(two, 2);
/// ```
#[derive(Debug)]
pub struct Runner {
    event_loop: EventLoop,
    handles_ctrl_c: bool,
    is_closed: bool,
    /// One for all runs.
    context: Context,
}

impl Runner {
    /// A runner with a new event loop, set up by the environment alone.
    ///
    /// # Panics
    ///
    /// When `ASYNCIO_SEED` is set to what is no number, and when the file that `ASYNCIO_TRACE` names
    /// can't be created.
    ///
    /// ```
    /// assert_eq!(asyncio::Runner::new().run(async { 1 }), 1);
    /// ```
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets more than [`Runner::new`] does. Mirrors the arguments of `asyncio.Runner()`.
    ///
    /// ```
    /// let runner = asyncio::Runner::builder().debug(true).build();
    /// assert!(runner.event_loop().is_debug());
    /// ```
    pub fn builder() -> RunnerBuilder {
        RunnerBuilder::default()
    }

    /// Runs `main` until it is done and returns its value. Tasks that are left stay in the loop and go
    /// on in the next run. Mirrors `Runner.run(coro)`.
    ///
    /// With [`handle_ctrl_c`](RunnerBuilder::handle_ctrl_c), Ctrl-C cancels `main`; if it ends as
    /// cancelled, the runner is closed and the process exits with status 130.
    ///
    /// # Panics
    ///
    /// As [`run`]; and with "Runner is closed" after [`close`](Runner::close).
    ///
    /// ```
    /// let mut runner = asyncio::Runner::new();
    /// assert_eq!(runner.run(async { "done" }), "done");
    /// ```
    #[track_caller]
    pub fn run<F: IntoFuture>(&mut self, main: F) -> F::Output {
        self.drive(main, Location::caller()).unwrap()
    }

    /// The runner's loop. Mirrors `Runner.get_loop()`.
    ///
    /// # Panics
    ///
    /// With "Runner is closed" after [`close`](Runner::close).
    ///
    /// ```
    /// let mut runner = asyncio::Runner::new();
    /// runner.event_loop().call_soon(|| println!("in the first turn"));
    /// runner.run(async {});
    /// ```
    #[doc(alias = "get_loop")]
    #[track_caller]
    pub fn event_loop(&self) -> EventLoop {
        self.assert_open();
        self.event_loop.clone()
    }

    /// Cancels the tasks that are left, in creation order, drives them until they are done, and closes
    /// the loop. A second time, nothing happens. Mirrors `Runner.close()`.
    ///
    /// Tasks that are started meanwhile are dropped with the loop, as in Python.
    ///
    /// # Panics
    ///
    /// Inside a running event loop.
    ///
    /// ```
    /// let mut runner = asyncio::Runner::new();
    /// runner.run(async {});
    /// runner.close();
    /// runner.close();
    /// ```
    #[track_caller]
    pub fn close(&mut self) {
        if self.is_closed {
            return;
        }
        assert!(
            table::running().is_none(),
            "Cannot run the event loop while another loop is running on this thread: close the runner \
             after that run"
        );
        self.is_closed = true;
        if !self.event_loop.is_closed() {
            let shutting_down = &self.event_loop.tasks.core.shutting_down;
            shutting_down.set(true);
            self.cancel_all_tasks();
            shutting_down.set(false);
            self.join_threads();
            self.event_loop.close();
        }
    }

    #[track_caller]
    fn drive<F: IntoFuture>(
        &mut self,
        main: F,
        spawned_at: &'static Location<'static>,
    ) -> Ended<F::Output> {
        self.assert_open();
        assert!(
            table::running().is_none(),
            "asyncio::run() cannot be called from a running event loop: `.await` the future instead"
        );
        if !self.handles_ctrl_c {
            return self.drive_main(main, spawned_at);
        }
        self.drive_until_ctrl_c(main, spawned_at)
    }

    #[track_caller]
    fn assert_open(&self) {
        assert!(!self.is_closed, "Runner is closed: make another one with `Runner::new()`");
    }

    /// In the runner's own context: what one run sets, the next one sees.
    #[track_caller]
    fn drive_main<F: IntoFuture>(
        &mut self,
        main: F,
        spawned_at: &'static Location<'static>,
    ) -> Ended<F::Output> {
        let context = Cell::new(std::mem::take(&mut self.context));
        let ended = self.event_loop.drive_main(main, spawned_at, &context);
        self.context = context.take();
        ended
    }

    /// Watches for Ctrl-C beside main: no task is needed for it, and none is seen by `all_tasks`.
    #[track_caller]
    fn drive_until_ctrl_c<F: IntoFuture>(
        &mut self,
        main: F,
        spawned_at: &'static Location<'static>,
    ) -> Ended<F::Output> {
        let interrupts = Interrupts::watch(&self.event_loop.tasks.core.interrupt_takers);
        let interrupted = OnceCell::new();
        let watched = async {
            let mut main = std::pin::pin!(main.into_future());
            poll_fn(|cx| {
                if interrupts.poll_next(cx).is_ready()
                    && let Some(task) = current_task()
                    && interrupted.set(task.clone()).is_ok()
                {
                    task.cancel();
                }
                main.as_mut().poll(cx)
            })
            .await
        };
        let ended = self.drive_main(watched, spawned_at);
        // Where somebody else wanted main cancelled too, that goes first, as in Python.
        let was_for_ctrl_c = interrupted.get().is_some_and(|task| task.uncancel() == 0);
        if was_for_ctrl_c && matches!(ended, Ended::Cancelled(_)) {
            self.close();
            // What a shell reports for a process that SIGINT ended.
            std::process::exit(130);
        }
        ended
    }

    /// Waits for the calls on other threads. They may need the loop for their end, so it runs meanwhile.
    fn join_threads(&self) {
        let executor = &self.event_loop.tasks.core.executor;
        if !executor.is_idle() {
            self.event_loop
                .run_until_complete(self.event_loop.shutdown_default_executor(JOIN_LIMIT));
        }
    }

    /// What is left is asked to stop, and driven until it has.
    fn cancel_all_tasks(&self) {
        let left = self.event_loop.all_tasks();
        // A child ends with the task around it. One whose gather was left behind never does; closing the
        // loop drops it.
        let roots = left.iter().filter(|task| !task.is_child()).count();
        if roots == 0 {
            return;
        }
        let pending = Rc::new(Cell::new(roots));
        for task in &left {
            if task.is_child() {
                task.cancel();
                continue;
            }
            let (pending, event_loop) = (pending.clone(), self.event_loop.clone());
            task.add_done_callback(move || {
                pending.set(pending.get() - 1);
                if pending.get() == 0 {
                    event_loop.stop();
                }
            });
            task.cancel();
        }
        while pending.get() > 0 {
            self.event_loop.run_forever();
        }
        // Only now: another leftover may have awaited it.
        left.iter().for_each(TaskRef::report_unseen_panic);
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // A runner that is dropped inside a run of another loop can't drive its tasks any more.
        if table::running().is_none() {
            self.close();
        }
    }
}

/// Sets up a [`Runner`]. What isn't set here, the environment may: `ASYNCIO_DEBUG=1`,
/// `ASYNCIO_SEED=n`, `ASYNCIO_TRACE=file.json`.
///
/// ```
/// use std::time::Duration;
///
/// let mut runner = asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(7).build();
/// runner.run(asyncio::sleep(Duration::from_secs(3600)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunnerBuilder {
    settings: Settings,
    handles_ctrl_c: bool,
}

impl RunnerBuilder {
    /// Turns debug mode on or off; see [`EventLoop::set_debug`]. Mirrors `Runner(debug=…)`.
    ///
    /// ```
    /// assert!(asyncio::Runner::builder().debug(true).build().event_loop().is_debug());
    /// ```
    #[must_use]
    pub fn debug(mut self, enabled: bool) -> Self {
        self.settings.debug = Some(enabled);
        self
    }

    /// Chooses the clock; the real one at first. Python has no such thing.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let mut runner = asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build();
    /// runner.run(asyncio::sleep(Duration::from_secs(86_400)));
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Runs the tasks that are ready in an order drawn from `seed`; the same seed, the same order.
    /// Callbacks keep theirs. Without a seed, first in, first out. Python has no such thing.
    ///
    /// ```
    /// let order = |seed| {
    ///     let order = std::cell::RefCell::new(Vec::new());
    ///     asyncio::Runner::builder().seed(seed).build().run(async {
    ///         asyncio::gather((0..9).map(async |n| order.borrow_mut().push(n))).await;
    ///     });
    ///     order.into_inner()
    /// };
    /// assert_eq!(order(1), order(1));
    /// assert_ne!(order(1), order(2));
    /// ```
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Writes what the loop does to a file, for a trace viewer: open it at <https://ui.perfetto.dev>,
    /// in `chrome://tracing`, or in the Firefox profiler (which leaves the arrows and details out).
    /// `ASYNCIO_TRACE=file.json` does it without a change of code; a path given here goes first.
    /// Python has no such thing.
    ///
    /// The file is an array in the Chrome Trace Event format:
    /// - A lane a task, under its name; lane 0 is the loop: its turns, callbacks, timers and waits.
    /// - A slice a poll: where the task was spawned (`spawned_at`), and the `result`: `Ready`,
    ///   `Pending`, `Cancelled` or `Panicked`. A child of `gather!` is polled inside its parent's
    ///   slice.
    /// - An arrow from whoever wakes a task (or spawns it) to the poll that follows. A wake of another
    ///   thread's starts at the loop's lane, in a slice that says so.
    /// - Timers as spans, from the moment they are set until they have `fired` or are `cancelled`.
    /// - Sockets as spans, from their connection until they are closed, with the number of bytes of each read
    ///   and write.
    /// - The ready queue's length, counted each turn.
    ///
    /// Times are real ones, in microseconds since the loop was made, so slices have a length under
    /// [`Clock::Virtual`] too. The loop's own time, in seconds since then, is shown with each turn
    /// (`time_s`) and with each timer (`deadline_s`).
    ///
    /// The file is whole when the loop is closed, and up to date when it waits; a process that is ended
    /// before leaves out the closing `]`, which viewers accept. The next run overwrites it. Where loops
    /// that are open at the same time have one path, the second writes to `file-2.json`, and so on. If
    /// the disk is full, one line on standard error says so, and the program goes on without a trace.
    ///
    /// # Panics
    ///
    /// [`build`](RunnerBuilder::build) panics when the file can't be created.
    ///
    /// ```
    /// # let folder = std::env::temp_dir();
    /// let path = folder.join(format!("trace-of-{}.json", std::process::id()));
    /// let mut runner = asyncio::Runner::builder().trace(&path).build();
    /// runner.run(async {
    ///     asyncio::create_task(asyncio::yield_now()).with_name("fetch").await.unwrap();
    /// });
    /// runner.close();
    ///
    /// let trace = std::fs::read_to_string(&path).unwrap();
    /// assert!(trace.contains(r#""cat":"task","name":"fetch""#));
    /// # std::fs::remove_file(path).unwrap();
    /// ```
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.trace = Some(path.into());
        self
    }

    /// Whether Ctrl-C cancels main: then main can clean up, and if it ends as cancelled, the process
    /// exits with status 130. A second Ctrl-C ends it at once. Python does this by default; here
    /// Ctrl-C ends the process at once unless asked otherwise.
    ///
    /// While [`ctrl_c`](crate::ctrl_c) is awaited, or the loop has a handler of its own for SIGINT, Ctrl-C
    /// goes there, and the runner leaves it alone. Between and after its runs, SIGINT does what it did
    /// before the first; on systems other than Linux it ends the process, also where the program has
    /// installed a handler for it in another way.
    ///
    /// # Panics
    ///
    /// The run panics where there are no Unix signals, and when the handler can't be installed.
    ///
    /// ```
    /// asyncio::Runner::builder().handle_ctrl_c(true).build().run(async {});
    /// ```
    #[must_use]
    pub fn handle_ctrl_c(mut self, enabled: bool) -> Self {
        self.handles_ctrl_c = enabled;
        self
    }

    /// Makes the runner and its event loop.
    ///
    /// # Panics
    ///
    /// When no seed is set here and `ASYNCIO_SEED` is set to what is no number. When the file of
    /// [`trace`](RunnerBuilder::trace) or `ASYNCIO_TRACE` can't be created.
    ///
    /// ```
    /// assert_eq!(asyncio::Runner::builder().build().run(async { 1 }), 1);
    /// ```
    #[track_caller]
    pub fn build(self) -> Runner {
        let event_loop = EventLoop::new(&self.settings.with_environment());
        Runner {
            event_loop,
            handles_ctrl_c: self.handles_ctrl_c,
            is_closed: false,
            context: copy_context(),
        }
    }
}
