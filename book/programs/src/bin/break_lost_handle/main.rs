//! A handle that is dropped while it is being awaited takes its task with it.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_lost_handle
//! ```

use std::pin::pin;
use std::time::Duration;

use asyncio::{TaskRef, create_task, sleep};
use futures::future::{Either, select};

async fn download() -> u32 {
    sleep(Duration::from_secs(2)).await;
    println!("downloaded");
    5
}

/// Both arms drop what is left of the race: in the second one that is the handle.
async fn give_up() {
    let task = create_task(download());
    let state = TaskRef::clone(&task);
    match select(task, pin!(sleep(Duration::from_secs(1)))).await {
        Either::Left((pages, _)) => println!("pages: {}", pages.expect("it doesn't panic")),
        Either::Right(_) => println!("given up after 1 s"),
    }
    sleep(Duration::from_secs(2)).await;
    println!("cancelled: {}", state.is_cancelled());
}

/// A way out: the second arm keeps the handle.
async fn come_back() {
    let task = create_task(download());
    match select(task, pin!(sleep(Duration::from_secs(1)))).await {
        Either::Left((pages, _)) => println!("pages: {}", pages.expect("it doesn't panic")),
        Either::Right(((), task)) => {
            println!("not yet after 1 s");
            println!("pages: {}", task.await.expect("it doesn't panic"));
        }
    }
}

/// Another: nobody waits for it any more, and it goes on.
async fn let_go() {
    let task = create_task(download());
    match select(task, pin!(sleep(Duration::from_secs(1)))).await {
        Either::Left((pages, _)) => println!("pages: {}", pages.expect("it doesn't panic")),
        Either::Right(((), task)) => {
            println!("let go after 1 s");
            task.detach();
        }
    }
    sleep(Duration::from_secs(2)).await;
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    give_up().await;
    come_back().await;
    let_go().await;
}
