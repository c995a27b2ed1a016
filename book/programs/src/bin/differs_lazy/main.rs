//! Calling an async function starts nothing: Rust's future, like Python's coroutine, waits to be awaited.
//!
//! You will see that a future that nobody awaits says nothing at all. Python warns about its coroutine.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_lazy
//! ```

use std::time::Duration;

use asyncio::sleep;

async fn greet(name: &str) {
    println!("hello, {name}");
    sleep(Duration::from_millis(10)).await;
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let greeting = greet("Ann");
    println!("made a future");
    // Never polled, so not a line of `greet` has
    // run. There is nothing to report.
    drop(greeting);
    println!("dropped it");

    greet("Bob").await;
}
