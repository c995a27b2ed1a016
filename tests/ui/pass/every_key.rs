#![deny(warnings)]

use std::time::{Duration, Instant};

#[asyncio::main(debug = true, clock = "virtual", seed = 7, ctrl_c = true, crate = "::asyncio")]
async fn main() {
    let start = Instant::now();
    asyncio::sleep(Duration::from_secs(3600)).await;
    assert!(start.elapsed() < Duration::from_secs(60));
}
