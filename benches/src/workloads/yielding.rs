//! Giving way to other tasks: what the scheduler costs by itself.

use crate::runtimes::Runtime;

/// One task. An operation is a yield.
pub(super) fn yield_1<R: Runtime>(n: u64) {
    yields::<R>(n, 1);
}

/// A thousand tasks. An operation is a yield.
pub(super) fn yield_1000<R: Runtime>(n: u64) {
    yields::<R>(n, 1000);
}

fn yields<R: Runtime>(n: u64, tasks: u64) {
    R::run(async move {
        let give_way = || async move {
            for _ in 0..n / tasks {
                R::yield_now().await;
            }
        };
        let tasks: Vec<_> = (0..tasks).map(|_| R::spawn(give_way())).collect();
        for task in tasks {
            task.await;
        }
    });
}
