//! Keeping a cancellation from a task. Mirrors `asyncio.shield`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::exceptions::TaskError;
use crate::task::Task;

/// Waits for `task`; when the code that waits is cancelled, or drops this, the task goes on.
/// Mirrors `asyncio.shield(task)`.
///
/// For a future that is no task yet, `shield(create_task(future))`. Keep another way to stop the task,
/// such as a [`TaskRef`](crate::TaskRef) of it: the end of [`run`](crate::run) cancels it like any other.
///
/// # Errors
///
/// As [`Task`]. A panic that comes when nobody waits any more is reported, once.
///
/// # Cancel safety
///
/// Dropping it lets the task go on.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let commit = asyncio::create_task(asyncio::sleep(Duration::from_secs(2)));
/// let seen = asyncio::TaskRef::clone(&commit);
/// let ended = asyncio::wait_for(asyncio::shield(commit), Duration::from_secs(1)).await;
/// assert!(ended.is_err()); // It was waited for no longer than a second,
/// asyncio::sleep(Duration::from_secs(2)).await;
/// assert!(seen.is_done() && !seen.is_cancelled()); // and went on.
/// # });
/// ```
pub fn shield<T: 'static>(task: Task<T>) -> Shield<T> {
    Shield { task }
}

/// The future of [`shield`].
///
/// ```
/// asyncio::run(async {
///     let shielded: asyncio::Shield<u8> = asyncio::shield(asyncio::create_task(async { 1 }));
///     assert_eq!(shielded.await.unwrap(), 1);
/// });
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Shield<T> {
    // Polled only when it is done: so it counts as never awaited, and goes on when it is dropped.
    task: Task<T>,
}

impl<T: 'static> Future for Shield<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.task.is_done() {
            return Pin::new(&mut self.task).poll(cx);
        }
        self.task.wake_when_done(cx);
        Poll::Pending
    }
}

impl<T> fmt::Debug for Shield<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shield").field(&self.task).finish()
    }
}
