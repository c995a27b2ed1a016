//! A dropped handle lets its task go on, since the loop owns its tasks. Python's loop doesn't: a task that
//! nothing else refers to may be collected in the middle.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_dropped
//! ```

use std::future::pending;

use asyncio::{all_tasks, create_task, yield_now};

async fn wait_for_ever() {
    pending::<()>().await;
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let task = create_task(wait_for_ever());
    yield_now().await;
    println!("{} tasks", all_tasks().len());

    // Says what `task.detach()` says better: nobody
    // awaits this task, and it goes on.
    drop(task);
    yield_now().await;
    println!("{} tasks", all_tasks().len());
}
