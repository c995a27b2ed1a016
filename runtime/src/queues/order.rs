//! In which order a queue gives its items out. Mirrors the `_init`, `_put` and `_get` that Python's
//! queues override.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// In which order a queue gives its items out: [`Fifo`], [`Lifo`] or [`Priority`]. Nothing else can
/// be one.
///
/// ```
/// use asyncio::{AnyQueue, Order};
///
/// async fn first<O: Order<Item = u8>>(queue: &AnyQueue<O>) -> u8 {
///     queue.get().await.unwrap()
/// }
///
/// asyncio::run(async {
///     let queue = asyncio::PriorityQueue::new(2);
///     queue.put_nowait(2).unwrap();
///     queue.put_nowait(1).unwrap();
///     assert_eq!(first(&queue).await, 1);
/// });
/// ```
pub trait Order: Storage + Default {}

/// What holds the items. It can't be named outside, so nobody else can write an [`Order`].
pub trait Storage {
    /// What the queue holds.
    type Item;
    #[doc(hidden)]
    const NAME: &'static str;
    #[doc(hidden)]
    fn push(&mut self, item: Self::Item);
    #[doc(hidden)]
    fn pop(&mut self) -> Option<Self::Item>;
    #[doc(hidden)]
    fn len(&self) -> usize;
}

/// First in, first out: the order of a [`Queue`](crate::Queue).
///
/// ```
/// fn size(queue: &asyncio::AnyQueue<asyncio::Fifo<u8>>) -> usize {
///     queue.len()
/// }
/// assert_eq!(size(&asyncio::Queue::new(1)), 0);
/// ```
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out: the order of a [`LifoQueue`](crate::LifoQueue).
///
/// ```
/// fn size(queue: &asyncio::AnyQueue<asyncio::Lifo<u8>>) -> usize {
///     queue.len()
/// }
/// assert_eq!(size(&asyncio::LifoQueue::new(1)), 0);
/// ```
pub struct Lifo<T>(Vec<T>);

/// The least first, equal ones in the order they came: the order of a
/// [`PriorityQueue`](crate::PriorityQueue).
///
/// ```
/// fn size(queue: &asyncio::AnyQueue<asyncio::Priority<u8>>) -> usize {
///     queue.len()
/// }
/// assert_eq!(size(&asyncio::PriorityQueue::new(1)), 0);
/// ```
pub struct Priority<T> {
    heap: BinaryHeap<Reverse<Numbered<T>>>,
    next: u64,
}

/// An item and when it came.
struct Numbered<T> {
    item: T,
    number: u64,
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Order for Fifo<T> {}

impl<T> Storage for Fifo<T> {
    type Item = T;
    const NAME: &'static str = "Queue";

    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Order for Lifo<T> {}

impl<T> Storage for Lifo<T> {
    type Item = T;
    const NAME: &'static str = "LifoQueue";

    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Default for Priority<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next: 0 }
    }
}

impl<T: Ord> Order for Priority<T> {}

impl<T: Ord> Storage for Priority<T> {
    type Item = T;
    const NAME: &'static str = "PriorityQueue";

    fn push(&mut self, item: T) {
        self.heap.push(Reverse(Numbered { item, number: self.next }));
        self.next += 1;
    }

    fn pop(&mut self) -> Option<T> {
        self.heap.pop().map(|Reverse(numbered)| numbered.item)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T: Ord> Ord for Numbered<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.item.cmp(&other.item).then(self.number.cmp(&other.number))
    }
}

impl<T: Ord> PartialOrd for Numbered<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Numbered<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Ord> Eq for Numbered<T> {}
