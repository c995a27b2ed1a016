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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;
    use crate::{Clock, Runner};

    const SECOND: Duration = Duration::from_secs(1);

    fn addresses<const N: usize>(texts: [&str; N]) -> Vec<SocketAddr> {
        texts.map(|text| text.parse().unwrap()).to_vec()
    }

    fn after_interleaving(first_family: usize) -> Vec<u16> {
        let mut addresses =
            addresses(["[::1]:1", "[::1]:2", "[::1]:3", "[::1]:4", "127.0.0.1:5", "127.0.0.1:6"]);
        interleave(&mut addresses, first_family);
        addresses.iter().map(SocketAddr::port).collect()
    }

    #[test]
    fn the_families_take_turns() {
        assert_eq!(after_interleaving(0), [1, 2, 3, 4, 5, 6]);
        assert_eq!(after_interleaving(1), [1, 5, 2, 6, 3, 4]);
        assert_eq!(after_interleaving(2), [1, 2, 5, 3, 6, 4]);
        assert_eq!(after_interleaving(9), [1, 2, 3, 4, 5, 6]);
        interleave(&mut Vec::new(), 1);
    }

    /// Each attempt's port and how it ends: after so many seconds, with success or not.
    type Plan = &'static [(u16, u64, bool)];

    struct Ran {
        /// Which port was tried at which second.
        begun: Vec<(u16, u64)>,
        outcome: Result<u16, Vec<u16>>,
        /// The second at which it was over.
        at: u64,
        /// How many attempts were dropped before their end.
        dropped: usize,
    }

    fn run_race(plan: Plan, delay: Option<Duration>) -> Ran {
        Runner::builder().clock(Clock::Virtual).build().run(async {
            let event_loop = crate::get_running_loop().unwrap();
            let start = event_loop.time();
            let second = || (event_loop.time() - start).as_secs();
            let (begun, unfinished) = (RefCell::new(Vec::new()), Rc::new(Cell::new(0)));
            let attempt = |address: SocketAddr| {
                begun.borrow_mut().push((address.port(), second()));
                let (_, length, succeeds) =
                    *plan.iter().find(|(port, ..)| *port == address.port()).unwrap();
                let unfinished = unfinished.clone();
                unfinished.set(unfinished.get() + 1);
                async move {
                    sleep(Duration::from_secs(length)).await;
                    unfinished.set(unfinished.get() - 1);
                    if succeeds { Ok(address.port()) } else { Err(io::Error::other("no")) }
                }
            };
            let addresses = plan.iter().map(|(port, ..)| ([127, 0, 0, 1], *port).into()).collect();
            let outcome = race(addresses, delay, attempt)
                .await
                .map_err(|failed| failed.iter().map(|(address, _)| address.port()).collect());
            Ran { begun: begun.take(), outcome, at: second(), dropped: unfinished.get() }
        })
    }

    #[test]
    fn without_a_delay_each_is_tried_when_the_one_before_has_failed() {
        let ran = run_race(&[(1, 10, false), (2, 10, true), (3, 10, true)], None);
        assert_eq!(ran.begun, [(1, 0), (2, 10)]);
        assert_eq!((ran.outcome, ran.at), (Ok(2), 20));
    }

    #[test]
    fn with_a_delay_the_next_is_tried_beside_those_before_it() {
        let ran = run_race(&[(1, 10, true), (2, 3, true), (3, 9, true)], Some(2 * SECOND));
        assert_eq!(ran.begun, [(1, 0), (2, 2), (3, 4)]);
        assert_eq!((ran.outcome, ran.at, ran.dropped), (Ok(2), 5, 2));
    }

    #[test]
    fn when_the_latest_fails_the_next_begins_at_once() {
        let ran = run_race(&[(1, 9, false), (2, 1, false), (3, 1, true)], Some(5 * SECOND));
        assert_eq!(ran.begun, [(1, 0), (2, 5), (3, 6)]);
        assert_eq!((ran.outcome, ran.at, ran.dropped), (Ok(3), 7, 1));
    }

    #[test]
    fn when_one_before_the_latest_fails_the_delay_goes_on() {
        let ran = run_race(&[(1, 3, false), (2, 9, false), (3, 1, true)], Some(2 * SECOND));
        assert_eq!(ran.begun, [(1, 0), (2, 2), (3, 4)]);
        assert_eq!((ran.outcome, ran.at), (Ok(3), 5));
    }

    #[test]
    fn when_all_fail_all_are_told_in_the_order_in_which_they_did() {
        let ran = run_race(&[(1, 9, false), (2, 1, false), (3, 2, false)], Some(SECOND));
        assert_eq!((ran.outcome, ran.at), (Err(vec![2, 3, 1]), 9));
    }

    #[test]
    fn of_no_address_nothing_comes() {
        assert_eq!(run_race(&[], Some(SECOND)).outcome, Err(vec![]));
    }
}
