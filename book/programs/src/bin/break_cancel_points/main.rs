//! A cancellation arrives at an `.await` that waits, and nowhere else.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_cancel_points
//! ```

use std::future;

use asyncio::{create_task, current_task, yield_now};

async fn stop_myself() {
    println!("cancel: {}", current_task().expect("it runs as a task").cancel());
    println!("behind cancel()");
    future::ready(()).await;
    println!("behind ready(())");
    yield_now().await;
    println!("behind yield_now()");
}

#[asyncio::main]
async fn main() {
    let error = create_task(stop_myself()).await.expect_err("it is cancelled");
    println!("task: {error}");

    // Asked to stop before its first step: none is made.
    let task = create_task(async { println!("first step") });
    task.cancel();
    let error = task.await.expect_err("it is cancelled");
    println!("task: {error}");

    // Asked to stop behind its last await: all of it runs, and its value is lost.
    let task = create_task(async {
        current_task().expect("it runs as a task").cancel();
        println!("to the end");
    });
    let error = task.await.expect_err("it is cancelled");
    println!("task: {error}");
}
