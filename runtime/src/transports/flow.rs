//! When to ask a protocol to pause its writing. Mirrors `transports._FlowControlMixin`.

use std::cell::Cell;

/// Python's limit.
const HIGH: usize = 64 * 1024;

/// The two marks of a write buffer, and whether the protocol was told that the upper one is passed.
///
/// What must hold: the calls come in pairs, "pause" first.
pub(super) struct WaterMarks {
    low: Cell<usize>,
    high: Cell<usize>,
    is_paused: Cell<bool>,
}

/// What to tell a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    Pause,
    Resume,
}

impl WaterMarks {
    pub(super) fn new() -> Self {
        Self { low: Cell::new(HIGH / 4), high: Cell::new(HIGH), is_paused: Cell::new(false) }
    }

    /// The buffer has grown, or the marks were moved.
    pub(super) fn rises_to(&self, size: usize) -> Option<Tell> {
        if size <= self.high.get() || self.is_paused.replace(true) {
            return None;
        }
        Some(Tell::Pause)
    }

    /// The buffer has shrunk.
    pub(super) fn falls_to(&self, size: usize) -> Option<Tell> {
        if size > self.low.get() || !self.is_paused.replace(false) {
            return None;
        }
        Some(Tell::Resume)
    }

    /// `(low, high)`, as Python has them.
    pub(super) fn limits(&self) -> (usize, usize) {
        (self.low.get(), self.high.get())
    }

    #[track_caller]
    pub(super) fn set(&self, high: Option<usize>, low: Option<usize>) {
        let high = high.or_else(|| low.map(|low| low.saturating_mul(4))).unwrap_or(HIGH);
        let low = low.unwrap_or(high / 4);
        assert!(
            high >= low,
            "the high-water mark ({high}) must be at or above the low one ({low})"
        );
        self.high.set(high);
        self.low.set(low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_above_the_upper_mark_and_down_to_the_lower_one_is_anything_told() {
        let marks = WaterMarks::new();
        marks.set(Some(100), Some(20));
        assert_eq!(marks.rises_to(100), None);
        assert_eq!(marks.rises_to(101), Some(Tell::Pause));
        assert_eq!(marks.rises_to(500), None, "once");
        assert_eq!(marks.falls_to(21), None);
        assert_eq!(marks.falls_to(20), Some(Tell::Resume));
        assert_eq!(marks.falls_to(0), None, "once");
    }

    #[test]
    fn one_limit_gives_the_other() {
        let marks = WaterMarks::new();
        marks.set(Some(400), None);
        assert_eq!(marks.limits(), (100, 400));
        marks.set(None, Some(10));
        assert_eq!(marks.limits(), (10, 40));
        marks.set(None, None);
        assert_eq!(marks.limits(), (16 * 1024, 64 * 1024));
    }
}
