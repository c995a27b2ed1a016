//! Two futures awaited one after the other: their waits add up.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_in_a_row
//! ```

use std::time::{Duration, Instant};

async fn say_after(seconds: u64, what: &str) {
    asyncio::sleep(Duration::from_secs(seconds)).await;
    println!("{what}");
}

#[asyncio::main]
async fn main() {
    let start = Instant::now();
    let world = say_after(2, "world");
    let hello = say_after(1, "hello");
    println!("made two futures");
    world.await;
    hello.await;
    println!("both took {:.0} s", start.elapsed().as_secs_f64());
}
