//! Several at once, results in order. A runtime without a `gather` spawns them and awaits one after the
//! other.

use std::hint::black_box;

use crate::runtimes::Runtime;

/// Ten at a time. An operation is one of the ten.
pub(super) fn gather_10<R: Runtime>(n: u64) {
    gathers::<R>(n, 10);
}

/// Ten thousand at a time. An operation is one of them.
pub(super) fn gather_10000<R: Runtime>(n: u64) {
    gathers::<R>(n, 10_000);
}

fn gathers<R: Runtime>(n: u64, at_once: u64) {
    let child = |number| async move {
        R::yield_now().await;
        black_box(number)
    };
    R::run(async move {
        for _ in 0..n / at_once {
            black_box(R::gather((0..at_once).map(child)).await);
        }
    });
}
