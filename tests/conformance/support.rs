//! What the cases of several files need.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use asyncio::EventLoop;

pub(crate) const LONG: Duration = Duration::from_secs(10);
pub(crate) const SHORT: Duration = Duration::from_millis(10);

/// What `function` panicked with.
pub(crate) fn panic_of<R>(function: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(function)) else {
        panic!("it was to panic, and returned");
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("the message is text")).to_owned(),
    }
}

/// Runs the loop until `is_done`: Python's `test_utils.run_until`.
pub(crate) fn run_until(event_loop: &EventLoop, is_done: impl Fn() -> bool) {
    event_loop.run_until_complete(async {
        while !is_done() {
            asyncio::yield_now().await;
        }
    });
}
