//! How long each stage of a connection may take.
//!
//! For `connection`. What must hold: a connection has one timer at most, which is set anew only when it has
//! fired or comes too late, so that a request costs one look at the clock and no change of the loop's timers.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::link::Link;
use super::serving::Limits;
use crate::task::sleep::{Sleep, sleep_until};

/// Where a connection is, as far as time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No byte of the first request, or some of any other request's head.
    Head,
    /// Between two requests.
    Idle,
    /// The handler is at work.
    Answering,
    /// The handler waits for more of the request's body.
    ReadingBody,
    /// The client takes no more of what is sent.
    Sending,
}

/// The time that a connection has for what it does.
pub(super) struct Watch {
    stage: Stage,
    /// How far the stage was when its deadline was set.
    mark: u64,
    /// When the stage has lasted too long.
    deadline: Option<Instant>,
    /// When the server's patience ends: it is shutting down.
    last: Option<Instant>,
    timer: Option<(Instant, Sleep)>,
}

impl Watch {
    pub(super) fn new() -> Self {
        // No connection comes that far: the first look sets the deadline.
        Self { stage: Stage::Head, mark: u64::MAX, deadline: None, last: None, timer: None }
    }

    /// The server is shutting down.
    pub(super) fn finish(&mut self, link: &Rc<Link>, limits: &Limits) {
        self.last = limits.shutdown.and_then(|limit| link.core.clock.after(limit));
    }

    /// Ready when the connection has had its time, with what it was at; `None`: the server shuts down.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        link: &Rc<Link>,
        limits: &Limits,
    ) -> Poll<Option<Stage>> {
        self.look(link, limits);
        loop {
            let Some(next) = self.deadline.into_iter().chain(self.last).min() else {
                return Poll::Pending;
            };
            let timer = self.timer.take().filter(|(at, _)| *at <= next);
            let (at, timer) = self.timer.insert(timer.unwrap_or_else(|| (next, sleep_until(next))));
            ready!(Pin::new(timer).poll(cx));
            let at = *at;
            self.timer = None;
            if self.last.is_some_and(|last| last <= at) {
                return Poll::Ready(None);
            }
            if self.deadline.is_some_and(|deadline| deadline <= at) {
                return Poll::Ready(Some(self.stage));
            }
        }
    }

    /// Sets the deadline anew where the connection went on.
    fn look(&mut self, link: &Rc<Link>, limits: &Limits) {
        let stage = Stage::of(link);
        let mark = match stage {
            // A head has its time as a whole: byte by byte it would never end.
            Stage::Head => link.progress.answers.get(),
            _ => link.progress.steps.get(),
        };
        if (stage, mark) == (self.stage, self.mark) {
            return;
        }
        (self.stage, self.mark) = (stage, mark);
        let limit: Option<Duration> = match stage {
            Stage::Head => limits.header,
            Stage::Idle => limits.keep_alive,
            Stage::Answering => None,
            Stage::ReadingBody | Stage::Sending => limits.stall,
        };
        self.deadline = limit.and_then(|limit| link.core.clock.after(limit));
    }
}

impl Stage {
    fn of(link: &Link) -> Self {
        let progress = &link.progress;
        if progress.is_write_blocked.get() {
            Self::Sending
        } else if progress.is_answering.get() {
            if link.waits.get() { Self::ReadingBody } else { Self::Answering }
        } else if progress.has_read.get() || progress.answers.get() == 0 {
            Self::Head
        } else {
            Self::Idle
        }
    }
}
