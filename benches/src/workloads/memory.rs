//! What a task and a timer hold while they wait: how much more of this process is in memory once there are
//! many. Prints bytes for each.

use std::future::pending;

use futures::poll;

use super::timers::FAR;
use crate::measure::{as_f64, resident};
use crate::runtimes::{Runtime, Timers};

/// `n` tasks that wait for nothing. An operation is a task.
pub(super) fn tasks<R: Runtime>(n: u64) {
    R::run(async move {
        let before = resident();
        for _ in 0..n {
            R::spawn_detached(pending());
        }
        // Each is polled once.
        R::yield_now().await;
        print_each(before, n);
    });
}

/// `n` armed timers. An operation is a timer, in the box that its owner keeps it in.
pub(super) fn timers<R: Timers>(n: u64) {
    R::run(async move {
        let before = resident();
        let mut sleeps = Vec::new();
        for _ in 0..n {
            let mut sleep = Box::pin(R::sleep(FAR));
            assert!(poll!(sleep.as_mut()).is_pending());
            sleeps.push(sleep);
        }
        print_each(before, n);
    });
}

fn print_each(before: Option<f64>, n: u64) {
    match (before, resident()) {
        (Some(before), Some(after)) => println!("{}", (after - before) / as_f64(n)),
        _ => println!("left out: only Linux tells what is in memory"),
    }
}
