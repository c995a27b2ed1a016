//! A function that blocks, on a thread of its own, beside a sleep: the example of Python's documentation,
//! "Running in Threads". `cargo run -p asyncio --example to_thread`

use std::thread;
use std::time::Duration;

use asyncio::{gather, sleep, to_thread};
use time::OffsetDateTime;

/// The time of day, in UTC.
fn time_of_day() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:02}:{:02}:{:02}", now.hour(), now.minute(), now.second())
}

fn blocking_io() {
    println!("start blocking_io at {}", time_of_day());
    // Whatever holds up its thread may stand here, reading a file for one.
    thread::sleep(Duration::from_secs(1));
    println!("blocking_io complete at {}", time_of_day());
}

#[asyncio::main]
async fn main() {
    println!("started main at {}", time_of_day());

    // Both take a second, and so do the two together. The loop stays free.
    gather!(to_thread(blocking_io), sleep(Duration::from_secs(1))).await;

    println!("finished main at {}", time_of_day());
}
