//! One turn of the loop after the other: what is ready runs, what it schedules waits.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_turn
//! ```

use std::time::Duration;

use asyncio::{get_running_loop, new_event_loop, yield_now};

fn main() {
    let event_loop = new_event_loop();

    event_loop.call_later(Duration::ZERO, || println!("a timer that is due"));
    event_loop.call_soon(|| {
        println!("a callback");
        let event_loop = get_running_loop().expect("a callback runs in a loop");
        event_loop.call_soon(|| println!("what the callback scheduled"));
    });
    let task = event_loop.create_task(async {
        println!("a task begins");
        yield_now().await;
        println!("the task goes on");
    });
    // Nobody awaits it: the loop alone keeps it.
    task.detach();

    for turn in 1..=2 {
        println!("turn {turn}");
        event_loop.run_once();
    }
    event_loop.close();
}
