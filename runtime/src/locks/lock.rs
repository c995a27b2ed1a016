//! A value that one task at a time may touch, across awaits. Mirrors `asyncio.Lock`.

use std::cell::{RefCell, RefMut};
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::describe;
use super::permits::{Acquire, Permits};

/// A value that one task at a time may touch, also while it awaits. Mirrors `asyncio.Lock`, which has
/// no value of its own: `Lock::new(())`.
///
/// Strictly first in, first out: who releases it hands it to the first who waits. Until that one
/// runs, the lock counts as locked, where Python's counts as unlocked though nobody else could take
/// it. A panic while it is held releases it, as leaving `async with` does. Where no await comes in
/// between, a `RefCell` is enough: nothing else runs meanwhile.
///
/// Unlike Python's it is not bound to one event loop.
///
/// ```
/// use asyncio::{Lock, yield_now};
///
/// asyncio::run(async {
///     let account = Lock::new(0);
///     let deposit = async |amount| {
///         let mut balance = account.acquire().await;
///         let before = *balance;
///         yield_now().await; // nobody gets in between
///         *balance = before + amount;
///     };
///     asyncio::gather!(deposit(1), deposit(2)).await;
///     assert_eq!(account.into_inner(), 3);
/// });
/// ```
pub struct Lock<T = ()> {
    permits: Permits,
    value: RefCell<T>,
}

impl<T> Lock<T> {
    /// A lock around `value`, unlocked. Mirrors `asyncio.Lock()`.
    ///
    /// ```
    /// assert!(!asyncio::Lock::new(()).is_locked());
    /// ```
    pub const fn new(value: T) -> Self {
        Self { permits: Permits::new(1), value: RefCell::new(value) }
    }

    /// Waits for the lock and takes it; dropping the guard releases it. Mirrors `async with lock` and
    /// `Lock.acquire()`.
    ///
    /// A task that asks for a lock that it holds waits for ever.
    ///
    /// # Cancel safety
    ///
    /// Who is dropped while waiting loses its place in the line; a lock that was handed to it goes to
    /// the next.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let lock = asyncio::Lock::new(1);
    ///     *lock.acquire().await += 1;
    ///     assert_eq!(*lock.acquire().await, 2);
    /// });
    /// ```
    pub async fn acquire(&self) -> LockGuard<'_, T> {
        let Ok(()) = self.permits.acquire().await;
        self.guard()
    }

    /// Takes the lock if that can be done at once. Python asks `locked()` first.
    ///
    /// ```
    /// let lock = asyncio::Lock::new(());
    /// let held = lock.try_acquire();
    /// assert!(held.is_some());
    /// assert!(lock.try_acquire().is_none());
    /// ```
    pub fn try_acquire(&self) -> Option<LockGuard<'_, T>> {
        self.permits.try_take().then(|| self.guard())
    }

    /// Whether somebody holds it, or is about to. Mirrors `Lock.locked()`.
    ///
    /// ```
    /// let lock = asyncio::Lock::new(());
    /// let held = lock.try_acquire();
    /// assert!(lock.is_locked());
    /// drop(held);
    /// assert!(!lock.is_locked());
    /// ```
    #[doc(alias = "locked")]
    pub fn is_locked(&self) -> bool {
        self.permits.is_locked()
    }

    /// The value; nobody can hold the lock.
    ///
    /// ```
    /// let mut lock = asyncio::Lock::new(1);
    /// *lock.get_mut() += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// The value, out of the lock.
    ///
    /// ```
    /// assert_eq!(asyncio::Lock::new("value").into_inner(), "value");
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// The guard of one who was given the permit.
    fn guard(&self) -> LockGuard<'_, T> {
        LockGuard { value: Some(self.value.borrow_mut()), lock: self }
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_locked() { "locked" } else { "unlocked" };
        describe(f, "Lock", state, self.permits.waiting())
    }
}

/// Holds a [`Lock`]; dropping it releases the lock. Python's `async with lock`.
///
/// # Panics
///
/// Touching the value, when the guard has given its lock up: when a
/// [`Condition::wait`](crate::Condition::wait) with it was dropped midway.
///
/// ```
/// asyncio::run(async {
///     let lock = asyncio::Lock::new(vec![1]);
///     let mut guard: asyncio::LockGuard<'_, Vec<u8>> = lock.acquire().await;
///     guard.push(2);
///     drop(guard);
///     assert!(!lock.is_locked());
/// });
/// ```
#[must_use = "the lock is released when the guard is dropped, so it should be kept while it is needed"]
pub struct LockGuard<'a, T = ()> {
    /// None: a condition has released the lock for the time of its wait.
    value: Option<RefMut<'a, T>>,
    lock: &'a Lock<T>,
}

impl<'a, T> LockGuard<'a, T> {
    /// Releases the lock, if it is held.
    pub(super) fn release(&mut self) {
        if let Some(value) = self.value.take() {
            drop(value);
            self.lock.permits.give();
        }
    }

    /// Waits for the lock that was released; then, [`take_back`](LockGuard::take_back).
    pub(super) fn acquire(&self) -> Acquire<'a> {
        self.lock.permits.acquire()
    }

    pub(super) fn take_back(&mut self) {
        self.value = Some(self.lock.value.borrow_mut());
    }

    pub(super) fn assert_held(&self) {
        assert!(self.value.is_some(), "{GIVEN_UP}");
    }
}

const GIVEN_UP: &str = "asyncio: this guard holds no lock any more, since a `Condition::wait` with it \
                        was dropped midway: drop the guard and `acquire` the lock again";

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        self.value.as_deref().expect(GIVEN_UP)
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_deref_mut().expect(GIVEN_UP)
    }
}

impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        self.release();
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => (**value).fmt(f),
            None => f.write_str("(given up)"),
        }
    }
}
