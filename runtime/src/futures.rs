//! A result that is yet to come, set by hand. Mirrors `asyncio.Future`.
//!
//! The bridge between callbacks and awaits. Everything else in here that is awaited is a future of
//! Rust's own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::event_loop::callback::Callback;
use crate::event_loop::core::Core;
use crate::exceptions::{Cancelled, ExceptionContext, FutureError, InvalidStateError};
use crate::task::DoneCallback;
use crate::task::cancel;
use crate::task::cancel_point::CancelPoint;
use crate::task::points::Kind;

/// A result that somebody will set. Mirrors `asyncio.Future`; made by
/// [`EventLoop::create_future`](crate::EventLoop::create_future).
///
/// A clone is another handle to the same result: one side sets it, any number await it, so awaiting
/// asks for a `T` that can be cloned (an `Rc` around it will do).
///
/// Not to be confused with [`std::future::Future`], the trait.
///
/// # Errors
///
/// Awaiting it gives [`FutureError`] when it was cancelled or given an error. An error that nobody looked at
/// goes to the loop's exception handler when the last handle is dropped.
///
/// # Cancel safety
///
/// When a task that awaits it is cancelled, the future is cancelled too, as in Python; dropping the
/// await leaves it alone.
///
/// ```
/// asyncio::run(async {
///     let event_loop = asyncio::get_running_loop().unwrap();
///     let answer = event_loop.create_future();
///     let setter = answer.clone();
///     event_loop.call_soon(move || setter.set_result(42).unwrap());
///     assert_eq!(answer.await.unwrap(), 42);
/// });
/// ```
pub struct Future<T> {
    shared: Rc<Shared<T>>,
    /// This await's point in the awaiting task.
    point: Option<CancelPoint>,
    /// This await's place among those who wait.
    waiter: Option<u64>,
}

type Outcome<T> = Result<T, FutureError>;

struct Shared<T> {
    core: Rc<Core>,
    state: RefCell<State<T>>,
    /// Somebody looked at the outcome, or wanted none: an error needs no report.
    is_seen: Cell<bool>,
}

struct State<T> {
    outcome: Option<Outcome<T>>,
    /// Those who wait, in the order they came.
    waiters: BTreeMap<u64, Waker>,
    callbacks: Vec<Rc<Callback>>,
}

impl<T> Future<T> {
    pub(crate) fn new(core: Rc<Core>) -> Self {
        let state = State { outcome: None, waiters: BTreeMap::new(), callbacks: Vec::new() };
        Self::of(Rc::new(Shared { core, state: RefCell::new(state), is_seen: Cell::new(false) }))
    }

    fn of(shared: Rc<Shared<T>>) -> Self {
        Self { shared, point: None, waiter: None }
    }

    /// Sets the result and wakes those who await it. Mirrors `Future.set_result()`.
    ///
    /// # Errors
    ///
    /// [`InvalidStateError::AlreadyDone`] when it is done already.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future();
    ///     assert!(future.set_result(1).is_ok());
    ///     assert!(future.set_result(2).is_err());
    /// });
    /// ```
    pub fn set_result(&self, value: T) -> Result<(), InvalidStateError> {
        self.shared.settle(Ok(value))
    }

    /// Sets an error, which those who await it get. Mirrors `Future.set_exception()`.
    ///
    /// As in Python, an error that nobody awaits or asks [`result`](Future::result) for is reported, unless
    /// [`cancel`](Future::cancel) was called.
    ///
    /// # Errors
    ///
    /// [`InvalidStateError::AlreadyDone`] when it is done already.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    ///     future.set_exception(std::fmt::Error).unwrap();
    ///     assert!(future.await.is_err());
    /// });
    /// ```
    pub fn set_exception(&self, error: impl Error + 'static) -> Result<(), InvalidStateError> {
        self.shared.settle(Err(FutureError::Exception(Rc::new(error))))
    }

    /// Cancels it: those who await it get [`FutureError::Cancelled`]. False: it is done already.
    /// Mirrors `Future.cancel()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    ///     assert!(future.cancel());
    ///     assert!(!future.cancel());
    /// });
    /// ```
    pub fn cancel(&self) -> bool {
        self.cancel_as(None)
    }

    /// [`cancel`](Future::cancel) with a message. Mirrors `Future.cancel(msg)`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    ///     future.cancel_with("no more");
    ///     assert_eq!(future.await.unwrap_err().to_string(), "cancelled: no more");
    /// });
    /// ```
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.cancel_as(Some(message.into()))
    }

    fn cancel_as(&self, message: Option<Arc<str>>) -> bool {
        self.shared.is_seen.set(true);
        self.shared.settle(Err(FutureError::Cancelled(Cancelled::new(message)))).is_ok()
    }

    /// The outcome, if there is one. Mirrors `Future.result()` and `Future.exception()`.
    ///
    /// # Errors
    ///
    /// [`InvalidStateError::NotDone`] before there is one.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future();
    ///     assert!(future.result().is_err());
    ///     future.set_result(7).unwrap();
    ///     assert_eq!(future.result().unwrap().unwrap(), 7);
    /// });
    /// ```
    #[doc(alias = "exception")]
    pub fn result(&self) -> Result<Result<T, FutureError>, InvalidStateError>
    where
        T: Clone,
    {
        let outcome = self.shared.state.borrow().outcome.clone();
        self.shared.is_seen.set(outcome.is_some());
        outcome.ok_or(InvalidStateError::NotDone)
    }

    /// Whether it has an outcome. Mirrors `Future.done()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert!(!asyncio::get_running_loop().unwrap().create_future::<()>().is_done());
    /// });
    /// ```
    #[doc(alias = "done")]
    pub fn is_done(&self) -> bool {
        self.shared.state.borrow().outcome.is_some()
    }

    /// Whether it was cancelled. Mirrors `Future.cancelled()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    ///     future.cancel();
    ///     assert!(future.is_cancelled());
    /// });
    /// ```
    #[doc(alias = "cancelled")]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.shared.state.borrow().outcome, Some(Err(FutureError::Cancelled(_))))
    }

    /// Calls `callback` in the turn after the one in which the outcome is set; in the next turn if it
    /// is. Several are called in the order they were added, and those who await it go on in their places
    /// among them. Mirrors `Future.add_done_callback()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future();
    ///     let this = future.clone();
    ///     future.add_done_callback(move || assert_eq!(this.result().unwrap().unwrap(), 1));
    ///     future.set_result(1).unwrap();
    ///     asyncio::yield_now().await;
    /// });
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) -> DoneCallback {
        let (function, added_at) = (Box::new(callback), Location::caller());
        let mut state = self.shared.state.borrow_mut();
        if state.outcome.is_some() {
            drop(state);
            self.shared.core.call_soon(function, added_at);
            return DoneCallback::spent();
        }
        let callback = self.shared.core.callback(function, added_at);
        let id = callback.serial();
        state.callbacks.push(callback);
        DoneCallback::new(id)
    }

    /// Takes a done callback back. False: it is on its way already.
    /// Mirrors `Future.remove_done_callback()`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    ///     let callback = future.add_done_callback(|| unreachable!());
    ///     assert!(future.remove_done_callback(callback));
    ///     assert!(!future.remove_done_callback(callback));
    /// });
    /// ```
    pub fn remove_done_callback(&self, callback: DoneCallback) -> bool {
        let mut state = self.shared.state.borrow_mut();
        let position =
            state.callbacks.iter().position(|other| callback.id() == Some(other.serial()));
        let removed = position.map(|position| state.callbacks.remove(position));
        drop(state);
        removed.is_some()
    }

    /// Waits with `waker` until there is an outcome.
    fn wait(&mut self, waker: &Waker) {
        let waker = waker.clone();
        let mut state = self.shared.state.borrow_mut();
        let waiter = self.waiter.unwrap_or_else(|| self.shared.core.next_serial());
        self.waiter = Some(waiter);
        let former = state.waiters.insert(waiter, waker);
        // Only now: dropping a waker may run foreign code, which may come back here.
        drop(state);
        drop(former);
    }
}

impl<T> Shared<T> {
    fn settle(&self, outcome: Outcome<T>) -> Result<(), InvalidStateError> {
        let mut state = self.state.borrow_mut();
        if state.outcome.is_some() {
            return Err(InvalidStateError::AlreadyDone);
        }
        state.outcome = Some(outcome);
        let waiters = std::mem::take(&mut state.waiters);
        let callbacks = std::mem::take(&mut state.callbacks);
        drop(state);
        self.tell(callbacks, waiters);
        Ok(())
    }
}

impl<T> Shared<T> {
    /// Schedules the callbacks and wakes those who wait, in the order in which they came.
    fn tell(&self, callbacks: Vec<Rc<Callback>>, waiters: BTreeMap<u64, Waker>) {
        let mut callbacks = callbacks.into_iter().peekable();
        for (came, waker) in waiters {
            while let Some(callback) = callbacks.next_if(|callback| callback.serial() < came) {
                self.core.schedule(callback);
            }
            self.core.wake_foreign(waker);
        }
        for callback in callbacks {
            self.core.schedule(callback);
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let Some(Err(FutureError::Exception(error))) = &self.state.get_mut().outcome else {
            return;
        };
        if self.is_seen.get() {
            return;
        }
        let report = || {
            let message = format!("a future was given an error and nobody looked at it: {error}");
            self.core.report(&ExceptionContext::new(message));
        };
        self.core.contain(&"the error of a future", report);
    }
}

impl<T: Clone> std::future::Future for Future<T> {
    type Output = Result<T, FutureError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.point.as_ref().is_some_and(CancelPoint::has_raised) {
            return Poll::Pending;
        }
        if let Some(cancelled) = cancel::take_signal(&mut this.point, Kind::Forward, cx) {
            this.cancel_as(cancelled.shared_message());
            if let Some(point) = &this.point {
                return point.raise(cancelled);
            }
        }
        let Ok(outcome) = this.result() else {
            this.wait(cx.waker());
            return Poll::Pending;
        };
        // Those who waited are gone from the list since the outcome was set.
        (this.point, this.waiter) = (None, None);
        Poll::Ready(outcome)
    }
}

impl<T> Drop for Future<T> {
    fn drop(&mut self) {
        let Some(waiter) = self.waiter else { return };
        let waker = self.shared.state.borrow_mut().waiters.remove(&waiter);
        drop(waker);
    }
}

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Self::of(self.shared.clone())
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.is_done(), self.is_cancelled()) {
            (false, _) => "pending",
            (true, false) => "finished",
            (true, true) => "cancelled",
        };
        write!(f, "<future {state}>")
    }
}
