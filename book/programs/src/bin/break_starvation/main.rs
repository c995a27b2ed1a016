//! A task that never gives way, and the same task with `yield_now()`.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_starvation
//! ```

use asyncio::{create_task, gather, yield_now};

#[expect(clippy::unused_async, reason = "the mistake that this program shows")]
async fn greedy(name: &str) {
    for step in 1..=3 {
        println!("{name} {step}");
    }
}

async fn polite(name: &str) {
    for step in 1..=3 {
        println!("{name} {step}");
        yield_now().await;
    }
}

#[asyncio::main]
async fn main() {
    println!("greedy:");
    gather!(greedy("a"), greedy("b")).await;

    println!("polite:");
    gather!(polite("a"), polite("b")).await;

    // One of each.
    println!("both:");
    let tasks = [create_task(polite("polite")), create_task(greedy("greedy"))];
    for task in tasks {
        task.await.expect("it doesn't panic");
    }
}
