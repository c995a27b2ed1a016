//! A task waits for a value that nobody sets. A watchdog says who is still there.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_hang
//! ```

use std::time::Duration;

use asyncio::{Future, all_tasks, create_task, get_running_loop, sleep};

async fn ask(answer: Future<u32>) -> u32 {
    println!("asked");
    answer.await.expect("nobody cancels it")
}

/// Says after a second which tasks are not done.
async fn watchdog() {
    sleep(Duration::from_secs(1)).await;
    println!("after 1 s these are still there:");
    for task in all_tasks() {
        println!("  {}", task.name());
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let event_loop = get_running_loop().expect("main runs in one");
    let answer = event_loop.create_future();
    let asking = create_task(ask(answer.clone())).with_name("asking");
    create_task(watchdog()).with_name("watchdog").detach();

    // The mistake: this code believes that somebody else sets the answer.
    sleep(Duration::from_secs(2)).await;
    println!("asking is done: {}", asking.is_done());

    // The way out.
    answer.set_result(42).expect("nobody has set it");
    println!("answer: {}", asking.await.expect("it doesn't panic"));
}
