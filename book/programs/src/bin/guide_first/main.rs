//! A first program of your own: two greetings at once, and how long both took.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_first
//! ```

use std::time::{Duration, Instant};

async fn greet(name: &str, seconds: u64) {
    asyncio::sleep(Duration::from_secs(seconds)).await;
    println!("Hello, {name}!");
}

#[asyncio::main]
async fn main() {
    let start = Instant::now();
    asyncio::gather!(greet("Ada", 1), greet("Grace", 1)).await;
    println!("{:.0} s", start.elapsed().as_secs_f64());
}
