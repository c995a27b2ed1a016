//! An error that a task returns to nobody is a value like any other: it is dropped, in silence.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_lost_error
//! ```

use std::time::Duration;

use asyncio::{create_task, sleep};

async fn save() -> Result<(), String> {
    sleep(Duration::from_millis(10)).await;
    Err("the disk is full".to_owned())
}

/// The way out, for a task that nobody awaits: it says itself what went wrong.
async fn save_or_say() {
    if let Err(error) = save().await {
        println!("not saved: {error}");
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    create_task(save()).detach();
    sleep(Duration::from_secs(1)).await;
    println!("the first one said nothing");

    create_task(save_or_say()).detach();
    sleep(Duration::from_secs(1)).await;

    // The other way out: await it. The task's error is inside the task's outcome.
    let outcome = create_task(save()).await.expect("it doesn't panic");
    println!("awaited: {outcome:?}");
}
