//! A function on a thread of the pool that nobody awaits is cut off when the process ends.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_blocking_exit
//! ```

use std::thread;
use std::time::Duration;

use asyncio::{create_task, sleep};
use blocking::unblock;

fn save(what: &str) {
    thread::sleep(Duration::from_millis(500));
    println!("saved {what}");
}

#[asyncio::main]
async fn main() {
    create_task(unblock(|| save("the book"))).await.expect("it doesn't panic");

    create_task(unblock(|| save("the letter"))).detach();
    sleep(Duration::from_millis(20)).await;
    println!("main ends");
}
