//! A task that never gives way can't be cancelled, and keeps timers waiting.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_starvation_cancel
//! ```

use std::time::Duration;

use asyncio::{Task, create_task, get_running_loop, yield_now};

const ENOUGH: u32 = 1_000_000;

/// Counts to a million, and gives way every `every` steps.
async fn count(every: u32) -> u32 {
    for step in 1..ENOUGH {
        if step % every == 0 {
            yield_now().await;
        }
    }
    ENOUGH
}

async fn outcome(counting: Task<u32>) -> String {
    match counting.await {
        Ok(count) => format!("counted to {count}"),
        Err(error) => error.to_string(),
    }
}

/// Starts to count, and cancels it from a timer that is due at once.
async fn count_and_cancel(every: u32) -> String {
    let counting = create_task(count(every));
    let task = asyncio::TaskRef::clone(&counting);
    let event_loop = get_running_loop().expect("it is called in one");
    event_loop.call_later(Duration::ZERO, move || {
        println!("timer: cancel gives {}", task.cancel());
    });
    outcome(counting).await
}

#[asyncio::main]
async fn main() {
    println!("never gives way: {}", count_and_cancel(u32::MAX).await);
    println!("gives way every 1,000 steps: {}", count_and_cancel(1_000).await);
}
