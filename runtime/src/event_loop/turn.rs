//! One turn of the loop, the heart of it. Mirrors `BaseEventLoop._run_once`.
//!
//! A turn collects what other threads handed in, lets the timers that are due join the ready queue
//! behind what is there, and then runs exactly what was ready at that moment, first in, first out.
//! What these entries schedule waits for the next turn, so nobody can keep the others from running.
//!
//! What must hold: whatever happens in a task or a callback, the turn goes on; panics end in the
//! task's outcome or in the exception handler.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::callback::Callback;
use super::core::Core;
use super::driver::{Driver, Next};
use super::ready::{Ready, TaskKey};
use crate::task::cell::{Body, Phase, TaskCell};
use crate::task::family::Family;
use crate::task::step::{Step, step, step_owned, traced};
use crate::task::table::Tasks;

/// The future of `run_until_complete`: a task that lives on the caller's stack, so it may borrow.
pub(crate) struct Main<'a> {
    pub(crate) poll: &'a mut dyn FnMut(&mut Context<'_>) -> Poll<()>,
    pub(crate) ended: Option<Step>,
}

/// The turns of one run.
pub(crate) struct Turns<'a> {
    tasks: &'a Tasks,
    driver: Driver,
    /// That virtual time stands still is said once a run.
    said_so: Cell<bool>,
}

impl<'a> Turns<'a> {
    pub(crate) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks, driver: Driver::new(&tasks.core), said_so: Cell::new(false) }
    }

    /// Runs turns until the loop is stopped; `Pending` when `block_on` is to wait or to look at the
    /// reactor.
    pub(crate) fn run(&self, main: &mut Option<Main<'_>>, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.resume(&self.tasks.core, cx);
        loop {
            if self.turn(main, cx) == Next::BlockOn {
                return Poll::Pending;
            }
            if self.tasks.core.stopping.take() {
                return Poll::Ready(());
            }
            if self.driver.after_turn(&self.tasks.core, cx) == Next::BlockOn {
                self.say_where_time_stands_still();
                return Poll::Pending;
            }
        }
    }

    /// To be ready before the first turn of a run that is to have no other.
    pub(crate) fn before_only_turn(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.before_only_turn(&self.tasks.core, cx)
    }

    /// Runs one turn, or what is left of one that was interrupted for a look at the reactor.
    fn turn(&self, main: &mut Option<Main<'_>>, cx: &Context<'_>) -> Next {
        let mut left = self.tasks.core.ready.left();
        if left == 0 {
            left = self.begin();
        }
        while left > 0 {
            let granted = self.driver.grant(left);
            if granted == 0 {
                if self.driver.look(&self.tasks.core, cx) == Next::BlockOn {
                    return Next::BlockOn;
                }
                continue;
            }
            left -= granted;
            let ready = &self.tasks.core.ready;
            ready.grant(granted);
            while ready.begin_next() {
                self.run_next(main);
            }
        }
        Next::Turn
    }

    /// In debug mode, under the virtual clock: a run that has no deadline to jump to may wait for ever.
    fn say_where_time_stands_still(&self) {
        let core = &self.tasks.core;
        let stands_still = core.clock.is_virtual() && core.timers.is_empty();
        if !core.debug.get() || !stands_still || self.said_so.replace(true) {
            return;
        }
        let waiting: Vec<String> = self.tasks.all().iter().map(ToString::to_string).collect();
        super::core::warn(&format!(
            "virtual time stands still: nothing is ready and no timer is set, so these wait for I/O, \
             for another thread, or for ever: {}",
            waiting.join("; ")
        ));
    }

    fn begin(&self) -> usize {
        let core = &self.tasks.core;
        core.trace.turn(&core.clock, || core.collect())
    }

    fn run_next(&self, main: &mut Option<Main<'_>>) {
        match self.tasks.core.ready.pop() {
            Some(Ready::Task(key)) => self.run_task(key, main),
            Some(Ready::Call(callback)) => self.run_callback(&callback),
            Some(Ready::Stop) => self.tasks.core.stopping.set(true),
            None => {}
        }
    }

    fn run_callback(&self, callback: &Rc<Callback>) {
        let core = &self.tasks.core;
        if let Some(function) = callback.take() {
            core.trace.callback(callback.scheduled_at(), || {
                core.watch(&**callback, || {
                    callback.in_context(|| core.contain(&**callback, function));
                });
            });
        }
    }

    /// Polls a task. For a child this is the task around it: the scope in there polls the child.
    fn run_task(&self, mut key: TaskKey, main: &mut Option<Main<'_>>) {
        while let Some(cell) = self.tasks.find(key) {
            let Ok(body) = cell.body.try_borrow_mut() else { return };
            match &*body {
                Body::Owned(_) => {
                    return self.poll(&cell, || step_owned(self.tasks, &cell, body));
                }
                Body::Main => {
                    drop(body);
                    return self.poll(&cell, || self.step_main(&cell, main));
                }
                Body::Child(family, index) => match pass_up(&self.tasks.core, family, *index) {
                    Some(parent) => key = parent,
                    None => return,
                },
                Body::Gone => return,
            }
        }
    }

    /// One poll, under the eyes of the trace and of debug mode, if they are open.
    #[inline]
    fn poll(&self, cell: &TaskCell, step: impl FnOnce()) {
        if self.tasks.core.is_watched() {
            self.poll_watched(cell, step);
        } else {
            step();
        }
    }

    #[cold]
    fn poll_watched(&self, cell: &TaskCell, step: impl FnOnce()) {
        traced(cell, || self.tasks.core.watch(cell, step));
    }

    fn step_main(&self, cell: &Rc<TaskCell>, main: &mut Option<Main<'_>>) {
        let Some(main) = main else { return self.tasks.abandon(cell) };
        let current = self.tasks.enter(cell);
        let step = step(&current, &mut *main.poll);
        self.tasks.leave(current);
        let phase = match step {
            Step::Pending => return,
            Step::Finished => Phase::Finished,
            Step::Panicked(_) => Phase::Panicked,
            Step::Cancelled(_) => Phase::Cancelled,
        };
        main.ended = Some(step);
        self.tasks.finish(cell, phase);
        self.tasks.core.ready.push_stop();
    }
}

/// It is this child's turn: notes it and says which task to poll. `None`: the future around the
/// child is polled through a waker of its own, which was woken instead.
fn pass_up(core: &Core, family: &Family, index: usize) -> Option<TaskKey> {
    family.due.borrow_mut().push_back(index);
    family.turn.set(core.ready.number());
    let parent = family.parent.borrow();
    let Some(waker) = parent.waker.clone() else { return Some(parent.task.key()) };
    drop(parent);
    core.wake_foreign(waker);
    None
}
