//! Blocking work, on another thread. Mirrors `asyncio.threads` and `loop.run_in_executor`.

use std::panic::Location;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use crate::context::{Context, copy_context};
use crate::event_loop::EventLoop;
use crate::event_loop::executor::Job;
use crate::exceptions::place;
use crate::get_running_loop;

/// Runs a function that blocks on another thread, and waits for its value without holding up the loop.
/// Mirrors `asyncio.to_thread(f)`.
///
/// Nothing happens before it is awaited. The function sees the [context variables](crate::ContextVar) as
/// they are then; what it sets there stays there. For a function that computes for long this is as good as
/// for one that waits: threads run at the same time.
///
/// There are 500 threads at most, `BLOCKING_MAX_THREADS` in the environment sets another limit; who comes
/// later waits for one. A run waits at its end until all of them are done, 300 seconds at most.
///
/// # Panics
///
/// With what the function panicked with; outside a running event loop; after
/// [`shutdown_default_executor`](EventLoop::shutdown_default_executor).
///
/// # Cancel safety
///
/// A thread can't be stopped: once begun, the function runs to its end, and its value is dropped. One that
/// has not begun never does.
///
/// ```
/// asyncio::run(async {
///     let text = asyncio::to_thread(|| std::fs::read_to_string("Cargo.toml")).await;
///     assert!(text.unwrap().contains("[package]"));
/// });
/// ```
pub async fn to_thread<T>(function: impl FnOnce() -> T + Send + 'static) -> T
where
    T: Send + 'static,
{
    let event_loop =
        get_running_loop().unwrap_or_else(|error| panic!("asyncio::to_thread: {error}"));
    let mut context = copy_context();
    event_loop.run_in_executor(move || context.run(function)).await
}

impl EventLoop {
    /// Runs a function on another thread, beginning now. Mirrors `loop.run_in_executor(None, f)`.
    ///
    /// As in Python, it doesn't see the context variables of the caller; [`to_thread`] shows them to it.
    ///
    /// # Panics
    ///
    /// When the loop is closed, and after
    /// [`shutdown_default_executor`](EventLoop::shutdown_default_executor). Awaiting it panics with what
    /// the function panicked with.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let sum = event_loop.run_in_executor(|| (1..=100).sum::<u32>());
    /// assert_eq!(event_loop.run_until_complete(sum), 5050);
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn run_in_executor<T>(
        &self,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> ExecutorCall<T>
    where
        T: Send + 'static,
    {
        let core = &self.tasks.core;
        core.assert_open();
        let counted = Counted { function, job: core.executor.job() };
        let called_at = Location::caller();
        let call = move || Context::default().run(move || counted.call());
        ExecutorCall { call: blocking::unblock(call), called_at }
    }

    /// Waits until all calls on other threads are done, and takes no new ones.
    /// Mirrors `loop.shutdown_default_executor(timeout)`; a run does it at its end, with 300 seconds.
    ///
    /// `limit` is real time, under the virtual clock too. If it runs out, standard error says so, and the
    /// threads go on.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it waits no longer; calls that were refused since stay refused.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let call = event_loop.run_in_executor(|| "done");
    ///     event_loop.shutdown_default_executor(Duration::from_secs(10)).await;
    ///     assert_eq!(call.await, "done");
    /// });
    /// ```
    pub async fn shutdown_default_executor(&self, limit: Duration) {
        let executor = &self.tasks.core.executor;
        executor.shut_down();
        executor.join(limit).await;
    }
}

/// The job ends when the function has, also where it panics or is never called.
struct Counted<F> {
    // Before the job: what it owns is dropped first.
    function: F,
    job: Job,
}

impl<F: FnOnce() -> T, T> Counted<F> {
    fn call(self) -> T {
        let Self { function, job } = self;
        let value = function();
        drop(job);
        value
    }
}

/// A call on another thread, made by [`EventLoop::run_in_executor`]; await it for the function's value.
/// Mirrors the future that `loop.run_in_executor` returns.
///
/// Dropping it takes the call back if it has not begun.
///
/// ```
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let call: asyncio::ExecutorCall<u8> = event_loop.run_in_executor(|| 7);
///     assert_eq!(call.await, 7);
/// });
/// ```
#[must_use = "dropping it takes the call back: await it, or call `detach`"]
pub struct ExecutorCall<T> {
    call: blocking::Task<T>,
    called_at: &'static Location<'static>,
}

impl<T> ExecutorCall<T> {
    /// Lets the call go on, and drops its value. A run still waits for it at its end.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     event_loop.run_in_executor(|| println!("on another thread")).detach();
    /// });
    /// ```
    pub fn detach(self) {
        self.call.detach();
    }
}

impl<T> std::future::Future for ExecutorCall<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T> {
        Pin::new(&mut self.call).poll(cx)
    }
}

impl<T> std::fmt::Debug for ExecutorCall<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<call on another thread made at {}>", place(self.called_at))
    }
}
