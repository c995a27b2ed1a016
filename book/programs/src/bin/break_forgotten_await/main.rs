//! A call of an async function that nobody awaits does nothing.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_forgotten_await
//! ```

use std::time::Duration;

use asyncio::sleep;

async fn greet(name: &str) {
    sleep(Duration::from_secs(1)).await;
    println!("hello {name}");
}

#[expect(unused_must_use, reason = "the mistake that this program shows")]
#[asyncio::main(clock = "virtual")]
async fn main() {
    greet("Ada");
    greet("Grace").await;
    println!("done");
}
