//! A task that nobody awaits panics. The loop reports it once, and goes on.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_lost_panic
//! ```

use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

async fn bake(flour: u32) -> u32 {
    sleep(Duration::from_millis(10)).await;
    assert!(flour > 0, "no flour left");
    flour - 1
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    // Nobody will look at its end.
    create_task(bake(0)).with_name("baker").detach();
    sleep(Duration::from_secs(1)).await;
    println!("the loop goes on");

    // The way out: await it, and its end is a value.
    match create_task(bake(0)).await {
        Ok(flour) => println!("flour left: {flour}"),
        Err(TaskError::Panicked(panicked)) => println!("seen: {}", panicked.message()),
        Err(TaskError::Cancelled(_)) => println!("cancelled"),
    }
}
