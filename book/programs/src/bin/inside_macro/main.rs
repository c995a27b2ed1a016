//! What `#[asyncio::main]` writes, beside the same thing written by hand; and which of the two functions
//! a name means inside the body.

use std::num::ParseIntError;
use std::sync::atomic::{AtomicU32, Ordering};

fn main() {
    println!("attribute: {:?}", attribute());
    println!("by hand:   {:?}", by_hand());
    countdown();
}

#[asyncio::main]
async fn attribute() -> Result<u32, ParseIntError> {
    asyncio::yield_now().await;
    "42".parse()
}

fn by_hand() -> Result<u32, ParseIntError> {
    async fn by_hand() -> Result<u32, ParseIntError> {
        asyncio::yield_now().await;
        "42".parse()
    }
    ::asyncio::run(by_hand())
}

/// Calls itself from its own body, until it has counted down.
#[asyncio::main]
async fn countdown() {
    static LEFT: AtomicU32 = AtomicU32::new(2);

    let left = LEFT.load(Ordering::Relaxed);
    println!("{left} left, in {:?}", asyncio::current_task().map(|task| task.name()));
    if left > 0 {
        LEFT.store(left - 1, Ordering::Relaxed);
        // A future that holds itself would have no end: the inner one goes into a box.
        Box::pin(countdown()).await;
    }
}
