//! The event loop. Mirrors `asyncio.events` and `asyncio.base_events`.
//!
//! This page has what a user touches; the rooms behind it are `turn` (one iteration, the heart),
//! `ready`, `timers` and `clock` (what runs when), `driver` (waiting), `inbox` (other threads),
//! `core` (what they share), `descriptors` (callbacks for them).

pub(crate) mod callback;
pub(crate) mod clock;
pub(crate) mod core;
#[cfg(unix)]
mod descriptors;
pub(crate) mod driver;
pub(crate) mod executor;
pub(crate) mod inbox;
pub(crate) mod policy;
pub(crate) mod poller;
pub(crate) mod ready;
mod reporting;
pub(crate) mod settings;
pub(crate) mod sounding;
pub(crate) mod threadsafe;
mod timer_handle;
pub(crate) mod timers;
pub(crate) mod turn;
pub(crate) mod wheel;

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::panic::{Location, resume_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::ready;
use std::time::{Duration, Instant};

use callback::Handle;
use core::Core;
use settings::Settings;
use threadsafe::LoopHandle;
pub use timer_handle::TimerHandle;
use turn::{Main, Turns};

use crate::context::{Context, copy_context};
use crate::exceptions::{Cancelled, Payload};
use crate::futures::Future as LoopFuture;
use crate::graph::signal;
use crate::task::cell::Body;
use crate::task::step::Step;
use crate::task::table::{self, RunningLoop, Tasks};
use crate::task::{Task, TaskRef};

/// An event loop. Mirrors `asyncio.AbstractEventLoop`.
///
/// Most programs never see one: [`run`](crate::run) and `#[asyncio::main]` make it, drive it and
/// close it. A clone is another handle to the same loop.
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// let answer = event_loop.run_until_complete(async { 42 });
/// event_loop.close();
/// assert_eq!(answer, 42);
/// ```
#[derive(Clone)]
pub struct EventLoop {
    pub(crate) tasks: Rc<Tasks>,
}

/// How a run's main future ended.
pub(crate) enum Ended<T> {
    Finished(T),
    Cancelled(Cancelled),
    Panicked(Payload),
    /// The loop was stopped first.
    Stopped,
}

impl<T> Ended<T> {
    /// The value; or the panic that stands for it.
    #[track_caller]
    pub(crate) fn unwrap(self) -> T {
        match self {
            Self::Finished(value) => value,
            Self::Panicked(payload) => resume_unwind(payload),
            Self::Stopped => panic!("Event loop stopped before Future completed."),
            Self::Cancelled(cancelled) => panic!(
                "asyncio: the main task was {cancelled} and did not catch it: there is no value to \
                 return. `asyncio::catch_cancel` catches a cancellation"
            ),
        }
    }
}

impl EventLoop {
    #[track_caller]
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { tasks: Tasks::new(Core::new(settings)) }
    }

    fn core(&self) -> &Rc<Core> {
        &self.tasks.core
    }

    /// Runs the loop until `future` is done, and returns its value.
    /// Mirrors `loop.run_until_complete(future)`.
    ///
    /// The future may borrow and need not be `'static`; it becomes a task like others. Tasks that are
    /// not done by then stay in the loop and go on in its next run.
    ///
    /// # Panics
    ///
    /// With what the future panicked with; when the loop is stopped first ("Event loop stopped before
    /// Future completed."), running ("This event loop is already running") or closed; when another
    /// loop runs on this thread; when the future's task was cancelled.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let name = String::from("borrowed");
    /// assert_eq!(event_loop.run_until_complete(async { name.len() }), 8);
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn run_until_complete<F: IntoFuture>(&self, future: F) -> F::Output {
        let context = Cell::new(copy_context());
        self.drive_main(future, Location::caller(), &context).unwrap()
    }

    /// Runs the loop until [`stop`](EventLoop::stop) is called. Mirrors `loop.run_forever()`.
    ///
    /// # Panics
    ///
    /// When the loop is running or closed, and when another loop runs on this thread.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let this = event_loop.clone();
    /// event_loop.call_soon(move || this.stop());
    /// event_loop.run_forever();
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn run_forever(&self) {
        let running = self.enter();
        self.drive(&mut None);
        drop(running);
    }

    /// Runs one turn: takes a look at I/O, then runs what is ready and due, without waiting.
    /// Mirrors `loop.stop(); loop.run_forever()`.
    ///
    /// Under the virtual clock, time jumps to the next deadline if nothing is ready.
    ///
    /// # Panics
    ///
    /// As [`run_forever`](EventLoop::run_forever).
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let inner = event_loop.clone();
    /// event_loop.call_soon(move || {
    ///     println!("first turn");
    ///     inner.call_soon(|| println!("second turn"));
    /// });
    /// event_loop.run_once();
    /// println!("between");
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn run_once(&self) {
        let running = self.enter();
        self.stop();
        self.drive(&mut None);
        drop(running);
    }

    /// Ends the run after the turn that is running; before a run, lets it have one turn.
    /// Mirrors `loop.stop()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.stop();
    /// event_loop.run_forever();
    /// event_loop.close();
    /// ```
    pub fn stop(&self) {
        self.core().stopping.set(true);
    }

    /// Closes the loop: drops every task and callback that is left, in creation order. A second time,
    /// nothing happens. Mirrors `loop.close()`.
    ///
    /// Tasks are dropped, not cancelled: `catch_cancel` doesn't see it. [`run`](crate::run) cancels
    /// them first.
    ///
    /// # Panics
    ///
    /// When the loop is running. What a destructor panics with goes to the exception handler.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.close();
    /// event_loop.close();
    /// assert!(event_loop.is_closed());
    /// ```
    #[track_caller]
    pub fn close(&self) {
        assert!(
            !self.is_running(),
            "Cannot close a running event loop: call `stop()`, and close it after the run"
        );
        self.tasks.close();
    }

    /// Whether the loop runs now, on this thread. Mirrors `loop.is_running()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert!(asyncio::get_running_loop().unwrap().is_running());
    /// });
    /// ```
    pub fn is_running(&self) -> bool {
        table::running().is_some_and(|tasks| Rc::ptr_eq(&tasks, &self.tasks))
    }

    /// Whether the loop was closed. Mirrors `loop.is_closed()`.
    ///
    /// ```
    /// assert!(!asyncio::new_event_loop().is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.core().is_closed()
    }

    /// Calls `callback` in the next turn. Callbacks run first in, first out.
    /// Mirrors `loop.call_soon(callback)`.
    ///
    /// # Panics
    ///
    /// When the loop is closed. A panic in the callback goes to the exception handler.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.call_soon(|| println!("soon"));
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        self.core().assert_open();
        Handle::new(self.core().call_soon(Box::new(callback), Location::caller()))
    }

    /// Calls `callback` after `delay`. Mirrors `loop.call_later(delay, callback)`.
    ///
    /// Callbacks due at one time are called in the order they were scheduled, behind what is ready
    /// already. A delay beyond what an [`Instant`] can hold never ends.
    ///
    /// # Panics
    ///
    /// When the loop is closed. A panic in the callback goes to the exception handler.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// let this = event_loop.clone();
    /// event_loop.call_later(Duration::from_millis(5), move || this.stop());
    /// event_loop.run_forever();
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) -> TimerHandle {
        self.schedule(self.core().clock.after(delay), Box::new(callback), Location::caller())
    }

    /// Calls `callback` when the loop's [`time`](EventLoop::time) is `when`; in the next turn, if
    /// that is past. Mirrors `loop.call_at(when, callback)`.
    ///
    /// # Panics
    ///
    /// As [`call_later`](EventLoop::call_later).
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let now = event_loop.time();
    /// let timer = event_loop.call_at(now, || println!("now"));
    /// assert_eq!(timer.when(), Some(now));
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn call_at(&self, when: Instant, callback: impl FnOnce() + 'static) -> TimerHandle {
        self.schedule(Some(when), Box::new(callback), Location::caller())
    }

    #[track_caller]
    fn schedule(
        &self,
        when: Option<Instant>,
        callback: Box<dyn FnOnce()>,
        scheduled_at: &'static Location<'static>,
    ) -> TimerHandle {
        self.core().assert_open();
        let (callback, key) = self.core().call_at(when, callback, scheduled_at);
        TimerHandle::new(callback, when, key, self.core())
    }

    /// The loop's clock: what [`call_at`](EventLoop::call_at) and
    /// [`sleep_until`](crate::sleep_until) go by. Mirrors `loop.time()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// assert!(event_loop.time() <= event_loop.time());
    /// event_loop.close();
    /// ```
    pub fn time(&self) -> Instant {
        self.core().clock.now()
    }

    /// Makes a task of `future`; it starts in the next turn, also of a loop that doesn't run yet.
    /// Mirrors `loop.create_task(coro)`.
    ///
    /// # Panics
    ///
    /// When the loop is closed.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let task = event_loop.create_task(async { 1 });
    /// assert_eq!(event_loop.run_until_complete(task).unwrap(), 1);
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn create_task<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: 'static> + 'static,
    {
        self.core().assert_open();
        Task::new(self.tasks.spawn(future, Location::caller()))
    }

    /// Makes a [`Future`](crate::Future) that somebody will give a result.
    /// Mirrors `loop.create_future()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let future = event_loop.create_future();
    /// let setter = future.clone();
    /// event_loop.call_soon(move || setter.set_result("done").unwrap());
    /// assert_eq!(event_loop.run_until_complete(future).unwrap(), "done");
    /// event_loop.close();
    /// ```
    pub fn create_future<T>(&self) -> LoopFuture<T> {
        LoopFuture::new(self.core().clone())
    }

    /// What other threads use to reach this loop.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let handle = event_loop.handle();
    /// let thread = std::thread::spawn(move || handle.block_on(async || { "from afar" }).unwrap());
    /// event_loop.run_until_complete(async {
    ///     while !thread.is_finished() {
    ///         asyncio::yield_now().await;
    ///     }
    /// });
    /// assert_eq!(thread.join().unwrap(), "from afar");
    /// event_loop.close();
    /// ```
    pub fn handle(&self) -> LoopHandle {
        LoopHandle::new(self.core().inbox.clone())
    }

    /// The loop's tasks that are not done, in creation order. Mirrors `asyncio.all_tasks(loop)`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.create_task(async {}).detach();
    /// assert_eq!(event_loop.all_tasks().len(), 1);
    /// event_loop.run_once();
    /// assert!(event_loop.all_tasks().is_empty());
    /// event_loop.close();
    /// ```
    pub fn all_tasks(&self) -> Vec<TaskRef> {
        self.tasks.all().into_iter().map(TaskRef::new).collect()
    }

    /// Runs the loop until `future` has ended or the loop is stopped; in `context` itself, no copy of it.
    #[track_caller]
    pub(crate) fn drive_main<F: IntoFuture>(
        &self,
        future: F,
        spawned_at: &'static Location<'static>,
        context: &Cell<Context>,
    ) -> Ended<F::Output> {
        let running = self.enter();
        let mut value = None;
        let step = {
            let mut future = pin!(future.into_future());
            let mut poll = |cx: &mut std::task::Context<'_>| {
                future.as_mut().poll(cx).map(|output| value = Some(output))
            };
            let cell = self.tasks.admit(Body::Main, spawned_at);
            cell.context.swap(context);
            let mut main = Some(Main { poll: &mut poll, ended: None });
            self.drive(&mut main);
            self.tasks.abandon(&cell);
            cell.context.swap(context);
            main.and_then(|main| main.ended)
        };
        drop(running);
        match (step, value) {
            (Some(Step::Cancelled(cancelled)), _) => Ended::Cancelled(cancelled),
            (Some(Step::Panicked(payload)), _) => Ended::Panicked(payload),
            (_, Some(value)) => Ended::Finished(value),
            (_, None) => Ended::Stopped,
        }
    }

    /// One `block_on`, from the first turn to the last.
    fn drive(&self, main: &mut Option<Main<'_>>) {
        let _watch = self.is_debug().then(|| signal::watch(self.handle()));
        let turns = Turns::new(&self.tasks);
        let mut is_only_turn = self.core().stopping.get();
        let mut run = |cx: &mut std::task::Context<'_>| {
            if is_only_turn {
                ready!(turns.before_only_turn(cx));
                is_only_turn = false;
            }
            turns.run(main, cx)
        };
        async_io::block_on(poll_fn(|cx| self.core().trace.between_waits(|| run(cx))));
        // Where somebody else's `stop` came first.
        self.core().ready.forget_stop();
    }

    /// Makes this loop the running one.
    #[track_caller]
    fn enter(&self) -> RunningLoop {
        self.core().assert_open();
        if let Some(running) = table::running() {
            assert!(
                !Rc::ptr_eq(&running, &self.tasks),
                "This event loop is already running: `.await` the future instead"
            );
            panic!(
                "Cannot run the event loop while another loop is running on this thread: `.await` \
                 the future instead, or use another thread"
            );
        }
        table::enter_loop(&self.tasks)
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("running", &self.is_running())
            .field("closed", &self.is_closed())
            .field("debug", &self.is_debug())
            .finish()
    }
}
