//! Timers with the same deadline run in the order they were made. Python doesn't promise that.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_ties
//! ```

use std::time::Duration;

use asyncio::{get_running_loop, sleep};

#[asyncio::main(clock = "virtual")]
async fn main() {
    let event_loop = get_running_loop().expect("main runs on a loop");
    let deadline = event_loop.time() + Duration::from_millis(10);
    for name in ["A", "B", "C", "D", "E"] {
        event_loop.call_at(deadline, move || println!("{name}"));
    }
    sleep(Duration::from_millis(20)).await;
}
