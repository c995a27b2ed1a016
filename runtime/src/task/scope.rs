//! Children: tasks whose futures live inside the future that awaits them, so that they may borrow.
//!
//! A child is in the table, has a name and an id, is woken and cancelled like any task. Only its
//! poll is different: when its turn comes, the loop polls the task around it, and the scope in there
//! polls the child. `gather!` stands on this. Mirrors what `gather` does with its children and their
//! done callbacks.
//!
//! What must hold: a child is polled when its turn comes and not before, so that children and other
//! tasks keep the order they became ready in (`children_and_tasks_run_first_in_first_out`); a scope
//! that is dropped leaves no child in the table.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use super::cancel_point::CancelPoint;
use super::cell::{Body, Family, Parent, Phase, TaskCell};
use super::points::Kind;
use super::step::{Step, step, traced};
use super::table::Tasks;
use crate::exceptions::{Cancelled, Payload};

/// The futures of a scope, by index.
pub(crate) trait Children {
    /// Polls one; `Verdict::Stop` ends the scope.
    fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Verdict>;
    /// Drops the future of one that is done.
    fn clear(&mut self, index: usize);
}

/// What a child's value means for its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    Stop,
}

/// How a scope ended. In the last three, other children may be unfinished.
pub(crate) enum End {
    Finished,
    /// This child's value said so.
    Stopped(usize),
    Cancelled(Cancelled),
    Panicked(Payload),
}

pub(crate) struct Scope {
    /// Weak: the table holds the task that this scope is part of, and would hold itself.
    tasks: Weak<Tasks>,
    family: Rc<Family>,
    children: Vec<Rc<TaskCell>>,
    live: usize,
    point: CancelPoint,
    /// The cancellation that was passed to the children.
    cancelled: Option<Cancelled>,
}

impl Scope {
    /// Makes `count` children of the current task; they run in the next turn.
    pub(crate) fn new(
        tasks: &Rc<Tasks>,
        parent: &Rc<TaskCell>,
        count: usize,
        spawned_at: &'static Location<'static>,
        cx: &Context<'_>,
    ) -> Self {
        let family = Rc::new(Family {
            parent: RefCell::new(Parent::new(parent, cx)),
            due: RefCell::new(VecDeque::new()),
        });
        let children = (0..count)
            .map(|index| tasks.admit((), Body::Child(family.clone(), index), spawned_at))
            .collect();
        let point = CancelPoint::new(parent, Kind::Forward, cx);
        Self { tasks: Rc::downgrade(tasks), family, children, live: count, point, cancelled: None }
    }

    /// Polls the children whose turn has come, until all are done or one ends the scope. A
    /// cancellation is passed to all of them and comes out when the last one is done.
    pub(crate) fn poll(
        &mut self,
        parent: &Rc<TaskCell>,
        cx: &mut Context<'_>,
        futures: &mut dyn Children,
    ) -> Poll<End> {
        if self.point.has_raised() {
            return Poll::Pending;
        }
        self.follow(parent, cx);
        if let Some(cancelled) = self.point.take_signal(cx) {
            self.cancel_children(&cancelled);
            self.cancelled = Some(cancelled);
        }
        while let Some(index) = self.next_due() {
            if let Some(end) = self.step_child(index, futures) {
                return Poll::Ready(end);
            }
        }
        if self.live > 0 {
            return Poll::Pending;
        }
        Poll::Ready(self.cancelled.take().map_or(End::Finished, End::Cancelled))
    }

    /// Lets `cancelled` come out of the await that this scope is.
    pub(crate) fn raise<T>(&self, cancelled: Cancelled) -> Poll<T> {
        self.point.raise(cancelled)
    }

    /// Keeps to the task and the waker of this poll: both may be others than in the last one.
    fn follow(&mut self, parent: &Rc<TaskCell>, cx: &Context<'_>) {
        if !self.point.is_of(parent) {
            self.point = CancelPoint::new(parent, Kind::Forward, cx);
        }
        let mut known = self.family.parent.borrow_mut();
        if !known.is(parent, cx) {
            *known = Parent::new(parent, cx);
        }
    }

    fn cancel_children(&self, cancelled: &Cancelled) {
        for child in &self.children {
            child.cancel_for(self.point.request(), cancelled.shared_message());
        }
    }

    fn next_due(&self) -> Option<usize> {
        self.family.due.borrow_mut().pop_front()
    }

    fn step_child(&mut self, index: usize, futures: &mut dyn Children) -> Option<End> {
        let child = self.children[index].clone();
        if child.is_done() {
            return None;
        }
        let core = child.core().clone();
        traced(&child, || core.watch(&child, || self.step_live_child(&child, index, futures)))
    }

    fn step_live_child(
        &mut self,
        child: &Rc<TaskCell>,
        index: usize,
        futures: &mut dyn Children,
    ) -> Option<End> {
        let mut verdict = Verdict::GoOn;
        let tasks = self.tasks.upgrade()?;
        let current = tasks.enter(child);
        let step = step(child, |cx| futures.poll(index, cx).map(|value| verdict = value));
        if let Step::Pending = step {
            return None;
        }
        tasks.core.contain(child, || futures.clear(index));
        drop(current);
        self.live -= 1;
        match step {
            Step::Pending | Step::Finished => {
                tasks.finish(child, Phase::Finished);
                (verdict == Verdict::Stop).then_some(End::Stopped(index))
            }
            Step::Cancelled(cancelled) => {
                tasks.finish(child, Phase::Cancelled);
                self.cancelled.is_none().then_some(End::Cancelled(cancelled))
            }
            Step::Panicked(payload) => {
                tasks.finish(child, Phase::Panicked);
                Some(End::Panicked(payload))
            }
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let Some(tasks) = self.tasks.upgrade() else { return };
        for child in &self.children {
            tasks.abandon(child);
        }
    }
}
