//! A function on another thread that nobody awaits: the run waits for it all the same.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_blocking_exit
//! ```

use std::thread;
use std::time::Duration;

use asyncio::{create_task, sleep, to_thread};

fn save(what: &str) {
    thread::sleep(Duration::from_millis(500));
    println!("saved {what}");
}

#[asyncio::main]
async fn main() {
    create_task(to_thread(|| save("the book"))).await.expect("it doesn't panic");

    create_task(to_thread(|| save("the letter"))).detach();
    sleep(Duration::from_millis(20)).await;
    println!("main ends");
}
