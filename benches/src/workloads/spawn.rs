//! Making tasks and waiting for them.

use std::hint::black_box;

use crate::runtimes::Runtime;

/// `n` tasks at once, then each is awaited. An operation is a task.
pub(super) fn spawn_join<R: Runtime>(n: u64) {
    R::run(async move {
        let tasks: Vec<_> =
            (0..n).map(|number| R::spawn(async move { black_box(number) })).collect();
        for task in tasks {
            black_box(task.await);
        }
    });
}

/// One task after the other. An operation is a task.
pub(super) fn spawn_sequential<R: Runtime>(n: u64) {
    R::run(async move {
        for number in 0..n {
            black_box(R::spawn(async move { black_box(number) }).await);
        }
    });
}
