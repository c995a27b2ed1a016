//! Letting so many in at a time and no more. Mirrors `asyncio.Semaphore` and
//! `asyncio.BoundedSemaphore`.

use std::fmt;
use std::ops::Deref;

use super::describe;
use super::permits::Permits;

/// Lets a number of tasks in at a time. Mirrors `asyncio.Semaphore`.
///
/// Strictly first in, first out: a permit that is given back is handed to the first who waits.
/// Unlike Python's it is not bound to one event loop.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let clock = asyncio::get_running_loop().unwrap();
/// let start = clock.time();
/// let two_at_a_time = asyncio::Semaphore::new(2);
/// let fetch = async || {
///     let _permit = two_at_a_time.acquire().await;
///     asyncio::sleep(Duration::from_secs(1)).await;
/// };
/// asyncio::gather([fetch(), fetch(), fetch(), fetch()]).await;
/// assert_eq!(clock.time() - start, Duration::from_secs(2));
/// # });
/// ```
pub struct Semaphore {
    permits: Permits,
    /// Of a bounded one, the most that may be free.
    bound: Option<usize>,
}

impl Semaphore {
    /// A semaphore with this many permits. Mirrors `asyncio.Semaphore(value)`; Python's default is 1.
    ///
    /// ```
    /// assert!(asyncio::Semaphore::new(0).is_locked());
    /// ```
    pub const fn new(value: usize) -> Self {
        Self { permits: Permits::new(value), bound: None }
    }

    /// Waits for a permit; dropping it gives it back. Mirrors `async with semaphore` and
    /// `Semaphore.acquire()`.
    ///
    /// # Cancel safety
    ///
    /// Who is dropped while waiting loses its place in the line; a permit that was handed to it goes
    /// to the next.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let semaphore = asyncio::Semaphore::new(1);
    ///     let permit = semaphore.acquire().await;
    ///     assert!(semaphore.is_locked());
    ///     drop(permit);
    ///     assert!(!semaphore.is_locked());
    /// });
    /// ```
    pub async fn acquire(&self) -> SemaphorePermit<'_> {
        let Ok(()) = self.permits.acquire().await;
        SemaphorePermit { semaphore: self }
    }

    /// Takes a permit if one is free. Python asks `locked()` first.
    ///
    /// ```
    /// let semaphore = asyncio::Semaphore::new(1);
    /// let permit = semaphore.try_acquire();
    /// assert!(permit.is_some());
    /// assert!(semaphore.try_acquire().is_none());
    /// ```
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_take().then_some(SemaphorePermit { semaphore: self })
    }

    /// Adds a permit, or gives one back whose guard was [forgotten](SemaphorePermit::forget); the
    /// first who waits gets it. Mirrors `Semaphore.release()`.
    ///
    /// # Panics
    ///
    /// Of a [`BoundedSemaphore`]: when all its permits are free already. Python raises `ValueError`.
    ///
    /// ```
    /// let semaphore = asyncio::Semaphore::new(0);
    /// semaphore.release();
    /// assert!(semaphore.try_acquire().is_some());
    /// ```
    #[track_caller]
    pub fn release(&self) {
        assert!(
            !self.is_full(),
            "BoundedSemaphore released too many times: all its permits are free already, so release \
             once for each `forget`"
        );
        self.permits.give();
    }

    /// Whether [`acquire`](Semaphore::acquire) would have to wait. Mirrors `Semaphore.locked()`.
    ///
    /// ```
    /// let semaphore = asyncio::Semaphore::new(1);
    /// assert!(!semaphore.is_locked());
    /// ```
    #[doc(alias = "locked")]
    pub fn is_locked(&self) -> bool {
        self.permits.is_locked()
    }

    fn is_full(&self) -> bool {
        self.bound.is_some_and(|bound| self.permits.free() >= bound)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.bound.is_some() { "BoundedSemaphore" } else { "Semaphore" };
        let waiting = self.permits.waiting();
        if self.is_locked() {
            return describe(f, name, "locked", waiting);
        }
        describe(f, name, format_args!("unlocked, value:{}", self.permits.free()), waiting)
    }
}

/// Holds one permit of a [`Semaphore`]; dropping it gives it back. Python's `async with semaphore`.
///
/// ```
/// asyncio::run(async {
///     let semaphore = asyncio::Semaphore::new(1);
///     let permit: asyncio::SemaphorePermit<'_> = semaphore.acquire().await;
///     drop(permit);
/// });
/// ```
#[must_use = "the permit is given back when this is dropped, so it should be kept while it is needed"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
}

impl SemaphorePermit<'_> {
    /// Keeps the permit taken: somebody else gives it back with [`Semaphore::release`]. Python's
    /// `await semaphore.acquire()` without `async with`.
    ///
    /// ```
    /// let semaphore = asyncio::Semaphore::new(1);
    /// semaphore.try_acquire().unwrap().forget();
    /// assert!(semaphore.is_locked());
    /// semaphore.release();
    /// assert!(!semaphore.is_locked());
    /// ```
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        // A panic while another one is on its way would end the process.
        if !(std::thread::panicking() && self.semaphore.is_full()) {
            self.semaphore.release();
        }
    }
}

/// A [`Semaphore`] that panics when more permits are given back than were taken. Mirrors
/// `asyncio.BoundedSemaphore`.
///
/// ```
/// asyncio::run(async {
///     let seats = asyncio::BoundedSemaphore::new(1);
///     let seat = seats.acquire().await;
///     assert!(seats.is_locked());
///     drop(seat);
/// });
/// ```
pub struct BoundedSemaphore {
    semaphore: Semaphore,
}

impl BoundedSemaphore {
    /// A semaphore with this many permits and never more. Mirrors `asyncio.BoundedSemaphore(value)`.
    ///
    /// ```should_panic
    /// asyncio::BoundedSemaphore::new(1).release();
    /// ```
    pub const fn new(value: usize) -> Self {
        Self { semaphore: Semaphore { permits: Permits::new(value), bound: Some(value) } }
    }
}

impl Deref for BoundedSemaphore {
    type Target = Semaphore;

    fn deref(&self) -> &Semaphore {
        &self.semaphore
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semaphore.fmt(f)
    }
}
