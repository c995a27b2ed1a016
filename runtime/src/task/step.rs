//! One step of one task: poll it once, deliver the cancellation that waits for it.
//!
//! The turn steps tasks, and a scope steps the children that live in it: the same way. Mirrors
//! `Task.__step`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::cell::{Phase, TaskCell};
use super::table::{Body, OwnedFuture, Tasks};
use crate::exceptions::{Cancelled, Payload, TaskError};

/// What a step ended with. All but `Pending`: the future is to be dropped now.
pub(crate) enum Step {
    Pending,
    Finished,
    Cancelled(Cancelled),
    Panicked(Payload),
}

/// Polls a task, with itself as the current one. A cancellation goes to the points the task is
/// suspended in; when there is none, the task is cancelled.
pub(crate) fn step(
    tasks: &Tasks,
    cell: &Rc<TaskCell>,
    poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>,
) -> Step {
    let _current = tasks.enter(cell);
    if let Some(cancelled) = cell.take_cancel_request()
        && deliver(cell, &cancelled).is_err()
    {
        return Step::Cancelled(cancelled);
    }
    loop {
        let mut cx = Context::from_waker(cell.waker());
        match catch_unwind(AssertUnwindSafe(|| poll(&mut cx))) {
            Err(payload) => return Step::Panicked(payload),
            Ok(Poll::Ready(())) => return Step::Finished,
            Ok(Poll::Pending) => match settle_cancellations(cell) {
                Settled::Nothing => return Step::Pending,
                Settled::PollAgain => {}
                Settled::Uncaught(cancelled) => return Step::Cancelled(cancelled),
            },
        }
    }
}

enum Settled {
    Nothing,
    /// A point has a cancellation to take.
    PollAgain,
    Uncaught(Cancelled),
}

/// After a poll: gives on what came out of a point, and what no point has taken.
fn settle_cancellations(cell: &TaskCell) -> Settled {
    let raised =
        cell.with_existing_points(|points| points.has_raised().then(|| points.deliver_raised()));
    match raised.flatten() {
        Some(Ok(wakers)) => {
            wake_all(wakers);
            return Settled::PollAgain;
        }
        Some(Err(cancelled)) => return Settled::Uncaught(cancelled),
        None => {}
    }
    let undelivered = cell.with_existing_points(super::points::Points::take_undelivered).flatten();
    match undelivered {
        None => Settled::Nothing,
        Some(cancelled) => match deliver(cell, &cancelled) {
            Ok(()) => Settled::PollAgain,
            Err(()) => Settled::Uncaught(cancelled),
        },
    }
}

fn deliver(cell: &TaskCell, cancelled: &Cancelled) -> Result<(), ()> {
    let delivered = cell.with_existing_points(|points| points.deliver(cancelled));
    wake_all(delivered.unwrap_or(Err(()))?);
    Ok(())
}

/// Wakes points that are polled through a waker of somebody else's, such as `FuturesUnordered`.
fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// Steps a task whose future the table owns.
pub(crate) fn step_owned(
    tasks: &Tasks,
    cell: &Rc<TaskCell>,
    mut future: Pin<Box<dyn OwnedFuture>>,
) {
    let step = step(tasks, cell, &mut |cx| future.as_mut().poll_into(cx, &cell.output));
    if let Step::Pending = step {
        return tasks.put_back(cell.key(), Body::Owned(future));
    }
    contain_as(tasks, cell, || drop(future));
    match step {
        Step::Pending | Step::Finished => tasks.finish(cell, Phase::Finished),
        Step::Cancelled(cancelled) => {
            cell.output.set_error(TaskError::Cancelled(cancelled));
            tasks.finish(cell, Phase::Cancelled);
        }
        Step::Panicked(payload) => {
            cell.output.set_error(TaskError::Panicked(cell.panicked(payload)));
            tasks.finish(cell, Phase::Finished);
        }
    }
}

/// Runs a destructor as the task it belongs to; a panic in it is reported.
pub(crate) fn contain_as(tasks: &Tasks, cell: &Rc<TaskCell>, function: impl FnOnce()) {
    let _current = tasks.enter(cell);
    tasks.core.contain(cell, function);
}
