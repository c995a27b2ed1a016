//! Waiting for time to pass. Mirrors `asyncio.sleep`.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::table;
use crate::event_loop::core::Core;
use crate::event_loop::ready;
use crate::event_loop::timers::{Rank, Timer, TimerKey};
use crate::event_loop::wheel::Place;

/// Waits for `delay`. Mirrors `asyncio.sleep(delay)`.
///
/// A delay of zero gives way for one turn, always. The time counts from the first poll. A delay
/// beyond what an [`Instant`] can hold never ends. Under [`Clock::Virtual`](crate::Clock) nothing is
/// really waited for.
///
/// # Panics
///
/// When awaited outside a running event loop.
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped; its timer goes with it.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// println!("Hello");
/// asyncio::sleep(Duration::from_secs(1)).await;
/// println!("World");
/// # });
/// ```
pub fn sleep(delay: Duration) -> Sleep {
    Sleep { wait: Wait::Delay(delay) }
}

/// Waits until `deadline`, on the loop's clock: `EventLoop::time() + delay`. A deadline in the past
/// gives way for one turn. Python has no such function; there one computes the delay.
///
/// # Panics
///
/// When awaited outside a running event loop.
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped; its timer goes with it.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let event_loop = asyncio::get_running_loop().unwrap();
/// let deadline = event_loop.time() + Duration::from_secs(5);
/// asyncio::sleep(Duration::from_secs(2)).await;
/// asyncio::sleep_until(deadline).await;
/// assert_eq!(event_loop.time(), deadline);
/// # });
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { wait: Wait::Until(deadline) }
}

/// Lets everything else that is ready run first. Mirrors `asyncio.sleep(0)`.
///
/// It lasts until the loop's next turn, so a `block_on` inside a task, which keeps the loop from its next
/// turn, never gets past it.
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped.
///
/// ```
/// asyncio::run(async {
///     let task = asyncio::create_task(async { "ran" });
///     assert!(!task.is_done());
///     asyncio::yield_now().await;
///     assert!(task.is_done());
/// });
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { begun: None }
}

/// The future of [`sleep`] and [`sleep_until`].
///
/// ```
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let sleep: asyncio::Sleep = asyncio::sleep(std::time::Duration::from_secs(1));
/// sleep.await;
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Sleep {
    wait: Wait,
}

enum Wait {
    Delay(Duration),
    Until(Instant),
    /// For one turn.
    Yield(YieldNow),
    /// In the loop's timer queue. The key's fields one by one: a `Sleep` is 24 bytes so, not 32.
    Queued {
        core: Rc<Core>,
        serial: u64,
        slot: u32,
        place: Place,
    },
    Over,
    Forever,
}

impl Sleep {
    /// A sleep that ends at `deadline`, which was yet to come when `rank` was given. It has begun: the first
    /// poll to come is one after the first.
    pub(crate) fn begun(core: Rc<Core>, rank: Rank, deadline: Instant, cx: &Context<'_>) -> Self {
        let timer = Timer::Wake(table::waiter(&core, cx));
        let TimerKey { serial, slot, place } = core.timers.insert_at(rank, deadline, timer);
        Self { wait: Wait::Queued { core, serial, slot, place } }
    }

    fn start(&mut self, cx: &Context<'_>) {
        let core = table::running_core("sleep");
        let deadline = match self.wait {
            Wait::Delay(Duration::ZERO) => None,
            Wait::Delay(delay) => match core.clock.after(delay) {
                Some(deadline) => Some(deadline),
                None => return self.wait = Wait::Forever,
            },
            Wait::Until(deadline) => (deadline > core.clock.now()).then_some(deadline),
            _ => unreachable!("a sleep starts once"),
        };
        *self = match deadline {
            Some(deadline) => {
                let rank = core.timers.rank();
                Self::begun(core, rank, deadline, cx)
            }
            None => Self { wait: Wait::Yield(yield_now()) },
        };
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Wait::Delay(_) | Wait::Until(_) = self.wait {
            self.start(cx);
            if let Wait::Queued { .. } = self.wait {
                return Poll::Pending;
            }
        }
        match &mut self.wait {
            Wait::Yield(turn) => Pin::new(turn).poll(cx),
            &mut Wait::Queued { ref core, serial, slot, place } => {
                // The entry is in the queue until the turn that its deadline falls into.
                let key = TimerKey { serial, slot, place };
                if core.timers.set_waiter(key, || table::waiter(core, cx)) {
                    return Poll::Pending;
                }
                self.wait = Wait::Over;
                Poll::Ready(())
            }
            Wait::Over => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Wait::Queued { core, serial, slot, place } = &self.wait {
            let key = TimerKey { serial: *serial, slot: *slot, place: *place };
            drop(core.timers.remove(key));
        }
    }
}

/// The future of [`yield_now`].
///
/// ```
/// # asyncio::run(async {
/// let turn: asyncio::YieldNow = asyncio::yield_now();
/// turn.await;
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct YieldNow {
    /// The turn of the first poll; 0 outside a loop.
    begun: Option<u64>,
}

impl Future for YieldNow {
    type Output = ();

    // Inlined into the future that awaits it: a tenth of a yield.
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // A task may be polled twice in a turn, once for itself and once for a child in it.
        let turn = ready::turn();
        match self.begun.replace(turn) {
            Some(begun) if begun != turn || turn == 0 => Poll::Ready(()),
            _ => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
