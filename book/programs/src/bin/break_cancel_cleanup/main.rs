//! What still runs when a task is cancelled: `Drop` at once, `with_cleanup` with awaits.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_cancel_cleanup
//! ```

use std::time::Duration;

use asyncio::{create_task, sleep, with_cleanup, yield_now};

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        println!("guard: dropped, and can't await");
    }
}

async fn work() {
    let _guard = Guard;
    println!("work: started");
    sleep(Duration::from_secs(60)).await;
    println!("work: done");
}

async fn say_goodbye() {
    println!("cleanup: started");
    sleep(Duration::from_secs(1)).await;
    println!("cleanup: done");
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let task = create_task(async {
        with_cleanup(work(), say_goodbye()).await;
        println!("after it: never printed");
    });
    yield_now().await;
    println!("cancel: {}", task.cancel());
    match task.await {
        Ok(()) => println!("task: done"),
        Err(error) => println!("task: {error}"),
    }
}
