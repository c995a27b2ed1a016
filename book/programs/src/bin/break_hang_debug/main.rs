//! Debug mode under the virtual clock: where time can't go on, it says who waits.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_hang_debug
//! ```

use std::thread;
use std::time::Duration;

use asyncio::{LoopHandle, all_tasks, create_task, get_running_loop};

#[asyncio::main(clock = "virtual", debug = true)]
async fn main() {
    let event_loop = get_running_loop().expect("main runs in one");
    let answer = event_loop.create_future::<u32>();
    let asking = create_task(answer).with_name("asking");
    rescue(event_loop.handle());
    if let Err(error) = asking.await {
        println!("asking: {error}");
    }
}

/// Cancels what waits, after a moment of real time: or this program would stand still for ever.
fn rescue(event_loop: LoopHandle) {
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        event_loop.call_soon(|| {
            all_tasks().iter().filter(|task| task.name() == "asking").for_each(|task| {
                task.cancel();
            });
        })
    });
}
