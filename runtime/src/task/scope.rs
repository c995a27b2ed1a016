//! The scope of a `gather!`: children that begin together and end together. Mirrors what `gather` does
//! with its children and their done callbacks.

use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cancel_point::CancelPoint;
use super::cell::TaskCell;
use super::nursery::{Children, Nursery, Turn, Verdict};
use super::points::Kind;
use super::step::Step;
use super::table::Tasks;
use crate::exceptions::{Cancelled, Payload};

/// How a scope ended. In the last three, other children may be unfinished.
pub(crate) enum End {
    Finished,
    /// This child's value said so.
    Stopped(usize),
    Cancelled(Cancelled),
    Panicked(Payload),
}

pub(crate) struct Scope {
    nursery: Nursery,
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
        let nursery = Nursery::new(tasks, parent, cx);
        for _ in 0..count {
            nursery.admit(spawned_at);
        }
        let point = CancelPoint::new(parent, Kind::Forward, cx);
        Self { nursery, point, cancelled: None }
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
            let message = cancelled.shared_message();
            self.nursery.cancel_all(self.point.request(), message.as_ref());
            self.cancelled = Some(cancelled);
        }
        while let Some(turn) = self.nursery.step_next(futures) {
            if let Some(end) = self.end_by(turn) {
                return Poll::Ready(end);
            }
        }
        if self.nursery.len() > 0 {
            return Poll::Pending;
        }
        Poll::Ready(self.cancelled.take().map_or(End::Finished, End::Cancelled))
    }

    /// Makes one more child.
    pub(crate) fn admit(&self, spawned_at: &'static Location<'static>) -> usize {
        self.nursery.admit(spawned_at).0
    }

    /// Whether one more child is welcome: there are fewer than `limit`, and they weren't told to stop.
    pub(crate) fn has_room(&self, limit: usize) -> bool {
        self.cancelled.is_none() && self.nursery.len() < limit
    }

    /// Lets `cancelled` come out of the await that this scope is.
    pub(crate) fn raise<T>(&self, cancelled: Cancelled) -> Poll<T> {
        self.point.raise(cancelled)
    }

    fn follow(&mut self, parent: &Rc<TaskCell>, cx: &Context<'_>) {
        if !self.point.is_of(parent) {
            self.point = CancelPoint::new(parent, Kind::Forward, cx);
        }
        self.nursery.follow(parent, cx);
    }

    /// What a child's turn means for the scope.
    fn end_by(&self, turn: Turn) -> Option<End> {
        match turn.step {
            Step::Finished => (turn.verdict == Verdict::Stop).then_some(End::Stopped(turn.index)),
            Step::Cancelled(cancelled) => {
                self.cancelled.is_none().then_some(End::Cancelled(cancelled))
            }
            Step::Panicked(payload) => Some(End::Panicked(payload)),
            Step::Pending => None,
        }
    }
}
