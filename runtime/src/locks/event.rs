//! Telling everybody that something has happened. Mirrors `asyncio.Event`.

use std::cell::Cell;
use std::fmt;

use super::describe;
use super::waiters::Waiters;

/// A flag to wait for. Mirrors `asyncio.Event`.
///
/// Unlike Python's it is not bound to one event loop.
///
/// ```
/// use asyncio::Event;
///
/// asyncio::run(async {
///     let door_open = Event::new();
///     let guest = async {
///         door_open.wait().await;
///         "in"
///     };
///     let host = async { door_open.set() };
///     assert_eq!(asyncio::gather!(guest, host).await.0, "in");
/// });
/// ```
#[derive(Default)]
pub struct Event {
    is_set: Cell<bool>,
    waiters: Waiters,
}

impl Event {
    /// An event that is not set. Mirrors `asyncio.Event()`.
    ///
    /// ```
    /// assert!(!asyncio::Event::new().is_set());
    /// ```
    pub const fn new() -> Self {
        Self { is_set: Cell::new(false), waiters: Waiters::new() }
    }

    /// Whether it is set. Mirrors `Event.is_set()`.
    ///
    /// ```
    /// let event = asyncio::Event::new();
    /// event.set();
    /// assert!(event.is_set());
    /// ```
    pub fn is_set(&self) -> bool {
        self.is_set.get()
    }

    /// Sets it: all who wait go on, in the order they came, though somebody may
    /// [`clear`](Event::clear) it before they do. Mirrors `Event.set()`.
    ///
    /// ```
    /// let event = asyncio::Event::new();
    /// event.set();
    /// asyncio::run(event.wait()); // does not wait
    /// ```
    pub fn set(&self) {
        self.is_set.set(true);
        self.waiters.choose_all(&());
    }

    /// Takes the flag down: who comes from now on waits. Mirrors `Event.clear()`.
    ///
    /// ```
    /// let event = asyncio::Event::new();
    /// event.set();
    /// event.clear();
    /// assert!(!event.is_set());
    /// ```
    pub fn clear(&self) {
        self.is_set.set(false);
    }

    /// Waits until it is set; if it is, not at all. Mirrors `Event.wait()`, which always returns
    /// `True`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// asyncio::run(async {
    ///     let event = Rc::new(asyncio::Event::new());
    ///     let seen = event.clone();
    ///     let task = asyncio::create_task(async move { seen.wait().await });
    ///     asyncio::yield_now().await;
    ///     assert!(!task.is_done());
    ///     event.set();
    ///     task.await.unwrap();
    /// });
    /// ```
    pub async fn wait(&self) {
        if !self.is_set() {
            self.waiters.wait().await;
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_set() { "set" } else { "unset" };
        describe(f, "Event", state, self.waiters.waiting())
    }
}
