//! `ClientTimeout`, and the deadlines a request runs under.
//!
//! For `http::client` alone. Mirrors aiohttp's `ClientTimeout`.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::{EventLoop, Sleep};

/// How long a request may take, as a whole and in its parts; `None` is no limit.
///
/// Mirrors `aiohttp.ClientTimeout`: `connect` is its `sock_connect`, `read` its `sock_read`, and `pool` the
/// part of its `connect` that is spent waiting for a place. A plain [`Duration`] sets `total` and leaves the
/// rest at its default.
///
/// ```
/// use std::time::Duration;
/// use asyncio::http::{ClientSession, ClientTimeout};
///
/// let session = ClientSession::builder()
///     .timeout(ClientTimeout {
///         read: Some(Duration::from_secs(10)),
///         ..ClientTimeout::default()
///     })
///     .build()?;
/// # Ok::<(), asyncio::http::ClientError>(())
/// ```
///
/// Under [`Clock::Virtual`](crate::Clock::Virtual), time jumps to the next deadline whenever the loop
/// would wait, for the network too: a test that makes requests sets no limit, or uses the real clock.
///
/// Differs from aiohttp: `read` covers the whole head of an answer, not each piece of it, so that a
/// server can't stretch the head for ever by sending it byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientTimeout {
    /// From the call to the end of the body, redirects included. Default: 300 seconds.
    pub total: Option<Duration>,
    /// The wait for a place, when the session has as many connections as it may
    /// ([`limit`](super::ClientSessionBuilder::limit)). Default: no limit.
    pub pool: Option<Duration>,
    /// Looking up the host, connecting and the TLS handshake, together. Default: 30 seconds.
    pub connect: Option<Duration>,
    /// The wait for the answer's head once the request is sent, and the longest silence in its body.
    /// Default: no limit.
    pub read: Option<Duration>,
}

impl Default for ClientTimeout {
    fn default() -> Self {
        Self {
            total: Some(Duration::from_secs(300)),
            pool: None,
            connect: Some(Duration::from_secs(30)),
            read: None,
        }
    }
}

impl From<Duration> for ClientTimeout {
    fn from(total: Duration) -> Self {
        Self { total: Some(total), ..Self::default() }
    }
}

/// The moment by which something must be done, if there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Bound>);

/// A deadline's moment, and the limit it comes from.
#[derive(Clone, Copy, Debug)]
struct Bound {
    at: Instant,
    limit: Limit,
}

/// The field of [`ClientTimeout`] that set a deadline, and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    name: &'static str,
    length: Duration,
}

impl Limit {
    /// Whether it is the field `name` that set it.
    pub(super) fn is(self, name: &str) -> bool {
        self.name == name
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (ClientTimeout::{})", self.length, self.name)
    }
}

impl Deadline {
    pub(super) const NEVER: Self = Self(None);

    /// This deadline, or the one `length` from now if that is sooner. A moment beyond what `Instant`
    /// holds is no deadline.
    pub(super) fn or_after(self, name: &'static str, length: Option<Duration>) -> Self {
        let Some(length) = length else { return self };
        let Some(at) = now().checked_add(length) else {
            return self;
        };
        match self.0 {
            Some(bound) if bound.at <= at => self,
            _ => Self(Some(Bound { at, limit: Limit { name, length } })),
        }
    }

    /// The limit, if it has run out.
    fn over(self) -> Option<Limit> {
        self.0.filter(|bound| now() >= bound.at).map(|bound| bound.limit)
    }

    /// What `fut` gives, or the limit that ran out first.
    ///
    /// The clock is looked at before `fut` is: a loop of steps that are always ready ends in time too.
    pub(super) async fn within<T>(self, fut: impl Future<Output = T>) -> Result<T, Limit> {
        let Some(Bound { at, limit }) = self.0 else {
            return Ok(fut.await);
        };
        if let Some(limit) = self.over() {
            return Err(limit);
        }
        let mut fut = pin!(fut);
        let mut alarm = pin!(crate::sleep_until(at));
        std::future::poll_fn(|cx| match fut.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => alarm.as_mut().poll(cx).map(|()| Err(limit)),
        })
        .await
    }
}

/// Watches over what is polled again and again: a total, and the longest silence.
pub(super) struct Watch {
    total: Deadline,
    silence: Option<Duration>,
    /// Set while something is waited for.
    alarm: Option<(Pin<Box<Sleep>>, Limit)>,
}

impl Watch {
    pub(super) fn new(total: Deadline, silence: Option<Duration>) -> Self {
        Self { total, silence, alarm: None }
    }

    /// What `poll` gives, or the limit that ran out. The clock is looked at first, as in
    /// [`within`](Deadline::within).
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Limit>> {
        if let Some(limit) = self.total.over() {
            return Poll::Ready(Err(limit));
        }
        if let Poll::Ready(value) = poll(cx) {
            self.alarm = None;
            return Poll::Ready(Ok(value));
        }
        if self.alarm.is_none() {
            let Deadline(bound) = self.total.or_after("read", self.silence);
            self.alarm = bound.map(|bound| (Box::pin(crate::sleep_until(bound.at)), bound.limit));
        }
        match &mut self.alarm {
            Some((alarm, limit)) => alarm.as_mut().poll(cx).map(|()| Err(*limit)),
            None => Poll::Pending,
        }
    }
}

/// The loop's time, which a test may have made virtual.
fn now() -> Instant {
    running_loop().time()
}

pub(super) fn running_loop() -> EventLoop {
    crate::get_running_loop()
        .expect("an HTTP request needs a running event loop: await it inside asyncio::run()")
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::{Clock, Runner};

    const SECOND: Duration = Duration::from_secs(1);

    fn run_in_virtual_time<T>(fut: impl Future<Output = T>) -> T {
        Runner::builder().clock(Clock::Virtual).build().run(fut)
    }

    /// Which limit `deadline` runs out at, and after how long.
    async fn run_out(deadline: Deadline) -> (String, Duration) {
        let start = now();
        let limit = deadline.within(pending::<()>()).await.unwrap_err();
        (limit.to_string(), now() - start)
    }

    #[test]
    fn the_sooner_of_two_limits_runs_out() {
        run_in_virtual_time(async {
            let total = Deadline::NEVER.or_after("total", Some(5 * SECOND));
            let (limit, time) = run_out(total.or_after("read", Some(2 * SECOND))).await;
            assert_eq!((&*limit, time), ("2s (ClientTimeout::read)", 2 * SECOND));
            let (limit, time) = run_out(total.or_after("read", Some(9 * SECOND))).await;
            assert_eq!((&*limit, time), ("5s (ClientTimeout::total)", 3 * SECOND));
        });
    }

    #[test]
    fn what_is_always_ready_ends_too() {
        run_in_virtual_time(async {
            let deadline = Deadline::NEVER.or_after("total", Some(SECOND));
            assert!(deadline.within(ready(())).await.is_ok());
            crate::sleep(SECOND).await;
            assert!(deadline.within(ready(())).await.is_err());
        });
    }
}
