//! Waiting until the value of a lock is as one needs it. Mirrors `asyncio.Condition`.
//!
//! What must hold: a wait that returns has its lock again, also where a cancellation comes out of it;
//! a notification that reached a wait which then goes away goes to another one.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::describe;
use super::lock::LockGuard;
use super::permits::Acquire;
use super::waiters::{Wait, Waiters};
use crate::exceptions::Cancelled;
use crate::task::cancel;
use crate::task::cancel_point::CancelPoint;
use crate::task::points::Kind;

/// Waits until the value of a [`Lock`](crate::Lock) is as one needs it. Mirrors `asyncio.Condition`.
///
/// Python's holds a lock, its own or one that was given to it; here a wait is given the guard, so
/// that several conditions can go with one lock, and no wait can be without it. Python refuses to
/// notify without the lock; here that is fine, since the value can't have changed without it.
///
/// ```
/// use asyncio::{Condition, Lock};
///
/// asyncio::run(async {
///     let (stock, delivered) = (Lock::new(0), Condition::new());
///     let shop = async {
///         let mut stock = stock.acquire().await;
///         delivered.wait_for(&mut stock, |stock| *stock >= 3).await;
///         *stock -= 3;
///     };
///     let farmer = async {
///         *stock.acquire().await += 5;
///         delivered.notify(1);
///     };
///     asyncio::gather!(shop, farmer).await;
///     assert_eq!(stock.into_inner(), 2);
/// });
/// ```
#[derive(Default)]
pub struct Condition {
    waiters: Waiters,
}

impl Condition {
    /// A condition nobody waits for. Mirrors `asyncio.Condition()`.
    ///
    /// ```
    /// let condition = asyncio::Condition::new();
    /// condition.notify_all();
    /// ```
    pub const fn new() -> Self {
        Self { waiters: Waiters::new() }
    }

    /// Releases the lock, waits to be notified, and waits for the lock again. Mirrors
    /// `Condition.wait()`, which always returns `True`.
    ///
    /// It may also return when the value is not as needed: [`wait_for`](Condition::wait_for) looks.
    ///
    /// # Panics
    ///
    /// When the guard holds no lock, since an earlier wait with it was dropped midway.
    ///
    /// # Cancel safety
    ///
    /// When the *task* is cancelled, the cancellation comes out of the wait once it has the lock again,
    /// as in Python: a [`catch_cancel`](crate::catch_cancel) around it finds the guard as it was.
    /// *Dropping* the wait midway (`select!` does) can't wait for the lock, so the guard is left
    /// without: touching the value panics; drop the guard and acquire the lock again. Either way a
    /// notification that had reached it goes to the next who waits.
    ///
    /// ```
    /// use asyncio::{Condition, Lock};
    ///
    /// asyncio::run(async {
    ///     let (open, changed) = (Lock::new(false), Condition::new());
    ///     let guest = async {
    ///         let mut open = open.acquire().await;
    ///         while !*open {
    ///             changed.wait(&mut open).await;
    ///         }
    ///     };
    ///     let host = async {
    ///         *open.acquire().await = true;
    ///         changed.notify_all();
    ///     };
    ///     asyncio::gather!(guest, host).await;
    /// });
    /// ```
    pub fn wait<'a, 'l, T>(&'a self, guard: &'a mut LockGuard<'l, T>) -> ConditionWait<'a, 'l, T> {
        let stage = Stage::Waiting(self.waiters.wait());
        ConditionWait { condition: self, guard, point: None, cancelled: None, stage }
    }

    /// Waits until `predicate` says that the value is as needed. Mirrors
    /// `Condition.wait_for(predicate)`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Condition::wait) does.
    ///
    /// # Cancel safety
    ///
    /// That of [`wait`](Condition::wait).
    ///
    /// ```
    /// use asyncio::{Condition, Lock};
    ///
    /// asyncio::run(async {
    ///     let (lock, condition) = (Lock::new(7), Condition::new());
    ///     let mut guard = lock.acquire().await;
    ///     condition.wait_for(&mut guard, |value| *value == 7).await; // it is: does not wait
    /// });
    /// ```
    pub async fn wait_for<T>(
        &self,
        guard: &mut LockGuard<'_, T>,
        mut predicate: impl FnMut(&mut T) -> bool,
    ) {
        while !predicate(guard) {
            self.wait(guard).await;
        }
    }

    /// Wakes up to `n` of those who wait, those that came first; they go on when they have the lock
    /// again. Mirrors `Condition.notify(n)`; Python's default is 1.
    ///
    /// ```
    /// asyncio::Condition::new().notify(1); // nobody waits: nothing happens
    /// ```
    pub fn notify(&self, n: usize) {
        for _ in 0..n.min(self.waiters.waiting()) {
            let _ = self.waiters.choose(());
        }
    }

    /// Wakes all who wait. Mirrors `Condition.notify_all()`.
    ///
    /// ```
    /// asyncio::Condition::new().notify_all();
    /// ```
    pub fn notify_all(&self) {
        self.waiters.choose_all(&());
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.waiters.waiting();
        describe(f, "Condition", if waiting == 0 { "idle" } else { "awaited" }, waiting)
    }
}

/// The future of [`Condition::wait`].
///
/// ```
/// # asyncio::run(async {
/// let (lock, condition) = (asyncio::Lock::new(()), asyncio::Condition::new());
/// let mut guard = lock.acquire().await;
/// let wait: asyncio::ConditionWait<'_, '_, ()> = condition.wait(&mut guard);
/// drop(wait); // never polled: the guard keeps its lock
/// assert!(lock.is_locked());
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct ConditionWait<'a, 'l, T> {
    condition: &'a Condition,
    guard: &'a mut LockGuard<'l, T>,
    point: Option<CancelPoint>,
    /// A cancellation that comes out when the lock is back.
    cancelled: Option<Cancelled>,
    stage: Stage<'a, 'l>,
}

enum Stage<'a, 'l> {
    /// To be notified; the lock is released at the first poll.
    Waiting(Wait<'a>),
    /// For the lock.
    Acquiring {
        acquire: Acquire<'l>,
        was_notified: bool,
    },
    Over,
}

impl<T> ConditionWait<'_, '_, T> {
    fn has_begun(&self) -> bool {
        !matches!(&self.stage, Stage::Waiting(wait) if !wait.has_begun())
    }

    /// Goes on to wait for the lock.
    fn reacquire(&mut self, was_notified: bool) {
        self.stage = Stage::Acquiring { acquire: self.guard.acquire(), was_notified };
    }

    /// Is cancelled: the lock is to be had back first.
    fn keep(&mut self, cancelled: Cancelled) {
        self.cancelled = Some(cancelled);
        if let Stage::Waiting(wait) = &mut self.stage {
            let was_notified = wait.leave().is_some();
            self.reacquire(was_notified);
        }
    }

    /// Has the lock again.
    fn finish(&mut self) -> Poll<()> {
        self.guard.take_back();
        match self.cancelled.take() {
            None => self.stage = Stage::Over,
            Some(cancelled) => {
                self.give_up();
                if let Some(point) = &self.point {
                    return point.raise(cancelled);
                }
            }
        }
        self.point = None;
        Poll::Ready(())
    }

    /// Passes on a notification that nobody will follow.
    fn give_up(&mut self) {
        let was_notified = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Waiting(mut wait) => wait.leave().is_some(),
            Stage::Acquiring { was_notified, .. } => was_notified,
            Stage::Over => false,
        };
        if was_notified {
            self.condition.notify(1);
        }
    }
}

impl<T> Future for ConditionWait<'_, '_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.point.as_ref().is_some_and(CancelPoint::has_raised) {
            return Poll::Pending;
        }
        if let Some(cancelled) = cancel::take_signal(&mut this.point, Kind::Hold, cx) {
            this.keep(cancelled);
        }
        if !this.has_begun() {
            this.guard.assert_held();
            this.guard.release();
        }
        if let Stage::Waiting(wait) = &mut this.stage {
            if Pin::new(wait).poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.reacquire(true);
        }
        if let Stage::Acquiring { acquire, .. } = &mut this.stage {
            let Poll::Ready(Ok(())) = Pin::new(acquire).poll(cx) else { return Poll::Pending };
        }
        this.finish()
    }
}

impl<T> Drop for ConditionWait<'_, '_, T> {
    fn drop(&mut self) {
        self.give_up();
    }
}
