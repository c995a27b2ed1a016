//! What all queues can do: [`AnyQueue`]. Mirrors the methods of `asyncio.Queue`.
//!
//! What must hold: an item that was put is got once, unless a shutdown drops it; a getter or putter
//! that goes away passes on what it was promised (`every_item_arrives_once_whoever_is_cancelled`).

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::errors::{GetNowaitError, PutNowaitError, QueueShutDown};
use super::order::Order;
use crate::locks::permits::{Acquire, Permits};
use crate::locks::waiters::Waiters;

/// What a [`Queue`](crate::Queue), a [`LifoQueue`](crate::LifoQueue) and a
/// [`PriorityQueue`](crate::PriorityQueue) can do. Mirrors the methods of `asyncio.Queue`.
///
/// Strictly first in, first out among those who wait: an item is promised to the first getter, a place
/// to the first putter, and nobody who comes later can take it. Python's may be overtaken. Unlike
/// Python's it is not bound to one event loop.
///
/// ```
/// asyncio::run(async {
///     let queue = asyncio::Queue::new(1);
///     queue.put("item").await.unwrap();
///     assert_eq!(queue.get().await.unwrap(), "item");
/// });
/// ```
pub struct AnyQueue<O> {
    items: RefCell<O>,
    maxsize: Option<usize>,
    /// One for each item that no getter was promised.
    filled: Permits<ShutDown>,
    /// One for each place that no putter was promised.
    vacant: Permits<ShutDown>,
    /// Items that were put and not yet said to be done.
    unfinished: Cell<usize>,
    /// Those who wait until all are.
    joining: Waiters,
    is_shut_down: Cell<bool>,
}

/// There will be no more items, or places.
#[derive(Clone, Copy)]
struct ShutDown;

impl<O: Order> AnyQueue<O> {
    #[track_caller]
    pub(super) fn new(maxsize: usize) -> Self {
        assert!(
            maxsize > 0,
            "asyncio: a queue with room for 0 items takes none: give 1 or more, or use `unbounded`"
        );
        Self::with_room(Some(maxsize))
    }

    pub(super) fn unbounded() -> Self {
        Self::with_room(None)
    }

    fn with_room(maxsize: Option<usize>) -> Self {
        Self {
            items: RefCell::default(),
            maxsize,
            filled: Permits::new(0),
            vacant: Permits::new(maxsize.unwrap_or(usize::MAX)),
            unfinished: Cell::new(0),
            joining: Waiters::new(),
            is_shut_down: Cell::new(false),
        }
    }

    /// Puts an item; waits while there is no place. Mirrors `Queue.put()`.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`], with the item, when the queue is shut down, before or meanwhile.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped while it waits, the item was not put, and is dropped; a place it was promised
    /// goes to the next.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::new(1);
    ///     queue.put(1).await.unwrap();
    ///     assert!(queue.is_full());
    /// });
    /// ```
    pub async fn put(&self, item: O::Item) -> Result<(), QueueShutDown<O::Item>> {
        if self.is_shut_down() || self.vacant.acquire().await.is_err() {
            return Err(QueueShutDown::new(item));
        }
        if self.is_shut_down() {
            // Since the place was promised.
            self.vacant.give();
            return Err(QueueShutDown::new(item));
        }
        self.insert(item);
        Ok(())
    }

    /// Puts an item at once or not at all. Mirrors `Queue.put_nowait()`.
    ///
    /// # Errors
    ///
    /// With the item: [`PutNowaitError::QueueFull`] when there is no place that nobody was promised,
    /// [`PutNowaitError::QueueShutDown`].
    ///
    /// ```
    /// let queue = asyncio::Queue::new(1);
    /// assert!(queue.put_nowait(1).is_ok());
    /// assert!(queue.put_nowait(2).is_err());
    /// ```
    pub fn put_nowait(&self, item: O::Item) -> Result<(), PutNowaitError<O::Item>> {
        if self.is_shut_down() {
            return Err(PutNowaitError::QueueShutDown(item));
        }
        if !self.vacant.try_take() {
            return Err(PutNowaitError::QueueFull(item));
        }
        self.insert(item);
        Ok(())
    }

    /// Takes an item; waits while there is none. Mirrors `Queue.get()`.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`] when the queue was shut down and no item is left.
    ///
    /// # Cancel safety
    ///
    /// No item is lost when it is dropped: one it was promised goes to the next.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::unbounded();
    ///     queue.put_nowait(1).unwrap();
    ///     assert_eq!(queue.get().await.unwrap(), 1);
    /// });
    /// ```
    pub async fn get(&self) -> Result<O::Item, QueueShutDown> {
        self.getting().await.ok_or(QueueShutDown::new(()))
    }

    /// Takes an item that is there. Mirrors `Queue.get_nowait()`.
    ///
    /// # Errors
    ///
    /// [`GetNowaitError::QueueEmpty`] when there is no item that nobody was promised;
    /// [`GetNowaitError::QueueShutDown`] when there will be none, either.
    ///
    /// ```
    /// let queue = asyncio::Queue::new(1);
    /// assert!(queue.get_nowait().is_err());
    /// queue.put_nowait(1).unwrap();
    /// assert_eq!(queue.get_nowait().unwrap(), 1);
    /// ```
    pub fn get_nowait(&self) -> Result<O::Item, GetNowaitError> {
        let item = self.filled.try_take().then(|| self.remove()).flatten();
        item.ok_or(if self.is_shut_down() {
            GetNowaitError::QueueShutDown
        } else {
            GetNowaitError::QueueEmpty
        })
    }

    /// The items as a stream, which ends when the queue was shut down and no item is left. Python has
    /// a loop around `get` in its place.
    ///
    /// # Cancel safety
    ///
    /// As for [`get`](AnyQueue::get), no item is lost when it is dropped.
    ///
    /// ```
    /// use futures::StreamExt;
    ///
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::new(2);
    ///     queue.put_nowait(1).unwrap();
    ///     queue.put_nowait(2).unwrap();
    ///     queue.shutdown(false);
    ///     assert_eq!(queue.stream().collect::<Vec<_>>().await, [1, 2]);
    /// });
    /// ```
    pub fn stream(&self) -> QueueStream<'_, O> {
        QueueStream { getting: self.getting() }
    }

    /// Says that an item that was got is dealt with, for [`join`](AnyQueue::join). Mirrors
    /// `Queue.task_done()`.
    ///
    /// # Panics
    ///
    /// When it is called more often than items were put. Python raises `ValueError`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::new(1);
    ///     queue.put(1).await.unwrap();
    ///     queue.get().await.unwrap();
    ///     queue.task_done();
    ///     queue.join().await;
    /// });
    /// ```
    #[track_caller]
    pub fn task_done(&self) {
        assert!(
            self.unfinished.get() > 0,
            "task_done() called too many times: call it once for each item that was put"
        );
        self.finish(1);
    }

    /// Waits until every item that was put was got and said to be done. Mirrors `Queue.join()`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::new(2);
    ///     let worker = async {
    ///         while queue.get().await.is_ok() {
    ///             queue.task_done();
    ///         }
    ///     };
    ///     let boss = async {
    ///         queue.put("first").await.unwrap();
    ///         queue.put("second").await.unwrap();
    ///         queue.join().await;
    ///         queue.shutdown(false);
    ///     };
    ///     asyncio::gather!(worker, boss).await;
    /// });
    /// ```
    pub async fn join(&self) {
        if self.unfinished.get() > 0 {
            self.joining.wait().await;
        }
    }

    /// Takes no more items from now on: those who wait to put get [`QueueShutDown`], those who get go
    /// on until no item is left. `immediate`: the items are dropped, and count as done. Mirrors
    /// `Queue.shutdown(immediate)` of Python 3.13.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::new(1);
    ///     queue.put(1).await.unwrap();
    ///     queue.shutdown(false);
    ///     assert!(queue.put(2).await.is_err());
    ///     assert_eq!(queue.get().await, Ok(1));
    ///     assert!(queue.get().await.is_err());
    /// });
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        self.is_shut_down.set(true);
        self.vacant.turn_away(&ShutDown);
        self.filled.turn_away(&ShutDown);
        if immediate {
            self.drop_items();
        }
    }

    /// How many items are in it. Mirrors `Queue.qsize()`.
    ///
    /// ```
    /// let queue = asyncio::Queue::unbounded();
    /// queue.put_nowait(1).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Whether there is no item to get at once: one that was promised to a getter doesn't count.
    /// Mirrors `Queue.empty()`.
    ///
    /// ```
    /// assert!(asyncio::Queue::<u8>::new(1).is_empty());
    /// ```
    #[doc(alias = "empty")]
    pub fn is_empty(&self) -> bool {
        self.filled.free() == 0
    }

    /// Whether there is no place to put an item at once: one that was promised to a putter doesn't
    /// count. Mirrors `Queue.full()`.
    ///
    /// ```
    /// let queue = asyncio::Queue::new(1);
    /// queue.put_nowait(1).unwrap();
    /// assert!(queue.is_full());
    /// ```
    #[doc(alias = "full")]
    pub fn is_full(&self) -> bool {
        self.vacant.free() == 0
    }

    /// For how many items it has room; `None`: for any number. Mirrors `Queue.maxsize`.
    ///
    /// ```
    /// assert_eq!(asyncio::Queue::<u8>::new(3).maxsize(), Some(3));
    /// ```
    pub fn maxsize(&self) -> Option<usize> {
        self.maxsize
    }

    fn is_shut_down(&self) -> bool {
        self.is_shut_down.get()
    }

    fn getting(&self) -> Getting<'_, O> {
        Getting { queue: self, acquire: self.filled.acquire() }
    }

    /// Puts an item into a place that was taken for it.
    fn insert(&self, item: O::Item) {
        self.items.borrow_mut().push(item);
        self.unfinished.set(self.unfinished.get() + 1);
        self.filled.give();
    }

    /// Takes an item that was promised. `None`: a shutdown has dropped it.
    fn remove(&self) -> Option<O::Item> {
        let item = self.items.borrow_mut().pop()?;
        self.vacant.give();
        Some(item)
    }

    fn finish(&self, count: usize) {
        let left = self.unfinished.get().saturating_sub(count);
        self.unfinished.set(left);
        if left == 0 {
            self.joining.choose_all(&());
        }
    }

    fn drop_items(&self) {
        let items = self.items.take();
        self.filled.take_all();
        for _ in 0..items.len() {
            self.vacant.give();
        }
        self.finish(items.len());
        // Last: their destructors may come back here.
        drop(items);
    }
}

/// Takes an item; ready again and again. `None`: the queue was shut down.
struct Getting<'a, O> {
    queue: &'a AnyQueue<O>,
    acquire: Acquire<'a, ShutDown>,
}

impl<O: Order> Future for Getting<'_, O> {
    type Output = Option<O::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let queue = self.queue;
        if queue.is_shut_down() && queue.is_empty() && !self.acquire.has_begun() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.acquire).poll(cx).map(|told| told.ok().and_then(|()| queue.remove()))
    }
}

/// The items of a queue; made by [`AnyQueue::stream`].
///
/// ```
/// use futures::StreamExt;
///
/// asyncio::run(async {
///     let queue = asyncio::Queue::new(1);
///     queue.put_nowait(1).unwrap();
///     let mut items: asyncio::QueueStream<'_, _> = queue.stream();
///     assert_eq!(items.next().await, Some(1));
/// });
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct QueueStream<'a, O> {
    getting: Getting<'a, O>,
}

impl<O: Order> Stream for QueueStream<'_, O> {
    type Item = O::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O::Item>> {
        Pin::new(&mut self.getting).poll(cx)
    }
}

impl<O: Order> fmt::Debug for AnyQueue<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", O::NAME)?;
        if let Some(maxsize) = self.maxsize {
            write!(f, " maxsize={maxsize}")?;
        }
        let counts = [
            ("items", self.len()),
            ("getters", self.filled.waiting()),
            ("putters", self.vacant.waiting()),
            ("tasks", self.unfinished.get()),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, " {name}={count}")?;
        }
        f.write_str(if self.is_shut_down() { " shut down>" } else { ">" })
    }
}
