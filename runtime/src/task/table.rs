//! Every task of a loop, and which one runs.
//!
//! Only the loop's thread touches the table. Mirrors Python's `asyncio.tasks._scheduled_tasks` and
//! `_current_tasks`.
//!
//! What must hold: a task that is done is not in the table, and its key finds no other task
//! (`a_stale_wake_does_not_reach_the_next_tenant`); leaving the loop drops every task, in creation
//! order.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::rc::Rc;
use std::task::Context;

use slab::Slab;

use super::cell::{Body, Phase, TaskCell};
use super::family::Family;
use super::output::owned;
use super::service;
use super::step::{step_owned, traced};
use super::waker::PollWaker;
use super::watches::Watches;
use crate::context;
use crate::event_loop::core::Core;
use crate::event_loop::ready::{self, TaskKey, Waiter};

pub(crate) struct Tasks {
    pub(crate) core: Rc<Core>,
    slots: RefCell<Slab<Rc<TaskCell>>>,
    next_id: Cell<u64>,
    next_service: Cell<u64>,
    current: Cell<Option<Current>>,
    /// To lend to the next poll.
    spare_waker: Cell<Option<PollWaker>>,
    /// The same for polls within polls: as many as were ever nested.
    more_wakers: RefCell<Vec<PollWaker>>,
    pub(crate) watches: Watches,
}

impl Tasks {
    pub(crate) fn new(core: Rc<Core>) -> Rc<Self> {
        let slots = RefCell::new(Slab::new());
        Rc::new(Self {
            core,
            slots,
            next_id: Cell::new(1),
            next_service: Cell::new(service::FIRST_ID),
            current: Cell::new(None),
            spare_waker: Cell::default(),
            more_wakers: RefCell::default(),
            watches: Watches::default(),
        })
    }

    /// Makes a task of `future`; it runs in the next turn.
    pub(crate) fn spawn<F>(&self, future: F, spawned_at: &'static Location<'static>) -> Rc<TaskCell>
    where
        F: Future<Output: 'static> + 'static,
    {
        self.admit(Body::Owned(owned(future)), spawned_at)
    }

    /// Makes a task of `future` and polls it at once, inside of the task that runs.
    pub(crate) fn spawn_eagerly<F>(
        &self,
        future: F,
        spawned_at: &'static Location<'static>,
    ) -> Rc<TaskCell>
    where
        F: Future<Output: 'static> + 'static,
    {
        let cell = self.enroll(&self.next_id, Body::Owned(owned(future)), spawned_at);
        let step = || step_owned(self, &cell, cell.body.borrow_mut());
        traced(&cell, || self.core.watch(&cell, step));
        cell
    }

    /// Puts a task into the table and into the ready queue.
    pub(crate) fn admit(&self, body: Body, spawned_at: &'static Location<'static>) -> Rc<TaskCell> {
        let cell = self.enroll(&self.next_id, body, spawned_at);
        self.core.ready.wake(cell.key());
        cell
    }

    /// The same for a [`service`].
    pub(super) fn admit_service(
        &self,
        body: Body,
        made_at: &'static Location<'static>,
    ) -> Rc<TaskCell> {
        let cell = self.enroll(&self.next_service, body, made_at);
        self.core.ready.wake(cell.key());
        cell
    }

    /// Puts a task into the table.
    fn enroll(
        &self,
        numbers: &Cell<u64>,
        body: Body,
        spawned_at: &'static Location<'static>,
    ) -> Rc<TaskCell> {
        let id = numbers.get();
        numbers.set(id + 1);
        let mut slots = self.slots.borrow_mut();
        let entry = slots.vacant_entry();
        let key = self.core.ready.admit(entry.key());
        let cell = TaskCell::new((key, id), &self.core, spawned_at, body);
        entry.insert(cell.clone());
        drop(slots);
        self.core.trace.task_made(key.index(), id, spawned_at);
        cell
    }

    /// Takes a task that is done out of the table and tells those who wait for it.
    pub(crate) fn finish(&self, cell: &TaskCell, phase: Phase) {
        self.forget(cell.key());
        cell.finish(phase);
    }

    /// Ends a child that its parent lets go of.
    pub(crate) fn abandon(&self, cell: &TaskCell) {
        if !cell.is_done() {
            self.finish(cell, Phase::Cancelled);
        }
    }

    fn forget(&self, key: TaskKey) {
        let mut slots = self.slots.borrow_mut();
        let lives_here = slots.get(key.index()).is_some_and(|cell| cell.key() == key);
        if lives_here {
            self.core.ready.retire(key);
            let cell = slots.remove(key.index());
            drop(slots);
            drop(cell);
        }
    }

    pub(crate) fn find(&self, key: TaskKey) -> Option<Rc<TaskCell>> {
        self.slots.borrow().get(key.index()).filter(|cell| cell.key() == key).cloned()
    }

    /// The tasks that are not done, in creation order.
    pub(crate) fn all(&self) -> Vec<Rc<TaskCell>> {
        let mut cells = self.all_and_services();
        cells.retain(|cell| !cell.is_service());
        cells
    }

    /// The same, and behind them the services.
    fn all_and_services(&self) -> Vec<Rc<TaskCell>> {
        let mut cells: Vec<_> = self.slots.borrow().iter().map(|(_, cell)| cell.clone()).collect();
        cells.sort_by_key(|cell| cell.id());
        cells
    }

    /// The index of a task among the children of `family`, if it is one of them.
    pub(super) fn index_in(&self, family: &Rc<Family>, key: TaskKey) -> Option<usize> {
        self.slots
            .borrow()
            .get(key.index())
            .filter(|cell| cell.key() == key)
            .and_then(|cell| cell.index_in(family))
    }

    pub(crate) fn current(&self) -> Option<Rc<TaskCell>> {
        self.find(self.current.get()?.key)
    }

    /// The same for a short while: no code of others may run in `f`.
    #[inline]
    fn with_current<R>(&self, f: impl FnOnce(&Rc<TaskCell>) -> R) -> Option<R> {
        let key = self.current.get()?.key;
        self.slots.borrow().get(key.index()).filter(|cell| cell.key() == key).map(f)
    }

    /// Makes `cell` the current task, and its context the current one, until it is left. Nothing in between
    /// may panic: not a guard, since that kept it from being inlined, a tenth of a poll.
    #[inline]
    pub(crate) fn enter<'a>(&self, cell: &'a TaskCell) -> CurrentTask<'a> {
        context::swap(&cell.context);
        let waker = cell.take_waker().unwrap_or_else(|| self.lend_waker(cell.key()));
        let current = Current { key: cell.key(), waker: waker.waker().data() };
        CurrentTask { cell, waker, outer: self.current.replace(Some(current)) }
    }

    /// Makes the task around it the current one again.
    #[inline]
    pub(crate) fn leave(&self, current: CurrentTask<'_>) {
        let CurrentTask { cell, waker, outer } = current;
        self.current.set(outer);
        context::swap(&cell.context);
        if waker.is_kept() {
            cell.keep_waker(waker);
        } else {
            self.take_waker_back(waker);
        }
    }

    #[inline]
    fn lend_waker(&self, key: TaskKey) -> PollWaker {
        let waker = self.spare_waker.take().unwrap_or_else(|| self.one_more_waker(key));
        waker.lend_to(key);
        waker
    }

    #[cold]
    fn one_more_waker(&self, key: TaskKey) -> PollWaker {
        let make = || PollWaker::new(key, self.core.id, self.core.inbox.clone());
        self.more_wakers.borrow_mut().pop().unwrap_or_else(make)
    }

    #[inline]
    fn take_waker_back(&self, waker: PollWaker) {
        if let Some(another) = self.spare_waker.replace(Some(waker)) {
            self.put_waker_aside(another);
        }
    }

    #[cold]
    fn put_waker_aside(&self, waker: PollWaker) {
        self.more_wakers.borrow_mut().push(waker);
    }

    /// The task that runs, if it is what is polled with `cx`: nothing with a waker of its own stands between
    /// the two.
    #[inline]
    pub(crate) fn polled_with(&self, cx: &Context<'_>) -> Option<TaskKey> {
        let current = self.current.get()?;
        (current.waker == cx.waker().data()).then_some(current.key)
    }

    /// Drops every task, service and callback that is left, each in creation order. What their
    /// destructors panic with is reported; what they spawn is refused, since the loop is closed.
    /// A second time, this does nothing.
    pub(crate) fn close(&self) {
        if self.core.is_closed() {
            return;
        }
        self.core.refuse();
        self.drop_all();
        self.core.drop_callbacks();
        self.core.trace.finish();
    }

    fn drop_all(&self) {
        for cell in self.all_and_services() {
            let body = cell.take_body();
            self.core.contain(&cell, || drop(body));
            self.finish(&cell, Phase::Cancelled);
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.close();
    }
}

/// Names the task that runs, with a key, not a reference: a poll counts none.
#[derive(Clone, Copy)]
struct Current {
    key: TaskKey,
    /// What its waker points to: to compare, never to look at.
    waker: *const (),
}

/// A task that runs, and the waker to poll it with. To be given back with [`Tasks::leave`].
#[must_use]
pub(crate) struct CurrentTask<'a> {
    pub(super) cell: &'a TaskCell,
    pub(super) waker: PollWaker,
    outer: Option<Current>,
}

thread_local! {
    /// Never dropped, as the queue in `ready` isn't: that spares each look a question. Empty outside a run.
    static RUNNING: ManuallyDrop<RefCell<Option<Rc<Tasks>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}

/// The tasks of the loop that runs on this thread.
pub(crate) fn running() -> Option<Rc<Tasks>> {
    RUNNING.with(|running| running.borrow().clone())
}

/// The same for a short while: no code of others may run in `f`.
#[inline]
pub(crate) fn with_running<R>(f: impl FnOnce(&Tasks) -> R) -> Option<R> {
    RUNNING.with(|running| running.borrow().as_deref().map(f))
}

/// The task that runs on this thread.
pub(crate) fn current() -> Option<Rc<TaskCell>> {
    with_running(Tasks::current).flatten()
}

/// The same for a short while, and whether it is what is polled with `cx`: no code of others may run
/// in `f`.
pub(crate) fn with_current<R>(
    cx: &Context<'_>,
    f: impl FnOnce(&Rc<TaskCell>, bool) -> R,
) -> Option<R> {
    let look = |tasks: &Tasks| {
        let is_own = tasks.polled_with(cx).is_some();
        tasks.with_current(|task| f(task, is_own))
    };
    with_running(look).flatten()
}

/// Whom to wake so that what is polled with `cx` is polled again: the running task by its key, if it
/// is one of `core`'s and `cx` is its own.
pub(crate) fn waiter(core: &Rc<Core>, cx: &Context<'_>) -> Waiter {
    let is_here = |tasks: &Tasks| Rc::ptr_eq(&tasks.core, core);
    with_running(|tasks| tasks.polled_with(cx).filter(|_| is_here(tasks)))
        .flatten()
        .map_or_else(|| Waiter::Other(cx.waker().clone()), Waiter::Task)
}

/// Whether `cell` is the task that runs and is polled with `cx`.
pub(crate) fn is_polled_with(cell: &TaskCell, cx: &Context<'_>) -> bool {
    let key = with_running(|tasks| {
        tasks.polled_with(cx).filter(|_| Rc::ptr_eq(&tasks.core, cell.core()))
    });
    key.flatten() == Some(cell.key())
}

/// The key of the running task, if it is one of `core`'s.
pub(crate) fn current_key(core: &Rc<Core>) -> Option<TaskKey> {
    with_running(|tasks| {
        let current = tasks.current.get().filter(|_| Rc::ptr_eq(&tasks.core, core));
        current.map(|current| current.key)
    })
    .flatten()
}

/// Wakes what is polled with `cx` when the task is done.
pub(crate) fn wake_when_done(cell: &TaskCell, cx: &Context<'_>) {
    let waiter = waiter(cell.core(), cx);
    if let Waiter::Other(_) = waiter {
        cell.set_watcher(current_key(cell.core()));
    }
    cell.set_awaiter(waiter);
}

/// Makes a loop the running one of this thread until the guard is dropped.
pub(crate) fn enter_loop(tasks: &Rc<Tasks>) -> RunningLoop {
    RUNNING.with(|running| running.replace(Some(tasks.clone())));
    ready::set_running(Some(tasks.core.ready.clone()));
    RunningLoop(())
}

/// While it lives, a loop runs on this thread.
pub(crate) struct RunningLoop(());

impl Drop for RunningLoop {
    fn drop(&mut self) {
        ready::set_turn(0);
        let queue = ready::set_running(None);
        let tasks = RUNNING.with(|running| running.replace(None));
        drop((queue, tasks));
    }
}

/// The running loop's core, for an await that needs one.
pub(crate) fn running_core(what: &str) -> Rc<Core> {
    let Some(core) = with_running(|tasks| tasks.core.clone()) else { outside_a_loop(what) };
    core
}

/// The running loop's tasks and the one that runs, for an await that needs them.
pub(crate) fn running_task(what: &str) -> (Rc<Tasks>, Rc<TaskCell>) {
    let Some(tasks) = running() else { outside_a_loop(what) };
    let Some(task) = tasks.current() else {
        panic!("asyncio: `{what}` was polled outside a task: `.await` it in a task or in main");
    };
    (tasks, task)
}

#[track_caller]
pub(crate) fn outside_a_loop(what: &str) -> ! {
    panic!(
        "asyncio: `{what}` needs a running event loop: call it inside `asyncio::run` or an \
         `async fn` that is awaited there"
    )
}
