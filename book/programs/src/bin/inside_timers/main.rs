//! The order in which timers fire: by deadline, and by the order in which they were set.

use std::time::Duration;

use asyncio::{gather, get_running_loop, sleep};

#[asyncio::main(clock = "virtual")]
async fn main() {
    let event_loop = get_running_loop().expect("main runs in a loop");
    let start = event_loop.time();
    let say = move |what: &str| {
        let seconds = get_running_loop().expect("so do its callbacks").time() - start;
        println!("{what} at {} s", seconds.as_secs());
    };

    event_loop.call_later(Duration::from_secs(3), move || say("set first"));
    event_loop.call_later(Duration::from_secs(1), move || say("set second"));
    event_loop.call_later(Duration::from_secs(1), move || say("set third"));
    let cancelled = event_loop.call_later(Duration::from_secs(2), || unreachable!());
    cancelled.cancel();

    gather((0..1000).map(|_| sleep(Duration::from_secs(4)))).await;
    say("a thousand sleeps are over");
}
