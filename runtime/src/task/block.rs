//! A block: a part of a task that can be cancelled by itself, such as what runs under a timeout, or the
//! body of a task group.
//!
//! In Python such a block cancels the whole task, catches what comes out, and counts requests to know
//! its own. Here the cancellation goes to the points within the block alone, so that what runs beside
//! the block in the same task (`join!`) is left alone. Whose cancellation came out is counted as there.
//!
//! What must hold: a block that was cancelled for itself and from outside says that it was from outside
//! (`an_outer_cancellation_wins_over_the_deadline`); a cancellation is given to the points within
//! once.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::cancel;
use super::cancel_point::CancelPoint;
use super::cell::Request;
use super::points::{Delivery, Kind};
use crate::exceptions::Cancelled;

#[derive(Default)]
pub(crate) struct Block {
    point: Option<CancelPoint>,
    state: State,
    /// How often those around were asked to stop, when it began.
    asked_before: (u32, usize),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Running,
    /// To be cancelled at the next poll.
    Asked(Request),
    /// The points within have been given the cancellation.
    OnItsWay(Request),
    Told,
}

impl Block {
    /// Cancels what the block encloses; its next poll delivers it. Once is enough. A task within that
    /// was told of a cancellation since `request` isn't told again.
    pub(crate) fn cancel(&mut self, request: Request) {
        if self.state == State::Running {
            self.state = State::Asked(request);
        }
    }

    /// Polls what the block encloses: always the same future. `Err`: a cancellation came out of it.
    pub(crate) fn poll<F: Future>(
        &mut self,
        mut future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Cancelled>> {
        let is_new = self.point.is_none();
        if let Some(cancelled) = cancel::take_signal(&mut self.point, Kind::Catch, cx) {
            return Poll::Ready(Err(cancelled));
        }
        let Some(point) = &self.point else {
            // Outside a task: nothing in there could take a cancellation.
            return match self.state {
                State::Running => future.poll(cx).map(Ok),
                _ => Poll::Ready(Err(Cancelled::default())),
            };
        };
        if is_new {
            self.asked_before = point.requests_around();
        }
        loop {
            if let State::Asked(request) = self.state {
                self.state = State::OnItsWay(request);
                let cancelled = Cancelled::default();
                if point.deliver_within(request, &cancelled).is_err() {
                    return Poll::Ready(Err(cancelled));
                }
            }
            if let Poll::Ready(value) = point.enclose(|| future.as_mut().poll(cx)) {
                return Poll::Ready(Ok(value));
            }
            let State::OnItsWay(request) = self.state else { return Poll::Pending };
            match point.settle_within() {
                Delivery::Taken => self.state = State::Told,
                Delivery::Late => return Poll::Pending,
                Delivery::Refused => self.state = State::Asked(request),
            }
        }
    }

    /// Whether the cancellation that came out is this block's own, and nobody around wants it.
    pub(crate) fn was_own(&self) -> bool {
        let (task, around) = self.point.as_ref().map_or((0, 0), CancelPoint::requests_around);
        let is_for_others = task > self.asked_before.0 || around > self.asked_before.1;
        self.state != State::Running && !is_for_others
    }
}
