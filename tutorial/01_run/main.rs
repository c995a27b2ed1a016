//! Lesson 01: run an async function.
//!
//! You will see `Hello`, a second of nothing and `World`; then the same again, from an annotated function.
//!
//! ```text
//! cargo run --bin 01_run
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::time::Duration;

async fn greet() {
    println!("Hello");
    // Gives way for a second: whatever else is ready runs meanwhile. `std::thread::sleep` would hold
    // up the whole program.
    asyncio::sleep(Duration::from_secs(1)).await;
    println!("World");
}

fn main() {
    // A call of an async function runs nothing. It makes a future: a plan that somebody must carry out.
    let greeting = greet();
    println!("Called, but nothing has run.");

    // An event loop is made, carries the plan out and is closed again.
    asyncio::run(greeting);

    println!("The same, annotated:");
    annotated();
}

/// The attribute makes this a plain function that hands its body to `asyncio::run`.
///
/// It mostly stands on `main` itself, as in the next lesson.
#[asyncio::main]
async fn annotated() {
    // Inside async code there is a loop already, so a future is awaited, not run.
    greet().await;
}
