//! A panic in a task ends that task alone: whoever awaits it gets an error, and one that nobody looks at
//! is reported on standard error.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_panics
//! ```

use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

async fn pick(index: usize) -> u32 {
    sleep(Duration::from_millis(10)).await;
    // A mistake in the program panics, as a wrong
    // index does. What a correct program meets is
    // an `Err`.
    assert!(index < 3, "there is no basket {index}");
    7
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    match create_task(pick(3)).await {
        Ok(fruit) => println!("picked {fruit}"),
        Err(TaskError::Panicked(panicked)) => println!("failed: {}", panicked.message()),
        Err(TaskError::Cancelled(cancelled)) => println!("{cancelled}"),
    }

    // Nobody awaits this one: the loop reports the
    // panic and goes on.
    create_task(pick(4)).with_name("errand").detach();
    sleep(Duration::from_millis(20)).await;
    println!("the loop goes on");
}
