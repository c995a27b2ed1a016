//! What the loop says, and to whom: the exception handler and debug mode. Mirrors the same methods of
//! `BaseEventLoop`.

use std::rc::Rc;
use std::time::Duration;

use super::EventLoop;
use crate::exceptions::ExceptionContext;

impl EventLoop {
    /// Says who is told what nobody else handles: panics in callbacks, and in tasks that nobody
    /// awaits. Without one, a line goes to standard error.
    /// Mirrors `loop.set_exception_handler(handler)`.
    ///
    /// A handler that panics is reported itself, in the default way, with what it was told.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_exception_handler(|context| println!("oh dear: {context}"));
    /// event_loop.call_soon(|| panic!("boom"));
    /// event_loop.run_once();
    /// event_loop.close();
    /// ```
    pub fn set_exception_handler(&self, handler: impl Fn(&ExceptionContext) + 'static) {
        self.core().set_exception_handler(Some(Rc::new(handler)));
    }

    /// Goes back to the default handler. Mirrors `loop.set_exception_handler(None)`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_exception_handler(|_| unreachable!());
    /// event_loop.reset_exception_handler();
    /// event_loop.call_exception_handler(&asyncio::ExceptionContext::new("on standard error"));
    /// event_loop.close();
    /// ```
    pub fn reset_exception_handler(&self) {
        self.core().set_exception_handler(None);
    }

    /// Tells the exception handler. Mirrors `loop.call_exception_handler(context)`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_exception_handler(|context| assert_eq!(context.message(), "odd"));
    /// event_loop.call_exception_handler(&asyncio::ExceptionContext::new("odd"));
    /// event_loop.close();
    /// ```
    pub fn call_exception_handler(&self, context: &ExceptionContext) {
        self.core().report(context);
    }

    /// Turns debug mode on or off. Mirrors `loop.set_debug(enabled)`; `ASYNCIO_DEBUG=1` does it without a
    /// change of code.
    ///
    /// On, a line on standard error tells of
    /// - each callback and each poll that took
    ///   [`slow_callback_duration`](EventLoop::set_slow_callback_duration) or longer;
    /// - a task that never ran, since the run or the loop ended first; and one that was waiting when its
    ///   loop was closed;
    /// - a task that is awaited in the run of another loop, where nobody runs it;
    /// - a virtual clock that has no deadline to jump to.
    ///
    /// And a process that is sent SIGUSR1 prints who awaits whom: see
    /// [`print_call_graph`](crate::print_call_graph).
    ///
    /// Python's debug mode also catches a `call_soon` from another thread. Here that doesn't compile, since
    /// an `EventLoop` can't leave its thread; [`LoopHandle`](crate::LoopHandle) can. A
    /// [`Waker`](std::task::Waker) may be called by any thread at any time; after its task is done, or its
    /// loop closed, it does nothing.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_debug(true);
    /// assert!(event_loop.is_debug());
    /// event_loop.close();
    /// ```
    pub fn set_debug(&self, enabled: bool) {
        self.core().set_debug(enabled);
    }

    /// Whether debug mode is on. Mirrors `loop.get_debug()`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_debug(false);
    /// assert!(!event_loop.is_debug());
    /// event_loop.close();
    /// ```
    #[doc(alias = "get_debug")]
    pub fn is_debug(&self) -> bool {
        self.core().debug.get()
    }

    /// How long a callback or a poll may take before debug mode names it. Mirrors
    /// `loop.slow_callback_duration`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// assert_eq!(event_loop.slow_callback_duration().as_millis(), 100);
    /// event_loop.close();
    /// ```
    pub fn slow_callback_duration(&self) -> Duration {
        self.core().slow_callback_duration.get()
    }

    /// Sets how long a callback or a poll may take before debug mode names it; 100 ms at first.
    /// Mirrors `loop.slow_callback_duration = duration`.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.set_slow_callback_duration(std::time::Duration::from_millis(20));
    /// event_loop.close();
    /// ```
    pub fn set_slow_callback_duration(&self, duration: Duration) {
        self.core().slow_callback_duration.set(duration);
    }
}
