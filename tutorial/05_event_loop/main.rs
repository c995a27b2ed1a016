//! Lesson 05: the event loop, by hand.
//!
//! You will see a loop that is closed although an error came in between; callbacks that run now and
//! later; and a loop that moves on by one turn at a time. Programs seldom need this: `asyncio::run`
//! does the first part for you, and libraries do the rest.
//!
//! ```text
//! cargo run --bin 05_event_loop
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::time::Duration;

use asyncio::{EventLoop, get_event_loop, new_event_loop, sleep};

async fn divide(a: i32, b: i32) -> Result<i32, String> {
    sleep(Duration::from_millis(100)).await;
    a.checked_div(b).ok_or_else(|| format!("can't divide {a} by {b}"))
}

fn main() {
    closed_in_any_case();
    callbacks();
    one_turn_at_a_time();
}

/// Closes its loop when it goes out of scope: at the end, after `?`, in a panic. It is what Rust has
/// for Python's `try: … finally: loop.close()`. `asyncio::Runner` does the same for a loop of its own.
struct Closing<'a>(&'a EventLoop);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn closed_in_any_case() {
    // This thread's loop, made when it is first asked for.
    let event_loop = get_event_loop();
    if let Err(error) = calculate(&event_loop) {
        println!("error: {error}");
    }
    println!("closed: {}", event_loop.is_closed());
}

fn calculate(event_loop: &EventLoop) -> Result<(), String> {
    let _closing = Closing(event_loop);
    println!("12 / 3 = {}", event_loop.run_until_complete(divide(12, 3))?);
    println!("12 / 0 = {}", event_loop.run_until_complete(divide(12, 0))?);
    Ok(())
}

fn callbacks() {
    let event_loop = new_event_loop();
    let _closing = Closing(&event_loop);

    event_loop.call_later(Duration::from_millis(200), || {
        println!("later: stop");
        // The loop that runs this callback.
        get_event_loop().stop();
    });
    event_loop.call_soon(|| println!("soon"));

    println!("nothing runs before the loop does");
    event_loop.run_forever();
    println!("stopped");
}

fn one_turn_at_a_time() {
    let event_loop = new_event_loop();
    let _closing = Closing(&event_loop);

    event_loop.call_soon(|| {
        println!("turn 1");
        // A turn runs what was ready when it began. This waits for the next one.
        get_event_loop().call_soon(|| println!("turn 2"));
    });

    event_loop.run_once();
    println!("in between, the loop stands still");
    event_loop.run_once();
}
