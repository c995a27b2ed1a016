//! What time it is: the machine's monotonic clock, or one that tests move.
//!
//! A ground room: the core owns one; it uses nothing of ours. Mirrors `BaseEventLoop.time`.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Which clock an event loop goes by.
///
/// Under [`Clock::Virtual`] no second is ever waited for: whenever nothing is ready, time jumps to
/// the next deadline. A program that sleeps for an hour prints what it always prints, at once.
///
/// The clock knows the loop's own timers only. It jumps also while another thread computes or an
/// answer is on its way through the network, so a timeout around those is over at once: use the real
/// clock there. And when nothing is ready and no timer is set, there is nothing to jump to: a test
/// that waits for what nobody will do waits for ever. With `ASYNCIO_DEBUG=1` it says which tasks do.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// let started = Instant::now();
/// asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
///     asyncio::sleep(Duration::from_secs(3600)).await;
/// });
/// assert!(started.elapsed() < Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    Real,
    /// Time stands still while anything is ready, and jumps to the next deadline when nothing is.
    Virtual,
}

/// A loop's clock: the real one, or where the virtual one stands.
pub(crate) enum ClockSource {
    Real,
    Virtual(Cell<Instant>),
}

impl ClockSource {
    pub(crate) fn new(clock: Clock) -> Self {
        match clock {
            Clock::Real => Self::Real,
            Clock::Virtual => Self::Virtual(Cell::new(Instant::now())),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::Real => Instant::now(),
            Self::Virtual(now) => now.get(),
        }
    }

    /// The time `delay` from now. `None`: beyond what an `Instant` can hold, so never.
    pub(crate) fn after(&self, delay: Duration) -> Option<Instant> {
        self.now().checked_add(delay)
    }

    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Moves the virtual clock to `deadline`; it never goes back. The real clock moves by itself.
    pub(crate) fn jump_to(&self, deadline: Instant) {
        if let Self::Virtual(now) = self {
            now.set(now.get().max(deadline));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_stands_still_until_it_jumps_and_never_goes_back() {
        let clock = ClockSource::new(Clock::Virtual);
        let start = clock.now();
        assert_eq!(clock.now(), start);

        let later = start + Duration::from_secs(5);
        clock.jump_to(later);
        clock.jump_to(start);
        assert_eq!(clock.now(), later);
    }

    #[test]
    fn a_delay_beyond_what_an_instant_holds_never_comes() {
        assert_eq!(ClockSource::new(Clock::Real).after(Duration::MAX), None);
    }
}
