//! A task's value comes once: awaiting its handle gives it away, handle and value.
//!
//! You will see two readers of one value. In Python both await the task.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_twice
//! ```

use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

async fn fetch() -> String {
    println!("fetching");
    sleep(Duration::from_millis(10)).await;
    "page".to_owned()
}

#[asyncio::main(clock = "virtual")]
async fn main() -> Result<(), TaskError> {
    let task = create_task(fetch());
    // Moves the handle into the await, and the one
    // `String` out of it.
    let page = task.await?;
    println!("first reader: {page}");
    // `task` is gone. What two readers need is the
    // value, borrowed or cloned.
    println!("second reader: {page}");
    Ok(())
}
