//! How a task can end: with an answer, with an error of its own, cancelled.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_outcomes
//! ```

use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

async fn divide(a: u32, b: u32) -> Result<u32, String> {
    sleep(Duration::from_secs(1)).await;
    a.checked_div(b).ok_or_else(|| format!("can't divide {a} by {b}"))
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let answered = create_task(divide(12, 3));
    let failed = create_task(divide(12, 0));
    let cancelled = create_task(divide(12, 4));
    cancelled.cancel();

    for task in [answered, failed, cancelled] {
        // The outer `Result` is the task's, the inner one is what `divide` returned.
        match task.await {
            Ok(Ok(answer)) => println!("answer: {answer}"),
            Ok(Err(error)) => println!("error: {error}"),
            Err(TaskError::Cancelled(_)) => println!("cancelled"),
            Err(TaskError::Panicked(panicked)) => println!("{panicked}"),
        }
    }
}
