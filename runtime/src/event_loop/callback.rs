//! A function the loop will call once, and the handle that can take it back.
//!
//! A ground room: the ready queue and the timers hold callbacks, the event loop makes them.
//! Mirrors Python's `asyncio.events.Handle`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use crate::context::{self, Context};
use crate::exceptions::place;

/// A function to call once, and where it was scheduled.
pub(crate) struct Callback {
    function: RefCell<Option<Box<dyn FnOnce()>>>,
    cancelled: Cell<bool>,
    scheduled_at: &'static Location<'static>,
    /// Counts a loop's callbacks up, so that closing it can drop them in creation order.
    serial: u64,
    /// The current one of the code that scheduled it.
    context: Cell<Context>,
}

impl Callback {
    pub(crate) fn new(
        function: Box<dyn FnOnce()>,
        scheduled_at: &'static Location<'static>,
        serial: u64,
    ) -> Rc<Self> {
        Rc::new(Self {
            function: RefCell::new(Some(function)),
            cancelled: Cell::new(false),
            scheduled_at,
            serial,
            context: Cell::new(context::copy_context()),
        })
    }

    /// Hands the function out, once.
    pub(crate) fn take(&self) -> Option<Box<dyn FnOnce()>> {
        self.function.borrow_mut().take()
    }

    /// Calls `function`, which must not panic, in the context that the callback was scheduled in.
    pub(crate) fn in_context(&self, function: impl FnOnce()) {
        context::swap(&self.context);
        function();
        context::swap(&self.context);
    }

    pub(crate) fn scheduled_at(&self) -> &'static Location<'static> {
        self.scheduled_at
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    fn cancel(&self) {
        self.cancelled.set(true);
        drop(self.take());
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callback scheduled at {}", place(self.scheduled_at))
    }
}

/// A callback on its way. Mirrors Python's `asyncio.Handle`.
///
/// Dropping it changes nothing; [`cancel`](Handle::cancel) takes the callback back.
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// let handle = event_loop.call_soon(|| unreachable!("it was cancelled"));
/// handle.cancel();
/// event_loop.run_once();
/// assert!(handle.is_cancelled());
/// event_loop.close();
/// ```
#[derive(Clone)]
pub struct Handle {
    callback: Rc<Callback>,
}

impl Handle {
    pub(crate) fn new(callback: Rc<Callback>) -> Self {
        Self { callback }
    }

    /// Takes the callback back and drops it. After it has run, and a second time, this does
    /// nothing.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let handle = event_loop.call_soon(|| unreachable!());
    /// handle.cancel();
    /// handle.cancel();
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    pub fn cancel(&self) {
        self.callback.cancel();
    }

    /// Whether [`cancel`](Handle::cancel) was called. Mirrors `Handle.cancelled()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// assert!(!event_loop.call_soon(|| {}).is_cancelled());
    /// event_loop.close();
    /// ```
    #[doc(alias = "cancelled")]
    pub fn is_cancelled(&self) -> bool {
        self.callback.cancelled.get()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_cancelled() { " (cancelled)" } else { "" };
        write!(f, "<{}{state}>", self.callback)
    }
}
