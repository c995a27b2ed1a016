//! What goes wrong in the world is a value in Rust, `Err`, that every function on its way hands on with `?`.
//! Python raises it.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_errors
//! ```

use std::error::Error;
use std::time::Duration;

use asyncio::{create_task, sleep};

async fn price(fruit: &str) -> Result<u32, String> {
    sleep(Duration::from_millis(10)).await;
    match fruit {
        "apple" => Ok(3),
        other => Err(format!("no price for {other}")),
    }
}

async fn total() -> Result<u32, Box<dyn Error>> {
    // One `?`: a future that is awaited gives its
    // own result.
    let here = price("apple").await?;
    // Two: was the task cancelled, or did it panic?
    // Then: what did its function return?
    let beside = create_task(price("kiwi")).await??;
    Ok(here + beside)
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    match total().await {
        Ok(total) => println!("total: {total}"),
        Err(error) => println!("failed: {error}"),
    }
}
