//! Trying several addresses: in turn, or each a while after the one before it, and the first that answers
//! wins. Mirrors `staggered.staggered_race` and `_interleave_addrinfos`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::task::sleep::{Sleep, sleep};

/// Lets the families take turns, after `first_family - 1` addresses of the first one's. 0: the order stays.
pub(super) fn interleave(addresses: &mut Vec<SocketAddr>, first_family: usize) {
    let Some(first) = addresses.first().filter(|_| first_family > 0) else { return };
    let is_of_first = first.is_ipv4();
    let (first, other): (Vec<_>, Vec<_>) =
        addresses.drain(..).partition(|address| address.is_ipv4() == is_of_first);
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    addresses.extend(first.by_ref().take(first_family - 1));
    loop {
        let pair = [first.next(), other.next()];
        if pair == [None, None] {
            return;
        }
        addresses.extend(pair.into_iter().flatten());
    }
}

/// What the first attempt gives that succeeds; the others are dropped. `Err`: what each one said, in the
/// order in which they failed.
///
/// The next attempt begins when the latest has failed, or when it has had `delay`.
pub(super) async fn race<T, F>(
    addresses: Vec<SocketAddr>,
    delay: Option<Duration>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Vec<(SocketAddr, io::Error)>>
where
    F: Future<Output = io::Result<T>>,
{
    let mut race = Race {
        waiting: addresses.into(),
        running: Vec::new(),
        failed: Vec::new(),
        delay,
        alarm: None,
        attempt,
    };
    race.begin_next();
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<A, F> {
    waiting: VecDeque<SocketAddr>,
    /// The latest is the last.
    running: Vec<(SocketAddr, Pin<Box<F>>)>,
    failed: Vec<(SocketAddr, io::Error)>,
    delay: Option<Duration>,
    /// When the next begins.
    alarm: Option<Pin<Box<Sleep>>>,
    attempt: A,
}

impl<T, A, F> Race<A, F>
where
    A: Fn(SocketAddr) -> F,
    F: Future<Output = io::Result<T>>,
{
    fn begin_next(&mut self) {
        self.alarm = None;
        let Some(address) = self.waiting.pop_front() else { return };
        self.running.push((address, Box::pin((self.attempt)(address))));
        if !self.waiting.is_empty() {
            self.alarm = self.delay.map(|delay| Box::pin(sleep(delay)));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Vec<(SocketAddr, io::Error)>>> {
        loop {
            let latest_failed = match self.poll_running(cx) {
                Ok(value) => return Poll::Ready(Ok(value)),
                Err(latest_failed) => latest_failed,
            };
            if latest_failed || self.is_next_due(cx) {
                self.begin_next();
            } else if self.running.is_empty() {
                return Poll::Ready(Err(std::mem::take(&mut self.failed)));
            } else {
                return Poll::Pending;
            }
        }
    }

    /// `Err`: none has succeeded yet; whether it is the latest that failed now, with others to come.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Result<T, bool> {
        let mut latest_failed = false;
        let mut index = 0;
        while let Some((address, attempt)) = self.running.get_mut(index) {
            match attempt.as_mut().poll(cx) {
                Poll::Ready(Ok(value)) => return Ok(value),
                Poll::Ready(Err(error)) => {
                    self.failed.push((*address, error));
                    latest_failed = index + 1 == self.running.len();
                    drop(self.running.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        Err(latest_failed && !self.waiting.is_empty())
    }

    fn is_next_due(&mut self, cx: &mut Context<'_>) -> bool {
        self.alarm.as_mut().is_some_and(|alarm| alarm.as_mut().poll(cx).is_ready())
    }
}
