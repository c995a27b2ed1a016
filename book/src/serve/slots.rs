//! How many connections may be open at once. What `asyncio.Semaphore` is for.

use std::cell::Cell;
use std::rc::Rc;

use super::signal::Signal;

/// A number of slots, for one taker.
#[derive(Debug)]
pub(super) struct Slots {
    free: Cell<usize>,
    freed: Signal,
}

/// One of the slots; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot(Rc<Slots>);

impl Slots {
    pub(super) fn new(count: usize) -> Rc<Self> {
        Rc::new(Self { free: Cell::new(count), freed: Signal::default() })
    }

    /// Waits until one is free, and takes it.
    pub(super) async fn take(self: &Rc<Self>) -> Slot {
        while self.free.get() == 0 {
            self.freed.wait().await;
        }
        self.free.set(self.free.get() - 1);
        Slot(self.clone())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get() + 1);
        self.0.freed.raise();
    }
}
