//! One step of one task: poll it once, deliver the cancellation that waits for it.
//!
//! The turn steps tasks, and a scope steps the children that live in it: the same way. Mirrors
//! `Task.__step`.

use std::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::cell::{Body, Phase, TaskCell};
use super::table::{CurrentTask, Tasks};
use crate::exceptions::{Cancelled, Payload, TaskError};

/// What a step ended with. All but `Pending`: the future is to be dropped now.
pub(crate) enum Step {
    Pending,
    Finished,
    Cancelled(Cancelled),
    Panicked(Payload),
}

/// Shows a step, and all that its end brings about, as a slice of the trace.
pub(crate) fn traced<R>(cell: &TaskCell, step: impl FnOnce() -> R) -> R {
    cell.core().trace.poll(cell.key().index(), step, || cell.phase_name())
}

/// Polls a task that was made the current one. A cancellation goes to the points the task is
/// suspended in; when there is none, the task is cancelled.
pub(crate) fn step(
    current: &CurrentTask<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>,
) -> Step {
    let cell = current.cell;
    if let Some(cancelled) = cell.take_cancel_request()
        && deliver(cell, &cancelled).is_err()
    {
        return Step::Cancelled(cancelled);
    }
    cell.begin();
    loop {
        let mut cx = Context::from_waker(current.waker.waker());
        match catch_unwind(AssertUnwindSafe(|| poll(&mut cx))) {
            Err(payload) => return Step::Panicked(payload),
            Ok(Poll::Ready(())) => return finished_or_cancelled(cell),
            Ok(Poll::Pending) if !cell.has_unsettled_points() => return Step::Pending,
            Ok(Poll::Pending) => match settle(cell) {
                Ok(Next::Wait) => return Step::Pending,
                Ok(Next::PollAgain) => {}
                Err(cancelled) => return Step::Cancelled(cancelled),
            },
        }
    }
}

/// As in Python, a cancellation wins over the value if it came in the last poll of all, or came to it
/// and nobody was there to take it.
#[inline]
fn finished_or_cancelled(cell: &TaskCell) -> Step {
    if cell.is_let_be() { Step::Finished } else { unless_cancelled(cell) }
}

#[cold]
fn unless_cancelled(cell: &TaskCell) -> Step {
    let undelivered = || {
        cell.has_unsettled_points()
            .then(|| cell.with_points(|points| points.take_undelivered(false)))
    };
    let cancelled = cell.take_cancel_request().or_else(|| undelivered().flatten());
    cancelled.map_or(Step::Finished, Step::Cancelled)
}

enum Next {
    Wait,
    /// A point was given a cancellation to take.
    PollAgain,
}

/// Gives on what came out of a point in a poll, and what no point has taken. `Err`: no point is left
/// to take it.
fn settle(cell: &TaskCell) -> Result<Next, Cancelled> {
    let is_polled_again = cell.core().ready.is_queued(cell.key());
    let (undelivered, raised) = cell
        .with_points(|points| (points.take_undelivered(is_polled_again), points.deliver_raised()));
    let raised = raised?;
    let redelivered = match undelivered {
        Some(cancelled) => Some(deliver(cell, &cancelled).map_err(|()| cancelled)?),
        None => None,
    };
    if raised.is_none() && redelivered.is_none() {
        return Ok(Next::Wait);
    }
    wake_points(cell, raised.unwrap_or_default());
    Ok(Next::PollAgain)
}

/// Gives the cancellation to the innermost point of each branch. `Err`: there is none.
fn deliver(cell: &TaskCell, cancelled: &Cancelled) -> Result<(), ()> {
    wake_points(cell, cell.with_points(|points| points.deliver(cancelled))?);
    Ok(())
}

/// Makes points look for what was given to them, also those that are polled through a waker of
/// somebody else's, such as `FuturesUnordered`.
pub(super) fn wake_points(cell: &TaskCell, wakers: Vec<Waker>) {
    cell.points_are_to_look.set(true);
    for waker in wakers {
        cell.core().wake_foreign(waker);
    }
}

/// Steps a task that has its future itself.
pub(crate) fn step_owned(tasks: &Tasks, cell: &TaskCell, mut body: RefMut<'_, Body>) {
    let Body::Owned(future) = &mut *body else { return };
    let current = tasks.enter(cell);
    let step = match step(&current, |cx| future.as_mut().poll(cx)) {
        Step::Pending => return tasks.leave(current),
        step => step,
    };
    tasks.core.contain(cell, || future.as_mut().drop_future());
    tasks.leave(current);
    drop(body);
    finish_owned(tasks, cell, step);
}

fn finish_owned(tasks: &Tasks, cell: &TaskCell, step: Step) {
    let phase = match step {
        Step::Pending | Step::Finished => Phase::Finished,
        Step::Cancelled(cancelled) => {
            // Its last poll may have given a value all the same.
            tasks.core.contain(cell, || drop(cell.take_body()));
            cell.set_error(TaskError::Cancelled(cancelled));
            Phase::Cancelled
        }
        Step::Panicked(payload) => {
            cell.set_error(TaskError::Panicked(cell.panicked(payload)));
            Phase::Panicked
        }
    };
    tasks.finish(cell, phase);
}
