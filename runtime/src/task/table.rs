//! Every task of a loop, and which one runs.
//!
//! Only the loop's thread touches the table; a task's future never leaves it for longer than a poll.
//! Mirrors Python's `asyncio.tasks._scheduled_tasks` and `_current_tasks`.
//!
//! What must hold:
//! - A task is never polled while it is being polled: for the time of the poll its future is out of
//!   its slot, and an empty slot has nothing to poll.
//! - A task is never polled after it finished: finishing takes it out of the table, and its key
//!   matches no other task (`a_stale_wake_does_not_reach_the_next_tenant`).
//! - Its future is dropped on the loop's thread: nothing in here is `Send`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::cell::{AnyOutput, Output, Phase, TaskCell};
use crate::event_loop::core::Core;
use crate::event_loop::ready::{self, TaskKey};
use crate::exceptions::{Cancelled, TaskError};

/// A future that the table owns, with its type forgotten.
pub(crate) trait OwnedFuture {
    /// Polls the future; its value goes into `output`, which is an `Output` of its type.
    fn poll_into(self: Pin<&mut Self>, cx: &mut Context<'_>, output: &dyn AnyOutput) -> Poll<()>;
}

impl<F: Future<Output: 'static>> OwnedFuture for F {
    fn poll_into(self: Pin<&mut Self>, cx: &mut Context<'_>, output: &dyn AnyOutput) -> Poll<()> {
        self.poll(cx).map(|value| {
            let output: &dyn std::any::Any = output;
            let output = output
                .downcast_ref::<Output<F::Output>>()
                .expect("a task's output has the type of its future's");
            output.replace(Some(Ok(value)));
        })
    }
}

/// Where a task's future is.
pub(crate) enum Body {
    /// In the table.
    Owned(Pin<Box<dyn OwnedFuture>>),
    /// On the stack of `run_until_complete`.
    Main,
    /// Inside the future that awaits it, at this index of the family.
    Child(Rc<Family>, usize),
}

struct Slot {
    cell: Rc<TaskCell>,
    /// `None` while the task is being polled.
    body: Option<Body>,
}

/// What the children of one `gather!` have in common: who polls them, and whose turn it is.
pub(crate) struct Family {
    /// The task that the awaiting future is part of, and the waker that this future was polled with.
    /// The two differ where something like `FuturesUnordered` stands between them.
    pub(crate) parent: RefCell<(Rc<TaskCell>, Waker)>,
    /// The children that were ready and whose turn has come, in that order.
    pub(crate) due: RefCell<VecDeque<usize>>,
}

pub(crate) struct Tasks {
    pub(crate) core: Rc<Core>,
    slots: RefCell<Slab<Slot>>,
    next_id: Cell<u64>,
    current: RefCell<Option<Rc<TaskCell>>>,
}

impl Tasks {
    pub(crate) fn new(core: Rc<Core>) -> Rc<Self> {
        let slots = RefCell::new(Slab::new());
        Rc::new(Self { core, slots, next_id: Cell::new(1), current: RefCell::new(None) })
    }

    /// Makes a task of `future`; it runs in the next turn.
    pub(crate) fn spawn<F>(&self, future: F, spawned_at: &'static Location<'static>) -> Rc<TaskCell>
    where
        F: Future<Output: 'static> + 'static,
    {
        let output: Output<F::Output> = RefCell::new(None);
        self.admit(output, Body::Owned(Box::pin(future)), spawned_at)
    }

    /// Puts a task into the table and into the ready queue.
    pub(crate) fn admit<O: AnyOutput>(
        &self,
        output: O,
        body: Body,
        spawned_at: &'static Location<'static>,
    ) -> Rc<TaskCell> {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        let mut slots = self.slots.borrow_mut();
        let entry = slots.vacant_entry();
        let key = TaskKey { index: entry.key(), id };
        let cell: Rc<TaskCell> = TaskCell::new(key, &self.core, spawned_at, output);
        entry.insert(Slot { cell: cell.clone(), body: Some(body) });
        drop(slots);
        self.core.ready.admit(key);
        self.core.ready.wake(key);
        cell
    }

    /// Takes a task's body out for a poll. `None`: the task is gone, or is being polled.
    pub(crate) fn take(&self, key: TaskKey) -> Option<(Rc<TaskCell>, Body)> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(key.index).filter(|slot| slot.cell.key() == key)?;
        Some((slot.cell.clone(), slot.body.take()?))
    }

    pub(crate) fn put_back(&self, key: TaskKey, body: Body) {
        let mut slots = self.slots.borrow_mut();
        if let Some(slot) = slots.get_mut(key.index).filter(|slot| slot.cell.key() == key) {
            slot.body = Some(body);
        }
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
        let slot = {
            let mut slots = self.slots.borrow_mut();
            let lives_here = slots.get(key.index).is_some_and(|slot| slot.cell.key() == key);
            if !lives_here {
                return;
            }
            self.core.ready.retire(key);
            slots.remove(key.index)
        };
        drop(slot);
    }

    pub(crate) fn find(&self, key: TaskKey) -> Option<Rc<TaskCell>> {
        let slots = self.slots.borrow();
        slots.get(key.index).filter(|slot| slot.cell.key() == key).map(|slot| slot.cell.clone())
    }

    /// The tasks that are not done, in creation order.
    pub(crate) fn all(&self) -> Vec<Rc<TaskCell>> {
        let mut cells: Vec<_> =
            self.slots.borrow().iter().map(|(_, slot)| slot.cell.clone()).collect();
        cells.sort_by_key(|cell| cell.key().id);
        cells
    }

    pub(crate) fn current(&self) -> Option<Rc<TaskCell>> {
        self.current.borrow().clone()
    }

    /// Makes `cell` the current task until the guard is dropped.
    pub(crate) fn enter(&self, cell: &Rc<TaskCell>) -> CurrentTask<'_> {
        CurrentTask { tasks: self, outer: self.current.replace(Some(cell.clone())) }
    }

    /// Drops every task and every callback that is left, each in creation order. What their
    /// destructors panic with is reported; what they spawn is refused, since the loop is closed.
    /// A second time, this does nothing.
    pub(crate) fn close(&self) {
        if self.core.is_closed() {
            return;
        }
        self.core.refuse();
        self.drop_all();
        self.core.drop_callbacks();
    }

    fn drop_all(&self) {
        for cell in self.all() {
            let body = self.take(cell.key()).map(|(_, body)| body);
            self.core.contain(&cell, || drop(body));
            cell.output.set_error(TaskError::Cancelled(Cancelled::default()));
            self.finish(&cell, Phase::Cancelled);
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.close();
    }
}

/// Names the task that runs; the one around it comes back in its place.
pub(crate) struct CurrentTask<'a> {
    tasks: &'a Tasks,
    outer: Option<Rc<TaskCell>>,
}

impl Drop for CurrentTask<'_> {
    fn drop(&mut self) {
        drop(self.tasks.current.replace(self.outer.take()));
    }
}

thread_local! {
    static RUNNING: RefCell<Option<Rc<Tasks>>> = const { RefCell::new(None) };
}

/// The tasks of the loop that runs on this thread.
pub(crate) fn running() -> Option<Rc<Tasks>> {
    RUNNING.try_with(|running| running.borrow().clone()).ok().flatten()
}

/// The task that runs on this thread.
pub(crate) fn current() -> Option<Rc<TaskCell>> {
    RUNNING
        .try_with(|running| running.borrow().as_ref().and_then(|tasks| tasks.current()))
        .ok()
        .flatten()
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
        let queue = ready::set_running(None);
        let tasks = RUNNING.with(|running| running.replace(None));
        drop((queue, tasks));
    }
}

/// The running loop's core, for an await that needs one.
pub(crate) fn running_core(what: &str) -> Rc<Core> {
    let Some(tasks) = running() else { outside_a_loop(what) };
    tasks.core.clone()
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
