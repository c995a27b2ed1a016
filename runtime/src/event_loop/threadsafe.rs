//! Reaching a loop from other threads. Mirrors `loop.call_soon_threadsafe` and
//! `asyncio.run_coroutine_threadsafe`.
//!
//! What is handed in travels through the inbox. What comes back travels through a one-shot channel,
//! so that a value is never touched by two threads: one of `async-channel`'s, which is in the house as a
//! dependency of `blocking`.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};

use async_channel::{Receiver, TrySendError, bounded};
use futures_core::Stream;

use super::core::Core;
use super::inbox::Inbox;
use super::ready::TaskKey;
use crate::context::copy_context;
use crate::exceptions::{Cancelled, LoopClosed, Panicked, Payload, TaskError, place};
use crate::task::cancel::catch_panic;
use crate::task::table;
use crate::task::waker::Letter;

/// An event loop, seen from any thread. Made by [`EventLoop::handle`](crate::EventLoop::handle).
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// let handle = event_loop.handle();
/// let thread = std::thread::spawn(move || {
///     let answer = handle.block_on(async || 6 * 7);
///     handle.call_soon(|| asyncio::get_running_loop().unwrap().stop()).unwrap();
///     answer
/// });
/// event_loop.run_forever();
/// assert_eq!(thread.join().unwrap().unwrap(), 42);
/// event_loop.close();
/// ```
#[derive(Clone)]
pub struct LoopHandle {
    inbox: Arc<Inbox<Letter>>,
    thread: ThreadId,
}

impl LoopHandle {
    pub(crate) fn new(inbox: Arc<Inbox<Letter>>) -> Self {
        Self { inbox, thread: thread::current().id() }
    }

    /// Calls `callback` on the loop's thread, in the loop's next turn; wakes the loop if it waits. It keeps
    /// its place among the callbacks that the loop's own thread schedules.
    /// Mirrors `loop.call_soon_threadsafe(callback)`.
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] when the loop is closed; the callback is dropped.
    ///
    /// # Panics
    ///
    /// A panic in the callback goes to the loop's exception handler.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let handle = event_loop.handle();
    /// std::thread::spawn(move || {
    ///     handle.call_soon(|| asyncio::get_running_loop().unwrap().stop()).unwrap();
    /// });
    /// event_loop.run_forever();
    /// event_loop.close();
    /// ```
    #[doc(alias = "call_soon_threadsafe")]
    #[track_caller]
    pub fn call_soon(&self, callback: impl FnOnce() + Send + 'static) -> Result<(), LoopClosed> {
        let mut context = copy_context();
        let callback = move || context.run(callback);
        self.inbox
            .post(Letter::Call(Box::new(callback), Location::caller()))
            .map_err(|_| LoopClosed)
    }

    /// Makes a task on the loop. Mirrors `asyncio.run_coroutine_threadsafe(coro(), loop)`.
    ///
    /// It takes the function that makes the future, `async || …` or the name of an `async fn`, and
    /// calls it on the loop's thread. So the future may hold what isn't `Send`, as every future that
    /// sleeps does; the function and the value have to be `Send`.
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] when the loop is closed; the function is dropped.
    ///
    /// # Panics
    ///
    /// Never; a panic of the function or its future is part of the task's outcome.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let task = event_loop.handle().spawn(async || {
    ///     asyncio::sleep(std::time::Duration::from_millis(1)).await;
    ///     "done"
    /// });
    /// let task = task.unwrap();
    /// assert_eq!(event_loop.run_until_complete(task).unwrap(), "done");
    /// event_loop.close();
    /// ```
    #[doc(alias = "run_coroutine_threadsafe")]
    #[track_caller]
    pub fn spawn<F, T>(
        &self,
        main: impl FnOnce() -> F + Send + 'static,
    ) -> Result<RemoteTask<T>, LoopClosed>
    where
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let spawned_at = Location::caller();
        let (sender, outcome) = bounded(1);
        let key = Arc::new(OnceLock::new());
        let known = key.clone();
        self.call_soon(move || {
            let tasks = table::running().expect("a callback runs in a running loop");
            let core = tasks.core.clone();
            let report = async move {
                let outcome = catch_panic(async { main().await }).await;
                // What comes back had nobody waiting for it.
                if let Err(TrySendError::Closed(Err(payload))) = sender.try_send(outcome) {
                    report_unseen(&core, payload, spawned_at);
                }
            };
            let task = tasks.spawn(report, spawned_at);
            known.get_or_init(|| task.key());
            task.detach();
        })?;
        Ok(RemoteTask { outcome: Box::pin(outcome), key, handle: self.clone(), spawned_at })
    }

    /// Runs what [`spawn`](LoopHandle::spawn) takes on the loop, and blocks this thread until it is
    /// done.
    ///
    /// # Errors
    ///
    /// [`TaskError::Cancelled`] if the task was cancelled or the loop is closed,
    /// [`TaskError::Panicked`] if it panicked.
    ///
    /// # Panics
    ///
    /// On the loop's own thread, which it would block forever: `.await` the future there.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let (handle, stopper) = (event_loop.handle(), event_loop.handle());
    /// let thread = std::thread::spawn(move || {
    ///     let answer = handle.block_on(async || { 42 });
    ///     stopper.call_soon(|| asyncio::get_running_loop().unwrap().stop()).unwrap();
    ///     answer
    /// });
    /// event_loop.run_forever();
    /// assert_eq!(thread.join().unwrap().unwrap(), 42);
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn block_on<F, T>(&self, main: impl FnOnce() -> F + Send + 'static) -> Result<T, TaskError>
    where
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        self.assert_elsewhere("block_on");
        let task = self.spawn(main).map_err(|closed| {
            TaskError::Cancelled(Cancelled::new(Some(closed.to_string().into())))
        })?;
        task.join()
    }

    #[track_caller]
    fn assert_elsewhere(&self, what: &str) {
        assert!(
            thread::current().id() != self.thread,
            "asyncio: `{what}` on the loop's own thread would block it forever: `.await` instead"
        );
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

/// A task that runs on another thread's loop. Mirrors the `concurrent.futures.Future` that
/// `run_coroutine_threadsafe` returns. Dropping it lets the task go on; what it panics with is then
/// reported to the loop's exception handler.
///
/// It can be awaited on any loop, or waited for with [`join`](RemoteTask::join).
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// let task = event_loop.handle().spawn(async || { 1 + 1 }).unwrap();
/// assert_eq!(event_loop.run_until_complete(task).unwrap(), 2);
/// event_loop.close();
/// ```
#[must_use = "dropping it loses the task's outcome; the task goes on"]
pub struct RemoteTask<T> {
    outcome: Pin<Box<Receiver<Result<T, Payload>>>>,
    /// Where the task is, once the loop has made it.
    key: Arc<OnceLock<TaskKey>>,
    handle: LoopHandle,
    spawned_at: &'static Location<'static>,
}

impl<T> RemoteTask<T> {
    /// Blocks this thread until the task is done, and returns its value.
    /// Mirrors `concurrent.futures.Future.result()`.
    ///
    /// # Errors
    ///
    /// [`TaskError::Cancelled`] if the task was cancelled or the loop closed first,
    /// [`TaskError::Panicked`] if it panicked.
    ///
    /// # Panics
    ///
    /// On the loop's own thread, which it would block forever: `.await` it there.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let task = event_loop.handle().spawn(async || { 42 }).unwrap();
    /// let thread = std::thread::spawn(move || task.join());
    /// event_loop.run_once();
    /// event_loop.run_once();
    /// assert_eq!(thread.join().unwrap().unwrap(), 42);
    /// event_loop.close();
    /// ```
    #[track_caller]
    pub fn join(self) -> Result<T, TaskError> {
        self.handle.assert_elsewhere("RemoteTask::join");
        async_io::block_on(self)
    }

    /// Asks the task to stop, as [`TaskRef::cancel`](crate::TaskRef::cancel) does. Nothing happens if
    /// it is done. Mirrors `concurrent.futures.Future.cancel()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let task = event_loop.handle().spawn(std::future::pending::<()>).unwrap();
    /// task.cancel();
    /// assert!(event_loop.run_until_complete(task).unwrap_err().is_cancelled());
    /// event_loop.close();
    /// ```
    pub fn cancel(&self) {
        let key = self.key.clone();
        let cancel = move || {
            let cell = key.get().and_then(|key| table::running()?.find(*key));
            if let Some(cell) = cell {
                cell.cancel(None);
            }
        };
        // A closed loop has dropped the task.
        let _ = self.handle.call_soon(cancel);
    }
}

impl<T> Future for RemoteTask<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let spawned_at = self.spawned_at;
        self.outcome.as_mut().poll_next(cx).map(|outcome| match outcome {
            Some(Ok(value)) => Ok(value),
            Some(Err(payload)) => Err(TaskError::Panicked(panicked(payload, spawned_at))),
            // The task was dropped with its end of the channel.
            None => Err(TaskError::Cancelled(Cancelled::default())),
        })
    }
}

impl<T> Drop for RemoteTask<T> {
    fn drop(&mut self) {
        // From here on the task itself reports.
        self.outcome.close();
        let Ok(Err(payload)) = self.outcome.try_recv() else { return };
        let spawned_at = self.spawned_at;
        let report = move || {
            let tasks = table::running().expect("a callback runs in a running loop");
            report_unseen(&tasks.core, payload, spawned_at);
        };
        // A closed loop has nobody to tell.
        let _ = self.handle.call_soon(report);
    }
}

/// Reports a panic that nobody has looked at.
fn report_unseen(core: &Core, payload: Payload, spawned_at: &Location<'_>) {
    core.report_panic("a task panicked and nobody awaited it", panicked(payload, spawned_at));
}

fn panicked(payload: Payload, spawned_at: &Location<'_>) -> Panicked {
    Panicked::new(format!("remote task spawned at {}", place(spawned_at)), payload)
}

impl<T> fmt::Debug for RemoteTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<remote task spawned at {}>", place(self.spawned_at))
    }
}
