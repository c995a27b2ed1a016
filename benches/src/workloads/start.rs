//! Starting and stopping.

use std::hint::black_box;

use crate::runtimes::Runtime;

/// An operation is a run of a main that does nothing.
pub(super) fn start<R: Runtime>(n: u64) {
    for number in 0..n {
        black_box(R::run(async { black_box(number) }));
    }
}
