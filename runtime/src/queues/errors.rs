//! Why a queue gave no item, or took none. Mirrors `asyncio.QueueEmpty`, `QueueFull` and
//! `QueueShutDown`.

use std::error::Error;
use std::fmt;

/// The queue was shut down: it takes no item any more, or has none left. Mirrors
/// `asyncio.QueueShutDown`.
///
/// [`put`](crate::AnyQueue::put) gives the item back in it.
///
/// ```
/// asyncio::run(async {
///     let queue = asyncio::Queue::new(1);
///     queue.shutdown(false);
///     let error: asyncio::QueueShutDown<&str> = queue.put("item").await.unwrap_err();
///     assert_eq!(error.to_string(), "the queue was shut down");
///     assert_eq!(error.into_item(), "item");
///     assert!(queue.get().await.is_err());
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueueShutDown<T = ()> {
    item: T,
}

impl<T> QueueShutDown<T> {
    pub(super) fn new(item: T) -> Self {
        Self { item }
    }

    /// The item that was to be put.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let queue = asyncio::Queue::unbounded();
    ///     queue.shutdown(false);
    ///     assert_eq!(queue.put(7).await.unwrap_err().into_item(), 7);
    /// });
    /// ```
    pub fn into_item(self) -> T {
        self.item
    }
}

// Not derived, so that an error with an item that can't be shown can be shown.
impl<T> fmt::Debug for QueueShutDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueShutDown")
    }
}

impl<T> fmt::Display for QueueShutDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHUT_DOWN)
    }
}

impl<T> Error for QueueShutDown<T> {}

/// Why [`get_nowait`](crate::AnyQueue::get_nowait) gave no item. Python has an exception for each.
///
/// ```
/// let queue = asyncio::Queue::<u8>::new(1);
/// assert_eq!(queue.get_nowait(), Err(asyncio::GetNowaitError::QueueEmpty));
/// queue.shutdown(false);
/// assert_eq!(queue.get_nowait(), Err(asyncio::GetNowaitError::QueueShutDown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetNowaitError {
    /// There is no item now. Mirrors `asyncio.QueueEmpty`.
    QueueEmpty,
    /// There will be no item any more. Mirrors `asyncio.QueueShutDown`.
    QueueShutDown,
}

impl fmt::Display for GetNowaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueEmpty => "the queue is empty: `get` waits for an item",
            Self::QueueShutDown => SHUT_DOWN,
        })
    }
}

impl Error for GetNowaitError {}

/// Why [`put_nowait`](crate::AnyQueue::put_nowait) took no item; it gives it back. Python has an
/// exception for each.
///
/// ```
/// use asyncio::PutNowaitError;
///
/// let queue = asyncio::Queue::new(1);
/// queue.put_nowait(1).unwrap();
/// assert!(matches!(queue.put_nowait(2), Err(PutNowaitError::QueueFull(2))));
/// queue.shutdown(false);
/// assert!(matches!(queue.put_nowait(3), Err(PutNowaitError::QueueShutDown(3))));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PutNowaitError<T> {
    /// There is no place now. Mirrors `asyncio.QueueFull`.
    QueueFull(T),
    /// The queue takes no item any more. Mirrors `asyncio.QueueShutDown`.
    QueueShutDown(T),
}

impl<T> PutNowaitError<T> {
    /// The item that was to be put.
    ///
    /// ```
    /// let queue = asyncio::Queue::new(1);
    /// queue.put_nowait("first").unwrap();
    /// assert_eq!(queue.put_nowait("second").unwrap_err().into_item(), "second");
    /// ```
    pub fn into_item(self) -> T {
        match self {
            Self::QueueFull(item) | Self::QueueShutDown(item) => item,
        }
    }
}

impl<T> fmt::Debug for PutNowaitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull(_) => "QueueFull",
            Self::QueueShutDown(_) => "QueueShutDown",
        })
    }
}

impl<T> fmt::Display for PutNowaitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull(_) => "the queue is full: `put` waits for a place",
            Self::QueueShutDown(_) => SHUT_DOWN,
        })
    }
}

impl<T> Error for PutNowaitError<T> {}

const SHUT_DOWN: &str = "the queue was shut down";
