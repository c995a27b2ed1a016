//! Waiting for one another: locks, events, conditions, semaphores, barriers. Mirrors `asyncio.locks`.
//!
//! All of them stand on one room, `waiters`: who waits, first in, first out. Between it and those who
//! hand out a number of something, the locks, the semaphores and the queues, is `permits`. Nothing in
//! here needs a running loop until somebody waits, and then any executor's will do.
//!
//! What must hold: nobody overtakes a waiter; a waiter that goes away at the very moment it was
//! chosen passes on what it was chosen for (the tests of `locks` and `queues` say so for each).

mod barrier;
mod condition;
mod event;
mod lock;
pub(crate) mod permits;
mod semaphore;
pub(crate) mod waiters;

pub use barrier::{Barrier, BrokenBarrierError};
pub use condition::{Condition, ConditionWait};
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphorePermit};

use std::fmt;

/// `<Lock [locked, waiters:2]>`: how Python shows these.
fn describe(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    state: impl fmt::Display,
    waiting: usize,
) -> fmt::Result {
    write!(f, "<{name} [{state}")?;
    if waiting > 0 {
        write!(f, ", waiters:{waiting}")?;
    }
    f.write_str("]>")
}
