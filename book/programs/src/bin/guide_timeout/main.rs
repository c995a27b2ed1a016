//! A limit of time, and a group of tasks: Python's `async with` takes a function here.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_timeout
//! ```

use std::time::Duration;

use asyncio::{TaskGroup, sleep, timeout};

async fn ask(seconds: u64) -> &'static str {
    sleep(Duration::from_secs(seconds)).await;
    "an answer"
}

async fn with_a_limit() {
    for seconds in [1, 3] {
        match timeout(Duration::from_secs(2), ask(seconds)).await {
            Ok(answer) => println!("{seconds} s: {answer}"),
            Err(_too_late) => println!("{seconds} s: too late"),
        }
    }
}

async fn buy(what: &str, seconds: u64) -> Result<(), String> {
    sleep(Duration::from_secs(seconds)).await;
    if what == "kiwis" {
        return Err(format!("no {what} today"));
    }
    println!("bought {what}");
    Ok(())
}

async fn in_a_group() {
    let list = [("apples", 1), ("kiwis", 2), ("pears", 3)];
    let bought = TaskGroup::scope(async |group| {
        for (what, seconds) in &list {
            group.create_task(buy(what, *seconds));
        }
    });
    match bought.await {
        Ok(_) => println!("bought it all"),
        Err(group) => println!("failed: {:?}", group.errors()),
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    with_a_limit().await;
    in_a_group().await;
}
