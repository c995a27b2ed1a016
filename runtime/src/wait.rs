//! Waiting for some of several tasks, which go on whatever happens here. Mirrors `asyncio.wait` and
//! `asyncio.as_completed`.
//!
//! Both hear of each end by a done callback (see `Completions`), as Python's do.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use crate::event_loop::core::Core;
use crate::event_loop::ready::{TaskKey, Waiter};
use crate::exceptions::{TaskError, TimeoutError};
use crate::task::sleep::{Sleep, sleep};
use crate::task::{DoneCallback, Task, TaskRef, table};

/// When [`wait`](fn@wait) is over. Mirrors `asyncio.FIRST_COMPLETED` and its kin.
///
/// ```
/// use asyncio::{When, create_task, wait};
///
/// asyncio::run(async {
///     let tasks = [create_task(async {}), create_task(std::future::pending())];
///     let (done, pending) = wait(tasks, When::FirstCompleted).await;
///     assert_eq!((done.len(), pending.len()), (1, 1));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A task is done, however it ended. `FIRST_COMPLETED`.
    FirstCompleted,
    /// A task failed, or all are done. A cancelled task counts as done, not as failed.
    /// `FIRST_EXCEPTION`.
    FirstError,
    /// All tasks are done. `ALL_COMPLETED`.
    AllCompleted,
}

/// Waits until some of the `tasks` are done: gives back those that are and those that are not, each in
/// input order. Mirrors `asyncio.wait(tasks, return_when=…)`.
///
/// For [`When::FirstError`], a task failed if it panicked; where tasks return a `Result`,
/// [`try_wait`] looks at that too.
///
/// # Panics
///
/// When there is no task, and when awaited outside a running event loop.
///
/// # Cancel safety
///
/// It never cancels a task: dropping it lets them go on.
///
/// ```
/// use asyncio::{When, create_task, wait};
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let naps = [1, 2, 3].map(|seconds| create_task(asyncio::sleep(Duration::from_secs(seconds))));
/// let limit = Duration::from_millis(2500);
/// let (done, pending) = wait(naps, When::AllCompleted).timeout(limit).await;
/// assert_eq!((done.len(), pending.len()), (2, 1));
/// # });
/// ```
#[track_caller]
pub fn wait<T: 'static>(tasks: impl IntoIterator<Item = Task<T>>, until: When) -> Wait<T> {
    Wait::new(tasks.into_iter().collect(), until, Task::is_panicked)
}

/// [`wait`](fn@wait) for tasks that return a `Result`: for [`When::FirstError`], an `Err` counts as a
/// panic does.
///
/// # Panics
///
/// As [`wait`](fn@wait).
///
/// # Cancel safety
///
/// As [`wait`](fn@wait).
///
/// ```
/// use asyncio::{When, create_task, try_wait};
///
/// asyncio::run(async {
///     let parse = |text: &'static str| create_task(async move { text.parse::<u8>() });
///     let (done, _) = try_wait(["1", "two"].map(parse), When::FirstError).await;
///     assert_eq!(done.len(), 2);
/// });
/// ```
#[track_caller]
pub fn try_wait<T: 'static, E: 'static>(
    tasks: impl IntoIterator<Item = Task<Result<T, E>>>,
    until: When,
) -> Wait<Result<T, E>> {
    let has_failed = |task: &Task<_>| task.is_panicked() || task.has_returned_error();
    Wait::new(tasks.into_iter().collect(), until, has_failed)
}

/// The future of [`wait`](fn@wait).
///
/// ```
/// use asyncio::{Wait, When, create_task, wait};
///
/// asyncio::run(async {
///     let waiting: Wait<()> = wait([create_task(async {})], When::AllCompleted);
///     assert_eq!(waiting.await.0.len(), 1);
/// });
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Wait<T> {
    tasks: Vec<Task<T>>,
    until: When,
    has_failed: fn(&Task<T>) -> bool,
    limit: Option<Sleep>,
    completions: Option<Completions>,
    left: usize,
}

impl<T: 'static> Wait<T> {
    #[track_caller]
    fn new(tasks: Vec<Task<T>>, until: When, has_failed: fn(&Task<T>) -> bool) -> Self {
        assert!(!tasks.is_empty(), "asyncio: wait() was given no task: give it one or more");
        let left = tasks.len();
        Self { tasks, until, has_failed, limit: None, completions: None, left }
    }

    /// Waits for that long at most. When the time is over, that is no error, and nothing is cancelled:
    /// more tasks are pending, that is all. Mirrors `wait(…, timeout=…)`.
    ///
    /// ```
    /// use asyncio::{When, create_task, wait};
    /// use std::time::Duration;
    ///
    /// asyncio::run(async {
    ///     let task = create_task(std::future::pending::<()>());
    ///     let (done, pending) = wait([task], When::AllCompleted).timeout(Duration::ZERO).await;
    ///     assert_eq!((done.len(), pending.len()), (0, 1));
    /// });
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(sleep(limit));
        self
    }

    /// Takes note of the ends that came; whether that is all there is to wait for.
    fn is_over(&mut self, cx: &Context<'_>) -> bool {
        let tasks = &self.tasks;
        let completions = self.completions.get_or_insert_with(|| Completions::of(tasks));
        while let Poll::Ready(index) = completions.poll_next(cx) {
            self.left -= 1;
            let is_enough = match self.until {
                When::FirstCompleted => true,
                When::FirstError => (self.has_failed)(&self.tasks[index]),
                When::AllCompleted => false,
            };
            if is_enough || self.left == 0 {
                return true;
            }
        }
        false
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.limit.as_mut().is_some_and(|limit| Pin::new(limit).poll(cx).is_ready())
    }
}

impl<T: 'static> Future for Wait<T> {
    type Output = (Vec<Task<T>>, Vec<Task<T>>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.is_over(cx) && !self.is_late(cx) {
            return Poll::Pending;
        }
        self.completions = None;
        let tasks = std::mem::take(&mut self.tasks);
        Poll::Ready(tasks.into_iter().partition(|task| task.is_done()))
    }
}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("tasks", &self.tasks)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// The outcomes of `tasks`, in the order in which they become done: a [`Stream`] with a
/// [`next`](AsCompleted::next) of its own. Mirrors `asyncio.as_completed(aws)`.
///
/// It takes tasks, which go on while you deal with an outcome, where Python makes tasks of what it is
/// given. No task: it ends at once.
///
/// # Cancel safety
///
/// It never cancels a task: dropping it lets those that are left go on.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let nap = |seconds| asyncio::create_task(async move {
///     asyncio::sleep(Duration::from_secs(seconds)).await;
///     seconds
/// });
/// let mut done = asyncio::as_completed([3, 1, 2].map(nap));
/// let mut order = vec![];
/// while let Some(seconds) = done.next().await {
///     order.push(seconds.unwrap());
/// }
/// assert_eq!(order, [1, 2, 3]);
/// # });
/// ```
pub fn as_completed<T: 'static>(tasks: impl IntoIterator<Item = Task<T>>) -> AsCompleted<T> {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let completions = Completions::of(&tasks);
    let left = tasks.len();
    AsCompleted { tasks: tasks.into_iter().map(Some).collect(), completions, left }
}

/// The stream of [`as_completed`].
///
/// ```
/// asyncio::run(async {
///     let mut done: asyncio::AsCompleted<()> = asyncio::as_completed([]);
///     assert!(done.next().await.is_none());
/// });
/// ```
#[must_use = "streams do nothing unless you take from them"]
pub struct AsCompleted<T> {
    tasks: Vec<Option<Task<T>>>,
    completions: Completions,
    left: usize,
}

impl<T: 'static> AsCompleted<T> {
    /// The next outcome; `None` after the last one.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: the next call gives the outcome.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let mut done = asyncio::as_completed([asyncio::create_task(async { 1 })]);
    ///     assert_eq!(done.next().await.unwrap().unwrap(), 1);
    ///     assert!(done.next().await.is_none());
    /// });
    /// ```
    pub async fn next(&mut self) -> Option<Result<T, TaskError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Waits for that long at most, for all of them together: what comes then is a [`TimeoutError`], as
    /// the last thing. No task is cancelled. Mirrors `as_completed(…, timeout=…)`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
    /// let never = asyncio::create_task(std::future::pending::<()>());
    /// let mut done = asyncio::as_completed([never]).timeout(Duration::from_secs(1));
    /// assert!(done.next().await.unwrap().is_err());
    /// assert!(done.next().await.is_none());
    /// # });
    /// ```
    pub fn timeout(self, limit: Duration) -> AsCompletedTimeout<T> {
        AsCompletedTimeout { done: self, limit, timer: Some(sleep(limit)) }
    }
}

impl<T: 'static> Stream for AsCompleted<T> {
    type Item = Result<T, TaskError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let index = ready!(self.completions.poll_next(cx));
        self.left -= 1;
        let mut task = self.tasks[index].take().expect("a task becomes done once");
        Pin::new(&mut task).poll(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

/// The stream of [`AsCompleted::timeout`].
///
/// ```
/// use std::time::Duration;
///
/// asyncio::run(async {
///     let task = asyncio::create_task(async { 1 });
///     let mut done: asyncio::AsCompletedTimeout<u8> =
///         asyncio::as_completed([task]).timeout(Duration::from_secs(9));
///     assert_eq!(done.next().await.unwrap().unwrap().unwrap(), 1);
/// });
/// ```
#[must_use = "streams do nothing unless you take from them"]
pub struct AsCompletedTimeout<T> {
    done: AsCompleted<T>,
    limit: Duration,
    /// `None`: the time is over.
    timer: Option<Sleep>,
}

impl<T: 'static> AsCompletedTimeout<T> {
    /// The next outcome, or that the time is over; `None` after the last one.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: the next call gives the outcome.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// asyncio::run(async {
    ///     let never = asyncio::create_task(std::future::pending::<()>());
    ///     let mut done = asyncio::as_completed([never]).timeout(Duration::ZERO);
    ///     assert_eq!(done.next().await.unwrap().unwrap_err().after(), Duration::ZERO);
    /// });
    /// ```
    pub async fn next(&mut self) -> Option<Result<Result<T, TaskError>, TimeoutError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: 'static> Stream for AsCompletedTimeout<T> {
    type Item = Result<Result<T, TaskError>, TimeoutError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(timer) = &mut this.timer else { return Poll::Ready(None) };
        if let Poll::Ready(next) = Pin::new(&mut this.done).poll_next(cx) {
            return Poll::Ready(next.map(Ok));
        }
        ready!(Pin::new(timer).poll(cx));
        this.timer = None;
        Poll::Ready(Some(Err(TimeoutError::new(this.limit))))
    }
}

impl<T> fmt::Debug for AsCompletedTimeout<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout").field("done", &self.done).finish_non_exhaustive()
    }
}

/// Tells which of several tasks became done, in that order, each once.
struct Completions {
    shared: Rc<Ends>,
    /// The task that waits, as the tasks were told.
    watcher: Cell<Option<TaskKey>>,
    callbacks: Vec<(TaskRef, DoneCallback)>,
}

#[derive(Default)]
struct Ends {
    indices: RefCell<VecDeque<usize>>,
    waiter: Cell<Option<(Rc<Core>, Waiter)>>,
}

impl Completions {
    fn of<T>(tasks: &[Task<T>]) -> Self {
        let shared = Rc::new(Ends::default());
        let watch = |(index, task): (usize, &Task<T>)| {
            let ends = shared.clone();
            (TaskRef::clone(task), task.add_done_callback(move || ends.push(index)))
        };
        let callbacks = tasks.iter().enumerate().map(watch).collect();
        Self { shared, watcher: Cell::new(None), callbacks }
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<usize> {
        let next = self.shared.indices.borrow_mut().pop_front();
        if let Some(index) = next {
            return Poll::Ready(index);
        }
        let core = table::running_core("wait");
        let watcher = table::current_key(&core);
        if self.watcher.replace(watcher) != watcher {
            self.callbacks.iter().for_each(|(task, _)| task.set_watcher(watcher));
        }
        let waiter = table::waiter(&core, cx);
        drop(self.shared.waiter.replace(Some((core, waiter))));
        Poll::Pending
    }
}

impl Ends {
    fn push(&self, index: usize) {
        self.indices.borrow_mut().push_back(index);
        if let Some((core, waiter)) = self.waiter.take() {
            core.wake(waiter);
        }
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        for (task, callback) in self.callbacks.drain(..) {
            task.remove_done_callback(callback);
            task.set_watcher(None);
        }
    }
}
