//! Handing items from task to task. Mirrors `asyncio.queues`.
//!
//! A queue is its items (`order`) and two numbers of permits (`locks::permits`): one for each item
//! that no getter was promised, and one for each place that no putter was. Who waits for either is in
//! line there. `any` is what all queues can do; in here are the three that differ in nothing but their
//! order.

mod any;
mod errors;
mod order;

pub use any::{AnyQueue, QueueStream};
pub use errors::{GetNowaitError, PutNowaitError, QueueShutDown};
pub use order::{Fifo, Lifo, Order, Priority};

use std::fmt;
use std::ops::Deref;

/// A queue, first in, first out. Mirrors `asyncio.Queue`.
///
/// What it can do is [`AnyQueue`]'s. It has room for `maxsize` items, and [`put`](AnyQueue::put) waits
/// while it is full: else a producer that is faster than its consumer fills the memory. Where that
/// can't be, there is [`unbounded`](Queue::unbounded), which is Python's default.
///
/// ```
/// use asyncio::Queue;
///
/// asyncio::run(async {
///     let queue = Queue::new(2);
///     let producer = async {
///         for number in 1..=5 {
///             queue.put(number).await.unwrap();
///         }
///         queue.shutdown(false);
///     };
///     let consumer = async {
///         let mut sum = 0;
///         while let Ok(number) = queue.get().await {
///             sum += number;
///         }
///         sum
///     };
///     assert_eq!(asyncio::gather!(producer, consumer).await.1, 15);
/// });
/// ```
pub struct Queue<T> {
    any: AnyQueue<Fifo<T>>,
}

impl<T> Queue<T> {
    /// A queue with room for `maxsize` items. Mirrors `asyncio.Queue(maxsize)`.
    ///
    /// # Panics
    ///
    /// When `maxsize` is 0, which means "no limit" in Python: that is
    /// [`unbounded`](Queue::unbounded).
    ///
    /// ```
    /// assert_eq!(asyncio::Queue::<u8>::new(2).maxsize(), Some(2));
    /// ```
    #[track_caller]
    pub fn new(maxsize: usize) -> Self {
        Self { any: AnyQueue::new(maxsize) }
    }

    /// A queue that is never full. Mirrors `asyncio.Queue()`.
    ///
    /// ```
    /// assert_eq!(asyncio::Queue::<u8>::unbounded().maxsize(), None);
    /// ```
    pub fn unbounded() -> Self {
        Self { any: AnyQueue::unbounded() }
    }
}

impl<T> Deref for Queue<T> {
    type Target = AnyQueue<Fifo<T>>;

    fn deref(&self) -> &Self::Target {
        &self.any
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}

/// A queue, last in, first out. Mirrors `asyncio.LifoQueue`.
///
/// What it can do is [`AnyQueue`]'s.
///
/// ```
/// let queue = asyncio::LifoQueue::new(2);
/// queue.put_nowait(1).unwrap();
/// queue.put_nowait(2).unwrap();
/// assert_eq!(queue.get_nowait().unwrap(), 2);
/// ```
pub struct LifoQueue<T> {
    any: AnyQueue<Lifo<T>>,
}

impl<T> LifoQueue<T> {
    /// A queue with room for `maxsize` items. Mirrors `asyncio.LifoQueue(maxsize)`.
    ///
    /// # Panics
    ///
    /// When `maxsize` is 0: that is [`unbounded`](LifoQueue::unbounded).
    ///
    /// ```
    /// assert_eq!(asyncio::LifoQueue::<u8>::new(2).maxsize(), Some(2));
    /// ```
    #[track_caller]
    pub fn new(maxsize: usize) -> Self {
        Self { any: AnyQueue::new(maxsize) }
    }

    /// A queue that is never full. Mirrors `asyncio.LifoQueue()`.
    ///
    /// ```
    /// assert_eq!(asyncio::LifoQueue::<u8>::unbounded().maxsize(), None);
    /// ```
    pub fn unbounded() -> Self {
        Self { any: AnyQueue::unbounded() }
    }
}

impl<T> Deref for LifoQueue<T> {
    type Target = AnyQueue<Lifo<T>>;

    fn deref(&self) -> &Self::Target {
        &self.any
    }
}

impl<T> fmt::Debug for LifoQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}

/// A queue that gives the least item first. Mirrors `asyncio.PriorityQueue`.
///
/// What it can do is [`AnyQueue`]'s. Items are often pairs, `(priority, data)`;
/// [`std::cmp::Reverse`] turns the order round. Equal items come in the order they were put, in Python
/// in any.
///
/// ```
/// let queue = asyncio::PriorityQueue::new(3);
/// for item in [(2, "code"), (1, "eat"), (3, "sleep")] {
///     queue.put_nowait(item).unwrap();
/// }
/// assert_eq!(queue.get_nowait().unwrap(), (1, "eat"));
/// ```
pub struct PriorityQueue<T: Ord> {
    any: AnyQueue<Priority<T>>,
}

impl<T: Ord> PriorityQueue<T> {
    /// A queue with room for `maxsize` items. Mirrors `asyncio.PriorityQueue(maxsize)`.
    ///
    /// # Panics
    ///
    /// When `maxsize` is 0: that is [`unbounded`](PriorityQueue::unbounded).
    ///
    /// ```
    /// assert_eq!(asyncio::PriorityQueue::<u8>::new(2).maxsize(), Some(2));
    /// ```
    #[track_caller]
    pub fn new(maxsize: usize) -> Self {
        Self { any: AnyQueue::new(maxsize) }
    }

    /// A queue that is never full. Mirrors `asyncio.PriorityQueue()`.
    ///
    /// ```
    /// assert_eq!(asyncio::PriorityQueue::<u8>::unbounded().maxsize(), None);
    /// ```
    pub fn unbounded() -> Self {
        Self { any: AnyQueue::unbounded() }
    }
}

impl<T: Ord> Deref for PriorityQueue<T> {
    type Target = AnyQueue<Priority<T>>;

    fn deref(&self) -> &Self::Target {
        &self.any
    }
}

impl<T: Ord> fmt::Debug for PriorityQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}
