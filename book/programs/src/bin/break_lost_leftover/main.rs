//! When `main` ends, the tasks that are left are cancelled. What they would have done is not done.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_lost_leftover
//! ```

use std::time::Duration;

use asyncio::{catch_cancel, create_task, sleep, yield_now};

async fn save(what: &str) {
    println!("saving {what}");
    sleep(Duration::from_secs(1)).await;
    println!("saved {what}");
}

/// Says so when it is cut off.
async fn save_or_say(what: &str) {
    if let Err(cancelled) = catch_cancel(save(what)).await {
        println!("{what} was cut off");
        cancelled.raise().await;
    }
}

async fn forget() {
    create_task(save("the letter")).detach();
    create_task(save_or_say("the photo")).detach();
    yield_now().await;
    println!("main ends");
}

/// The way out: keep the handle, and await it before the end.
async fn wait() {
    let book = create_task(save("the book"));
    println!("main waits");
    book.await.expect("it doesn't panic");
}

fn main() {
    let runner = || asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build();
    runner().run(forget());
    println!("--");
    runner().run(wait());
}
