//! A task is started by `create_task`, but its first line runs in the next turn of the loop. In Python too.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_start
//! ```

use std::time::Duration;

use asyncio::{create_task, sleep, yield_now};

async fn work(name: &str) {
    println!("{name} starts");
    sleep(Duration::from_millis(10)).await;
    println!("{name} ends");
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    create_task(work("A")).detach();
    create_task(work("B")).detach();
    println!("main: made two tasks");
    // Gives way for one turn: both tasks take it,
    // in the order they were made.
    yield_now().await;
    println!("main: is back");
    sleep(Duration::from_millis(20)).await;
}
