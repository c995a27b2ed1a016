//! The handle of a callback that waits for its time. Mirrors `asyncio.events.TimerHandle`.

use std::rc::{Rc, Weak};
use std::time::Instant;

use super::callback::{Callback, Handle};
use super::core::Core;
use super::timers::TimerKey;

/// A callback that waits for its time. Mirrors `asyncio.TimerHandle`.
///
/// ```
/// use std::time::Duration;
///
/// let event_loop = asyncio::new_event_loop();
/// let timer = event_loop.call_later(Duration::from_secs(60), || unreachable!());
/// timer.cancel();
/// assert!(timer.is_cancelled());
/// event_loop.close();
/// ```
#[derive(Clone, Debug)]
pub struct TimerHandle {
    handle: Handle,
    when: Option<Instant>,
    key: Option<TimerKey>,
    core: Weak<Core>,
}

impl TimerHandle {
    pub(super) fn new(
        callback: Rc<Callback>,
        when: Option<Instant>,
        key: Option<TimerKey>,
        core: &Rc<Core>,
    ) -> Self {
        Self { handle: Handle::new(callback), when, key, core: Rc::downgrade(core) }
    }

    /// Takes the callback back and drops it; its place in the timer queue is free at once. After it
    /// has run, and a second time, this does nothing. Mirrors `TimerHandle.cancel()`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.call_later(Duration::ZERO, || unreachable!()).cancel();
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    pub fn cancel(&self) {
        self.handle.cancel();
        if let (Some(core), Some(key)) = (self.core.upgrade(), self.key) {
            drop(core.timers.remove(key));
        }
    }

    /// Whether [`cancel`](TimerHandle::cancel) was called. Mirrors `TimerHandle.cancelled()`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// assert!(!event_loop.call_later(Duration::ZERO, || {}).is_cancelled());
    /// event_loop.close();
    /// ```
    #[doc(alias = "cancelled")]
    pub fn is_cancelled(&self) -> bool {
        self.handle.is_cancelled()
    }

    /// The deadline, on the loop's clock; `None` if it is beyond what an [`Instant`] can hold, and so
    /// never comes. Mirrors `TimerHandle.when()`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// assert!(event_loop.call_later(Duration::from_secs(1), || {}).when() > Some(event_loop.time()));
    /// assert_eq!(event_loop.call_later(Duration::MAX, || {}).when(), None);
    /// event_loop.close();
    /// ```
    pub fn when(&self) -> Option<Instant> {
        self.when
    }
}
