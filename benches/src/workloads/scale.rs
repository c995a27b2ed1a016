//! The same with more and more of it: what should cost the same each time, however many there are.

use std::hint::black_box;
use std::pin::Pin;
use std::time::Duration;

use futures::poll;

use super::timers::FAR;
use crate::runtimes::{Runtime, Timers};

/// Each of the sizes does about so many operations.
pub(super) const OPERATIONS: u64 = 1_000_000;

/// `AT_ONCE` tasks that give way four times. An operation is a task.
pub(super) fn tasks<R: Runtime, const AT_ONCE: u64>(n: u64) {
    let task = || async {
        for _ in 0..4 {
            R::yield_now().await;
        }
    };
    R::run(async move {
        for _ in 0..n / AT_ONCE {
            let tasks: Vec<_> = (0..AT_ONCE).map(|_| R::spawn(task())).collect();
            for task in tasks {
                task.await;
            }
        }
    });
}

/// `AT_ONCE` timers in no order, armed, then dropped in another. An operation is a timer.
pub(super) fn timers<R: Timers, const AT_ONCE: u64>(n: u64) {
    R::run(async move {
        for _ in 0..n / AT_ONCE {
            let mut sleeps = Vec::new();
            for number in 0..AT_ONCE {
                let mut sleep =
                    Box::pin(R::sleep(FAR + Duration::from_millis(mixed(number, AT_ONCE))));
                assert!(poll!(sleep.as_mut()).is_pending());
                sleeps.push(Some(sleep));
            }
            drop_mixed(&mut sleeps, AT_ONCE);
        }
    });
}

fn drop_mixed<F>(sleeps: &mut [Option<Pin<Box<F>>>], at_once: u64) {
    for number in 0..at_once {
        let index = usize::try_from(mixed(number + 1, at_once)).expect("it is below the length");
        black_box(sleeps[index].take());
    }
}

/// Each number below `count` once, in an order without a pattern that a timer queue could use.
fn mixed(number: u64, count: u64) -> u64 {
    // A prime that divides no power of ten.
    number * 7919 % count
}
