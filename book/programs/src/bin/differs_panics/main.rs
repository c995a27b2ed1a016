//! A panic in a task ends that task alone: whoever awaits it gets an error, and one that nobody looks at
//! is reported on standard error.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_panics
//! ```

use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

async fn buy(what: &str) -> u32 {
    // A mistake in the program, as a wrong index would be. What a correct program meets is a `Result`.
    panic!("out of {what}");
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    match create_task(buy("cheese")).await {
        Ok(price) => println!("paid {price}"),
        Err(TaskError::Panicked(panicked)) => println!("failed: {}", panicked.message()),
        Err(TaskError::Cancelled(cancelled)) => println!("{cancelled}"),
    }

    // Nobody awaits this one: the loop reports the panic and goes on.
    create_task(buy("bread")).with_name("errand").detach();
    sleep(Duration::from_millis(10)).await;
    println!("the loop goes on");
}
