//! Deadlines for what is awaited. Mirrors `asyncio.timeouts` and `asyncio.wait_for`.
//!
//! What runs under a deadline is a block (see `task::block`) of the task that awaits it; where the
//! deadline passes, the block is cancelled by itself.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::event_loop::core::Core;
use crate::event_loop::ready::Waiter;
use crate::event_loop::timers::Rank;
use crate::exceptions::{Cancelled, TimeoutError};
use crate::task::block::Block;
use crate::task::cell::Request;
use crate::task::sleep::{Sleep, sleep_until};
use crate::task::table::{self, Tasks};

/// Awaits `future` for `delay` at most. Mirrors `async with asyncio.timeout(delay)`.
///
/// When the time is over, what `future` waits for is cancelled, as by [`cancel`](crate::TaskRef::cancel):
/// a [`catch_cancel`](crate::catch_cancel) in there may clean up, and is waited for; if it goes on and
/// returns a value, the value counts. The time runs from the first poll. A delay of zero lets `future`
/// run to its first suspension.
///
/// Only `future` is cancelled, not the task around it, so
/// [`cancelling`](crate::TaskRef::cancelling) doesn't count it; Python's does meanwhile.
///
/// # Errors
///
/// [`TimeoutError`] if this deadline ended `future`. Where an outer timeout passed as well, or the task
/// was cancelled, that one's end comes out instead.
///
/// # Panics
///
/// When awaited outside a running event loop.
///
/// # Cancel safety
///
/// A cancelled task cancels `future`; dropping this drops `future`.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let hour = asyncio::sleep(Duration::from_secs(3600));
/// let error = asyncio::timeout(Duration::from_secs(1), hour).await.unwrap_err();
/// assert_eq!(error.to_string(), "timed out after 1s");
/// # });
/// ```
pub async fn timeout<F: IntoFuture>(delay: Duration, future: F) -> Result<F::Output, TimeoutError> {
    let start = Start::now();
    let when = start.now.checked_add(delay);
    let ended = drive(start, when, None, pin!(future.into_future())).await;
    end(start, when, ended).await
}

/// Awaits `future` until `deadline` at most, on the loop's clock: `EventLoop::time() + delay`.
/// Mirrors `async with asyncio.timeout_at(when)`; [`timeout`] has the rules. A deadline in the past lets
/// `future` run to its first suspension.
///
/// # Errors
///
/// As [`timeout`].
///
/// # Panics
///
/// When awaited outside a running event loop.
///
/// # Cancel safety
///
/// As [`timeout`].
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let deadline = asyncio::get_running_loop().unwrap().time() + Duration::from_secs(3);
/// for delay in [1, 1] {
///     let work = asyncio::sleep(Duration::from_secs(delay));
///     asyncio::timeout_at(deadline, work).await.unwrap();
/// }
/// let late = asyncio::sleep(Duration::from_secs(2));
/// assert!(asyncio::timeout_at(deadline, late).await.is_err());
/// # });
/// ```
pub async fn timeout_at<F: IntoFuture>(
    deadline: Instant,
    future: F,
) -> Result<F::Output, TimeoutError> {
    let (start, when) = (Start::now(), Some(deadline));
    let ended = drive(start, when, None, pin!(future.into_future())).await;
    end(start, when, ended).await
}

/// [`timeout`] with its arguments as Python's `asyncio.wait_for(aw, timeout)` has them. A task that is
/// given by its handle is cancelled when the time is over; put a `shield` around it
/// to let it go on.
///
/// Python's starts nothing when the time is zero; this one lets `future` run to its first suspension.
///
/// # Errors
///
/// As [`timeout`].
///
/// # Panics
///
/// When awaited outside a running event loop.
///
/// # Cancel safety
///
/// As [`timeout`].
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let task = asyncio::create_task(asyncio::sleep(Duration::from_secs(5)));
/// let seen = asyncio::TaskRef::clone(&task);
/// assert!(asyncio::wait_for(task, Duration::from_secs(1)).await.is_err());
/// assert!(seen.is_cancelled());
/// # });
/// ```
pub async fn wait_for<F: IntoFuture>(
    future: F,
    delay: Duration,
) -> Result<F::Output, TimeoutError> {
    timeout(delay, future).await
}

/// A deadline that can be moved while it runs. Mirrors `asyncio.Timeout`.
///
/// A clone is another handle to the same deadline, for other tasks and callbacks.
///
/// ```
/// use asyncio::Timeout;
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let event_loop = asyncio::get_running_loop().unwrap();
/// let idle = Duration::from_secs(2);
/// let deadline = Timeout::new(event_loop.time() + idle);
/// let connection = async {
///     for _ in 0..3 {
///         asyncio::sleep(Duration::from_secs(1)).await; // a message came
///         deadline.reschedule(Some(event_loop.time() + idle));
///     }
///     std::future::pending::<()>().await; // silence
/// };
/// let error = deadline.run(connection).await.unwrap_err();
/// assert_eq!(error.after(), Duration::from_secs(5));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Timeout {
    shared: Rc<Shared>,
}

struct Shared {
    when: Cell<Option<Instant>>,
    stage: Cell<Stage>,
    /// The deadline is another one than that which is waited for.
    is_moved: Cell<bool>,
    /// Who waits for the deadline.
    waiter: Cell<Option<Waiter>>,
    core: Cell<Option<Rc<Core>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Created,
    Active,
    /// The deadline has passed: what ran under it is being cancelled.
    Expired,
    /// It ended before the deadline.
    Finished,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} when={:?}", self.stage.get(), self.when.get())
    }
}

impl Timeout {
    /// A deadline at `when`, or none yet. Mirrors `asyncio.timeout_at(when)` and `asyncio.timeout(None)`.
    ///
    /// ```
    /// assert_eq!(asyncio::Timeout::new(None).when(), None);
    /// ```
    pub fn new(when: impl Into<Option<Instant>>) -> Self {
        let shared = Shared {
            when: Cell::new(when.into()),
            stage: Cell::new(Stage::Created),
            is_moved: Cell::new(false),
            waiter: Cell::new(None),
            core: Cell::new(None),
        };
        Self { shared: Rc::new(shared) }
    }

    /// Awaits `future` under this deadline, once. Mirrors `async with`.
    ///
    /// # Errors
    ///
    /// As [`timeout`].
    ///
    /// # Panics
    ///
    /// A second time, and outside a running event loop.
    ///
    /// # Cancel safety
    ///
    /// As [`timeout`].
    ///
    /// ```
    /// # asyncio::run(async {
    /// assert_eq!(asyncio::Timeout::new(None).run(async { 42 }).await, Ok(42));
    /// # });
    /// ```
    pub async fn run<F: IntoFuture>(&self, future: F) -> Result<F::Output, TimeoutError> {
        let start = Start::now();
        let _entered = self.enter();
        let handle = Some(&*self.shared);
        let ended = drive(start, self.when(), handle, pin!(future.into_future())).await;
        end(start, self.when(), ended).await
    }

    /// The deadline, on the loop's clock. Mirrors `Timeout.when()`.
    ///
    /// ```
    /// let when = std::time::Instant::now();
    /// assert_eq!(asyncio::Timeout::new(when).when(), Some(when));
    /// ```
    pub fn when(&self) -> Option<Instant> {
        self.shared.when.get()
    }

    /// Moves the deadline; `None`: there is none any more. One in the past lets the loop's turn end first.
    /// Mirrors `Timeout.reschedule(when)`.
    ///
    /// # Panics
    ///
    /// When the deadline has passed, or what ran under it has ended. Before the run it's fine, where
    /// Python complains.
    ///
    /// ```
    /// # asyncio::run(async {
    /// let deadline = asyncio::Timeout::new(std::time::Instant::now());
    /// deadline.reschedule(None);
    /// assert!(deadline.run(asyncio::yield_now()).await.is_ok());
    /// # });
    /// ```
    #[track_caller]
    pub fn reschedule(&self, when: Option<Instant>) {
        let stage = self.shared.stage.get();
        assert!(
            matches!(stage, Stage::Created | Stage::Active),
            "asyncio: a timeout that has {} cannot be moved: make another one",
            if stage == Stage::Expired { "expired" } else { "finished" }
        );
        self.shared.when.set(when);
        self.shared.is_moved.set(true);
        let core = self.shared.core.take();
        self.shared.core.set(core.clone());
        if let (Some(core), Some(waiter)) = (core, self.shared.waiter.take()) {
            core.wake(waiter);
        }
    }

    /// Whether the deadline has passed while it ran. Mirrors `Timeout.expired()`.
    ///
    /// ```
    /// # asyncio::run(async {
    /// let deadline = asyncio::Timeout::new(std::time::Instant::now());
    /// deadline.run(std::future::pending::<()>()).await.unwrap_err();
    /// assert!(deadline.is_expired());
    /// # });
    /// ```
    #[doc(alias = "expired")]
    pub fn is_expired(&self) -> bool {
        self.shared.stage.get() == Stage::Expired
    }

    fn enter(&self) -> Entered<'_> {
        let is_first = self.shared.stage.replace(Stage::Active) == Stage::Created;
        assert!(is_first, "asyncio: a `Timeout` has been entered already: make one for each use");
        self.shared.core.set(Some(table::running_core("timeout")));
        self.shared.is_moved.set(false);
        Entered(&self.shared)
    }
}

/// When a timeout was begun.
#[derive(Clone, Copy)]
struct Start {
    now: Instant,
    rank: Rank,
}

impl Start {
    fn now() -> Self {
        let start = table::with_running(|Tasks { core, .. }| Self {
            now: core.clock.now(),
            rank: core.timers.rank(),
        });
        start.unwrap_or_else(|| table::outside_a_loop("timeout"))
    }
}

enum Ended<T> {
    Value(T),
    TimedOut,
    Cancelled(Cancelled),
}

/// Awaits `future` until the deadline passes, which is at `when`, unless somebody moves it by its handle.
///
/// A timer is set only when `future` is not ready at once, which most are that have a deadline for the
/// bad case alone; it has the rank of one that was set before.
async fn drive<F: Future>(
    start: Start,
    when: Option<Instant>,
    handle: Option<&Shared>,
    mut future: Pin<&mut F>,
) -> Ended<F::Output> {
    let mut block = Block::default();
    let mut alarm = Alarm::new(start, when);
    poll_fn(|cx| {
        if alarm.rings(handle, cx) {
            handle.inspect(|handle| handle.stage.set(Stage::Expired));
            block.cancel(Request::next());
        }
        let Poll::Ready(outcome) = block.poll(future.as_mut(), cx) else {
            alarm.wait(handle, cx);
            return Poll::Pending;
        };
        Poll::Ready(match outcome {
            Ok(value) => Ended::Value(value),
            Err(_) if alarm.has_rung && block.was_own() => Ended::TimedOut,
            Err(cancelled) => Ended::Cancelled(cancelled),
        })
    })
    .await
}

/// `future` is dropped: what it held is free when others hear of its end.
async fn end<T>(start: Start, when: Option<Instant>, ended: Ended<T>) -> Result<T, TimeoutError> {
    match ended {
        Ended::Value(value) => Ok(value),
        Ended::TimedOut => {
            let after = when.map(|when| when.saturating_duration_since(start.now));
            Err(TimeoutError::new(after.unwrap_or_default()))
        }
        Ended::Cancelled(cancelled) => cancelled.raise().await,
    }
}

/// Tells when the deadline has passed, which it does once.
struct Alarm {
    timer: AlarmTimer,
    has_rung: bool,
}

enum AlarmTimer {
    /// To be set when what runs under the deadline is pending.
    Unset(Instant, Rank),
    Set(Sleep),
    Off,
}

impl Alarm {
    fn new(start: Start, when: Option<Instant>) -> Self {
        let timer = match when {
            Some(when) if when > start.now => AlarmTimer::Unset(when, start.rank),
            // It has passed: the timer's turn is counted from before the first poll, as in Python.
            Some(when) => AlarmTimer::Set(sleep_until(when)),
            None => AlarmTimer::Off,
        };
        Self { timer, has_rung: false }
    }

    fn rings(&mut self, handle: Option<&Shared>, cx: &mut Context<'_>) -> bool {
        if let Some(handle) = handle
            && handle.is_moved.take()
        {
            let moved = handle.when.get().map(sleep_until);
            self.timer = moved.map_or(AlarmTimer::Off, AlarmTimer::Set);
        }
        let AlarmTimer::Set(sleep) = &mut self.timer else { return false };
        let rings = Pin::new(sleep).poll(cx).is_ready();
        if rings {
            (self.timer, self.has_rung) = (AlarmTimer::Off, true);
        }
        rings
    }

    /// Sets the timer, and leaves word of whom a moved deadline concerns.
    fn wait(&mut self, handle: Option<&Shared>, cx: &mut Context<'_>) {
        // What ran may have moved it. A new timer gives way for a turn at least.
        if handle.is_some_and(|handle| handle.is_moved.get()) {
            self.rings(handle, cx);
        }
        if let AlarmTimer::Unset(when, rank) = self.timer {
            let core = table::running_core("timeout");
            self.timer = AlarmTimer::Set(Sleep::begun(core, rank, when, cx));
        }
        if let Some(handle) = handle {
            let waiter = table::waiter(&table::running_core("timeout"), cx);
            drop(handle.waiter.replace(Some(waiter)));
        }
    }
}

/// While it lives, the deadline runs.
struct Entered<'a>(&'a Shared);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.0.stage.get() == Stage::Active {
            self.0.stage.set(Stage::Finished);
        }
        drop((self.0.waiter.take(), self.0.core.take()));
    }
}
