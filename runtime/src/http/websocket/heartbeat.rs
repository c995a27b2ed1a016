//! The heartbeat: a ping after a silence, and the end if nothing answers it.
//!
//! For `websocket`. Mirrors the argument `heartbeat` of aiohttp's WebSockets.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::WebSocketError;
use super::sender::WebSocketSender;
use crate::task::sleep::{Sleep, sleep_until};

type Pinging = Pin<Box<dyn Future<Output = Result<(), WebSocketError>>>>;

pub(super) struct Heartbeat {
    /// The silence after which it pings. Half of it is what an answer may take.
    every: Duration,
    last_heard: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
    waits_for_answer: bool,
    pinging: Option<Pinging>,
}

impl Heartbeat {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            last_heard: super::now(),
            alarm: None,
            waits_for_answer: false,
            pinging: None,
        }
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.last_heard = super::now();
        self.waits_for_answer = false;
    }

    /// Ready with an error once the peer has been silent for too long.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        sender: &WebSocketSender,
    ) -> Poll<WebSocketError> {
        loop {
            // What comes of the ping is for the reading side to tell.
            if let Some(pinging) = &mut self.pinging
                && pinging.as_mut().poll(cx).is_ready()
            {
                self.pinging = None;
            }
            let due = self.last_heard + self.patience();
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.alarm = None;
            if super::now() < due {
                continue;
            }
            if self.waits_for_answer {
                return Poll::Ready(WebSocketError::silent(self.every / 2));
            }
            self.waits_for_answer = true;
            let sender = sender.clone();
            self.pinging = Some(Box::pin(async move { sender.ping("").await }));
        }
    }

    fn patience(&self) -> Duration {
        if self.waits_for_answer { self.every + self.every / 2 } else { self.every }
    }
}
