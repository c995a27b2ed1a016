//! What is known of one task: its name, its state, who waits for it, and what it left behind.
//!
//! Shared by the task's handles, its awaits and the table. Mirrors the slots of Python's `asyncio.Future` and `Task`.
//!
//! ```text
//!            (1)             (2)                     (3)
//! create_task ──► scheduled ──► running ◄──► suspended
//!                     │            │             │
//!                     └────────────┴─────────────┴──(4)──► done: finished | cancelled
//!
//! (1) Tasks::spawn    admits the task and puts it into the ready queue
//! (2) turn            takes it out; `step` polls it once
//! (3) step / a waker  Pending suspends it; a wake puts it back into the queue
//! (4) finish          a value, a panic, or a cancellation that nobody caught
//! ```
//!
//! What must hold: a task is never polled while it is being polled, since its body is borrowed then, and
//! never after it finished, since its future is gone.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use super::done_callbacks::DoneCallbacks;
use super::family::Family;
use super::output::OwnedFuture;
use super::points::Points;
use super::service;
use super::waker::PollWaker;
use crate::context::{Context, copy_context};
use crate::event_loop::callback::Callback;
use crate::event_loop::core::{Core, warn};
use crate::event_loop::ready::{TaskKey, Waiter};
use crate::exceptions::{Cancelled, Panicked, Payload, TaskError, place};

/// Where a task's future is.
pub(crate) enum Body {
    /// Here; later its value, until the task's handle takes it.
    Owned(Pin<Box<dyn OwnedFuture>>),
    /// On the stack of `run_until_complete`.
    Main,
    /// Inside the future that awaits it, at this index of the family.
    Child(Rc<Family>, usize),
    /// Nowhere any more.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not polled yet.
    New,
    Live,
    Finished,
    Panicked,
    Cancelled,
}

/// What few tasks need, in an allocation of its own, made on first use: what all of them hold costs each
/// spawn its page faults.
#[derive(Default)]
struct Extras {
    name: RefCell<Option<String>>,
    message: RefCell<Option<Arc<str>>>,
    done_callbacks: DoneCallbacks,
    points: RefCell<Points>,
    /// Why there is no value.
    error: Cell<Option<TaskError>>,
    /// How often `cancel` was called, less how often `uncancel` was.
    cancel_requests: Cell<u32>,
    /// Who waits for the end, if it is somebody else than a task of this loop.
    other_awaiter: Cell<Option<Waker>>,
    /// The task that waits for this one's end, where the awaiter doesn't name it.
    watcher: Cell<Option<TaskKey>>,
    /// The last request to cancel, and the last one there was when the task was told of one.
    asked: Cell<Request>,
    told: Cell<Request>,
}

/// Numbers a thread's requests to cancel, so that one that reaches a task in two ways is told once:
/// directly and through its awaiter, say, where the end of a run cancels both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request(u64);

thread_local! {
    static LAST_REQUEST: Cell<Request> = const { Cell::new(Request(0)) };
}

impl Request {
    fn last() -> Self {
        LAST_REQUEST.get()
    }

    pub(crate) fn next() -> Self {
        let next = Self(LAST_REQUEST.get().0 + 1);
        LAST_REQUEST.set(next);
        next
    }
}

pub(crate) struct TaskCell {
    key: TaskKey,
    id: u64,
    core: Rc<Core>,
    /// The one of its last poll, if somebody kept a clone.
    waker: Cell<Option<PollWaker>>,
    spawned_at: &'static Location<'static>,
    phase: Cell<Phase>,
    /// A cancellation waits for the task's next step.
    cancel_pending: Cell<bool>,
    /// No handle is left that could look at the outcome.
    detached: Cell<bool>,
    /// The handle has given the outcome.
    is_taken: Cell<bool>,
    /// A point may have a cancellation to take, or was passed over: they are to look.
    pub(crate) points_are_to_look: Cell<bool>,
    /// The task that waits for the end.
    awaiter: Cell<Option<TaskKey>>,
    extras: OnceCell<Box<Extras>>,
    /// A copy of its maker's. While the task runs, what was current before is in here.
    pub(crate) context: Cell<Context>,
    /// Borrowed while the task is being polled.
    pub(crate) body: RefCell<Body>,
}

impl TaskCell {
    pub(crate) fn new(
        (key, id): (TaskKey, u64),
        core: &Rc<Core>,
        spawned_at: &'static Location<'static>,
        body: Body,
    ) -> Rc<Self> {
        Rc::new(Self {
            key,
            id,
            core: core.clone(),
            waker: Cell::new(None),
            spawned_at,
            phase: Cell::new(Phase::New),
            cancel_pending: Cell::new(false),
            detached: Cell::new(false),
            is_taken: Cell::new(false),
            points_are_to_look: Cell::new(false),
            awaiter: Cell::new(None),
            extras: OnceCell::new(),
            context: Cell::new(copy_context()),
            body: RefCell::new(body),
        })
    }

    pub(crate) fn key(&self) -> TaskKey {
        self.key
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn is_service(&self) -> bool {
        self.id >= service::FIRST_ID
    }

    pub(crate) fn core(&self) -> &Rc<Core> {
        &self.core
    }

    #[inline]
    pub(super) fn take_waker(&self) -> Option<PollWaker> {
        self.waker.take()
    }

    #[inline(never)]
    pub(super) fn keep_waker(&self, waker: PollWaker) {
        self.waker.set(Some(waker));
    }

    pub(crate) fn is_done(&self) -> bool {
        !matches!(self.phase.get(), Phase::New | Phase::Live)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.phase.get() == Phase::Cancelled
    }

    pub(crate) fn is_panicked(&self) -> bool {
        self.phase.get() == Phase::Panicked
    }

    /// What the last poll ended with, for the trace.
    pub(crate) fn phase_name(&self) -> &'static str {
        match self.phase.get() {
            Phase::New | Phase::Live => "Pending",
            Phase::Finished => "Ready",
            Phase::Panicked => "Panicked",
            Phase::Cancelled => "Cancelled",
        }
    }

    pub(crate) fn name(&self) -> String {
        let name = self.extras.get().and_then(|extras| extras.name.borrow().clone());
        name.unwrap_or_else(|| format!("Task-{}", self.id))
    }

    pub(crate) fn set_name(&self, name: String) {
        self.core.trace.task_named(self.key.index(), self.id, &name);
        drop(self.extras().name.replace(Some(name)));
    }

    pub(crate) fn panicked(&self, payload: Payload) -> Panicked {
        Panicked::new(self.to_string(), payload)
    }

    /// Asks the task to stop: its next step delivers the cancellation. False: it is done.
    pub(crate) fn cancel(&self, message: Option<Arc<str>>) -> bool {
        self.cancel_for(Request::next(), message)
    }

    /// Passes on what somebody who waits for the task was asked. As in Python, where that reaches
    /// this task at once, it is no news if the task was told of a cancellation since.
    pub(crate) fn cancel_for(&self, request: Request, message: Option<Arc<str>>) -> bool {
        if self.is_done() {
            return false;
        }
        let extras = self.extras();
        extras.cancel_requests.set(extras.cancel_requests.get() + 1);
        if extras.told.get() >= request {
            return true;
        }
        extras.asked.set(request);
        self.cancel_pending.set(true);
        drop(extras.message.replace(message));
        // Not the waker: between two runs it would take this for another thread.
        self.core.ready.wake(self.key);
        true
    }

    /// A part of the task is cancelled by itself: what that waits for is to hear of `request`.
    pub(crate) fn ask_within(&self, request: Request) {
        let asked = &self.extras().asked;
        asked.set(asked.get().max(request));
    }

    /// The last request to cancel it.
    pub(crate) fn asked(&self) -> Request {
        self.extras.get().map(|extras| extras.asked.get()).unwrap_or_default()
    }

    pub(crate) fn cancelling(&self) -> u32 {
        self.extras.get().map_or(0, |extras| extras.cancel_requests.get())
    }

    pub(crate) fn uncancel(&self) -> u32 {
        let left = self.cancelling().saturating_sub(1);
        if let Some(extras) = self.extras.get() {
            extras.cancel_requests.set(left);
        }
        if left == 0 {
            self.cancel_pending.set(false);
        }
        left
    }

    /// The cancellation that this step is to deliver.
    pub(crate) fn take_cancel_request(&self) -> Option<Cancelled> {
        if !self.cancel_pending.get() {
            return None;
        }
        self.cancel_pending.set(false);
        Some(self.told_of_cancellation())
    }

    #[cold]
    fn told_of_cancellation(&self) -> Cancelled {
        let extras = self.extras();
        extras.told.set(Request::last());
        Cancelled::new(extras.message.borrow().clone())
    }

    /// The task's points.
    pub(crate) fn with_points<R>(&self, f: impl FnOnce(&mut Points) -> R) -> R {
        f(&mut self.extras().points.borrow_mut())
    }

    /// Whether the last poll left something to be settled among the points.
    pub(crate) fn has_unsettled_points(&self) -> bool {
        self.extras.get().is_some_and(|extras| !extras.points.borrow().is_settled())
    }

    /// Whether no cancellation is on its way.
    #[inline]
    pub(crate) fn is_let_be(&self) -> bool {
        !self.cancel_pending.get() && !self.has_unsettled_points()
    }

    /// Whether a point has a cancellation to take.
    pub(crate) fn has_signals(&self) -> bool {
        self.points_are_to_look.get() && self.with_points(|points| points.has_signals())
    }

    /// Whether it lives in the future of another task.
    pub(crate) fn is_child(&self) -> bool {
        // One that is being polled has its future itself.
        self.body.try_borrow().is_ok_and(|body| matches!(*body, Body::Child(..)))
    }

    pub(crate) fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// Its index among the children of `family`, if it is one of them.
    pub(crate) fn index_in(&self, family: &Rc<Family>) -> Option<usize> {
        match &*self.body.try_borrow().ok()? {
            Body::Child(own, index) if Rc::ptr_eq(own, family) => Some(*index),
            _ => None,
        }
    }

    /// The family that it is a child of.
    pub(super) fn family(&self) -> Option<Rc<Family>> {
        match &*self.body.try_borrow().ok()? {
            Body::Child(family, _) => Some(family.clone()),
            _ => None,
        }
    }

    /// The tasks that wait for this one: the one it lives in, and the one that awaits its handle.
    pub(crate) fn awaited_by(&self) -> Vec<TaskKey> {
        let mut keys = Vec::new();
        if let Ok(body) = self.body.try_borrow()
            && let Body::Child(family, _) = &*body
        {
            keys.push(family.parent.borrow().task.key());
        }
        keys.extend(self.awaiter.get());
        keys.extend(self.extras.get().and_then(|extras| extras.watcher.get()));
        keys.dedup();
        keys
    }

    /// Says which task waits for the end of this one, though something else is woken by it.
    pub(crate) fn set_watcher(&self, watcher: Option<TaskKey>) {
        if watcher.is_some() || self.extras.get().is_some() {
            self.extras().watcher.set(watcher);
        }
    }

    /// Nobody waits for the task's end any more.
    pub(crate) fn forget_awaiter(&self) {
        self.set_watcher(None);
        if let Some(awaiter) = self.take_awaiter() {
            self.core.contain(&"a waker's destructor", || drop(awaiter));
        }
    }

    fn take_awaiter(&self) -> Option<Waiter> {
        let other = || self.extras.get()?.other_awaiter.take();
        self.awaiter.take().map(Waiter::Task).or_else(|| other().map(Waiter::Other))
    }

    /// Whom to wake when the task is done.
    pub(crate) fn set_awaiter(&self, waiter: Waiter) {
        if let Waiter::Task(key) = waiter
            && self.awaiter.get() == Some(key)
        {
            return;
        }
        let former = self.take_awaiter();
        match waiter {
            Waiter::Task(key) => self.awaiter.set(Some(key)),
            Waiter::Other(waker) => self.extras().other_awaiter.set(Some(waker)),
        }
        if former.is_none()
            && let Some(extras) = self.extras.get()
        {
            extras.done_callbacks.awaiter_comes();
        }
        drop(former);
    }

    /// Calls `function` in a turn after the one in which the task becomes done. `None`: it is done, so
    /// the callback is on its way.
    #[track_caller]
    pub(crate) fn add_done_callback(&self, function: Box<dyn FnOnce()>) -> Option<u64> {
        let added_at = Location::caller();
        if self.is_done() {
            self.core.call_soon(function, added_at);
            return None;
        }
        let callback = self.core.callback(function, added_at);
        let id = callback.serial();
        self.extras().done_callbacks.add(callback);
        Some(id)
    }

    pub(crate) fn remove_done_callback(&self, id: u64) -> bool {
        self.extras.get().is_some_and(|extras| extras.done_callbacks.remove(id))
    }

    /// No handle will look at the outcome: a panic is reported when the task is done, or now.
    pub(crate) fn detach(&self) {
        self.detached.set(true);
        self.report_unseen_panic();
        if self.is_done() && !self.is_taken.get() {
            self.drop_outcome();
        }
    }

    /// Hands the outcome to the task's handle.
    ///
    /// # Panics
    ///
    /// A second time.
    pub(crate) fn take_outcome<T: 'static>(&self) -> Result<T, TaskError> {
        let is_taken = self.is_taken.replace(true);
        assert!(!is_taken, "a task handle was polled again after it gave the value");
        if self.phase.get() != Phase::Finished {
            let error = self.extras.get().and_then(|extras| extras.error.take());
            return Err(error.unwrap_or(TaskError::Cancelled(Cancelled::default())));
        }
        let Body::Owned(mut future) = self.take_body() else {
            unreachable!("a value is in a body")
        };
        let value = value_of(&mut future).take();
        Ok(value.expect("a finished task has a value"))
    }

    /// Looks at the value. `None`: the task is polled now, or has no body any more.
    pub(crate) fn with_value<T: 'static, R>(
        &self,
        look: impl FnOnce(&Option<T>) -> R,
    ) -> Option<R> {
        let mut body = self.body.try_borrow_mut().ok()?;
        let Body::Owned(future) = &mut *body else { return None };
        Some(look(value_of(future)))
    }

    pub(crate) fn set_error(&self, error: TaskError) {
        self.extras().error.set(Some(error));
    }

    fn drop_outcome(&self) {
        drop(self.take_body());
        drop(self.extras.get().and_then(|extras| extras.error.take()));
    }

    /// What is being polled stays: whoever polls it lets go of it.
    pub(super) fn take_body(&self) -> Body {
        match self.body.try_borrow_mut() {
            Ok(mut body) => std::mem::replace(&mut *body, Body::Gone),
            Err(_) => Body::Gone,
        }
    }

    /// The task is polled, at least once.
    pub(crate) fn begin(&self) {
        self.phase.set(Phase::Live);
    }

    /// In debug mode: says that the task's end is not its own, but that of the loop or of a run.
    #[cold]
    fn say_what_it_misses(&self) {
        let core = &self.core;
        if self.is_service() {
            return;
        }
        match self.phase.get() {
            Phase::New if core.shutting_down.get() || core.is_closed() => warn(&format!(
                "{self} never ran: the loop ended before its first turn. Await it, or let main go on until \
                 it has run"
            )),
            Phase::Live if core.is_closed() => warn(&format!(
                "{self} was dropped while it was waiting: its loop was closed. Cancel it first and run the \
                 loop until it has ended, as `asyncio::run` does"
            )),
            _ => {}
        }
    }

    /// The task is done. Tells everybody who waits for it; the future is gone already.
    pub(crate) fn finish(&self, phase: Phase) {
        if self.core.debug.get() {
            self.say_what_it_misses();
        }
        self.phase.set(phase);
        if phase != Phase::Finished || !self.has_value() {
            drop(self.take_body());
        }
        let callbacks = self.extras.get().and_then(|extras| extras.done_callbacks.take());
        let (before, after) = callbacks.unzip();
        self.schedule(before);
        if let Some(awaiter) = self.take_awaiter() {
            self.core.wake(awaiter);
        }
        self.schedule(after);
        if self.detached.get() {
            self.report_unseen_panic();
            self.core.contain(&self, || self.drop_outcome());
        }
    }

    /// Whether a value is waiting for the handle, rather than being the parent's.
    fn has_value(&self) -> bool {
        self.body.try_borrow().is_ok_and(|body| matches!(*body, Body::Owned(_)))
    }

    #[inline]
    fn schedule(&self, callbacks: Option<Vec<Rc<Callback>>>) {
        if let Some(callbacks) = callbacks {
            self.schedule_all(callbacks);
        }
    }

    #[cold]
    fn schedule_all(&self, callbacks: Vec<Rc<Callback>>) {
        for callback in callbacks {
            self.core.schedule(callback);
        }
    }

    /// Reports a panic that nobody has looked at, so that nobody will see it any more.
    pub(crate) fn report_unseen_panic(&self) {
        if self.phase.get() != Phase::Panicked {
            return;
        }
        let error = self.extras.get().and_then(|extras| extras.error.take());
        if let Some(TaskError::Panicked(panicked)) = error {
            let message = match (self.is_service(), self.core.shutting_down.get()) {
                (true, _) => "unhandled panic",
                (false, true) => "a task panicked during asyncio::run() shutdown",
                (false, false) => "a task panicked and nobody awaited it",
            };
            self.core.report_panic(message, panicked);
        }
    }

    fn extras(&self) -> &Extras {
        self.extras.get_or_init(Box::default)
    }
}

fn value_of<T: 'static>(future: &mut Pin<Box<dyn OwnedFuture>>) -> &mut Option<T> {
    let value: &mut dyn Any = future.as_mut().value();
    value.downcast_mut().expect("a task's output has the type of its handle's")
}

/// `task 'Task-3' spawned at src/main.rs:14:5`, or `transport to 127.0.0.1:80, made at src/main.rs:14:5`, for
/// messages.
impl fmt::Display for TaskCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_service() {
            return write!(f, "{}, made at {}", self.name(), place(self.spawned_at));
        }
        write!(f, "task '{}' spawned at {}", self.name(), place(self.spawned_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte counts as often as there are tasks; with its counts, a cell fills 120 of the allocator's 128.
    #[test]
    fn a_cell_is_small() {
        assert!(size_of::<TaskCell>() <= 104, "{} bytes", size_of::<TaskCell>());
    }
}
