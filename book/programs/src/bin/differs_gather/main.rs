//! `gather!` waits for all and gives each its own answer. `try_gather!` ends with the first error, and
//! drops the futures that are still under way.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_gather
//! ```

use std::time::Duration;

use asyncio::{gather, sleep, try_gather};

async fn fetch(name: &str, millis: u64) -> Result<String, String> {
    sleep(Duration::from_millis(millis)).await;
    println!("{name} is there");
    if name == "bad" { Err(format!("{name} is broken")) } else { Ok(name.to_uppercase()) }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    // `return_exceptions=True`: an error is an
    // answer like any other.
    let (good, bad) = gather!(fetch("good", 20), fetch("bad", 10)).await;
    println!("gather: {good:?}, {bad:?}");

    // The future of "late" lives in this
    // `try_gather!`, and ends with it.
    let answer = try_gather!(fetch("late", 20), fetch("bad", 10)).await;
    println!("try_gather: {answer:?}");

    sleep(Duration::from_millis(20)).await;
    println!("end");
}
