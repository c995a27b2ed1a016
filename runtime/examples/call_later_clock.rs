//! A clock of callbacks, each of which schedules the next one: the example of Python's documentation,
//! "Display the current date with `call_later`". `cargo run -p asyncio --example call_later_clock`

use std::time::{Duration, Instant};

use asyncio::EventLoop;
use time::OffsetDateTime;

const TICK: Duration = Duration::from_secs(1);

fn display_date(end_time: Instant, event_loop: &EventLoop) {
    let now = OffsetDateTime::now_utc();
    println!("{} {:02}:{:02}:{:02}", now.date(), now.hour(), now.minute(), now.second());
    if event_loop.time() + TICK < end_time {
        let next = event_loop.clone();
        event_loop.call_later(TICK, move || display_date(end_time, &next));
    } else {
        event_loop.stop();
    }
}

fn main() {
    let event_loop = asyncio::new_event_loop();

    // The first call; it schedules the others.
    let end_time = event_loop.time() + 3 * TICK;
    let first = event_loop.clone();
    event_loop.call_soon(move || display_date(end_time, &first));

    // Until `display_date` calls `stop`.
    event_loop.run_forever();
    event_loop.close();
}
