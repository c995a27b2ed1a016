//! Sleeping, and timers that never fire.

use std::future::ready;
use std::hint::black_box;
use std::pin::pin;
use std::time::Duration;

use futures::poll;

use crate::runtimes::Timers;

/// Later than any workload ends.
pub(super) const FAR: Duration = Duration::from_secs(600);

/// `n` tasks that sleep at once, up to 50 ms each. An operation is a task.
pub(super) fn sleeps<R: Timers>(n: u64) {
    R::run(async move {
        let sleep = |number| R::spawn(R::sleep(Duration::from_millis(number % 50)));
        let tasks: Vec<_> = (0..n).map(sleep).collect();
        for task in tasks {
            task.await;
        }
    });
}

/// An operation is a timer that is armed, then dropped.
pub(super) fn timer_drop<R: Timers>(n: u64) {
    R::run(async move {
        for _ in 0..n {
            let mut sleep = pin!(R::sleep(FAR));
            assert!(poll!(&mut sleep).is_pending());
        }
    });
}

/// An operation is a deadline around a future that is ready.
pub(super) fn timeout_ready<R: Timers>(n: u64) {
    R::run(async move {
        for number in 0..n {
            black_box(R::timeout(FAR, ready(black_box(number))).await);
        }
    });
}

/// An operation is a deadline around a future that gives way once.
pub(super) fn timeout_yield<R: Timers>(n: u64) {
    R::run(async move {
        for _ in 0..n {
            black_box(R::timeout(FAR, R::yield_now()).await);
        }
    });
}
