//! Another thread hands work to a loop: a future whose value it waits for, then a callback.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_other_thread
//! ```

use std::thread;
use std::time::Duration;

use asyncio::{LoopHandle, get_event_loop, new_event_loop, sleep};

async fn add(a: u32, b: u32) -> u32 {
    println!("the loop adds");
    sleep(Duration::from_millis(100)).await;
    a + b
}

fn work(event_loop: &LoopHandle) {
    // This thread waits. The loop's doesn't.
    let sum = event_loop.block_on(|| add(40, 2)).expect("nothing cancels it");
    println!("the thread got {sum}");
    event_loop.call_soon(|| get_event_loop().stop()).expect("the loop is open");
}

fn main() {
    let event_loop = new_event_loop();
    let handle = event_loop.handle();
    let thread = thread::spawn(move || work(&handle));

    event_loop.run_forever();
    println!("stopped from the thread");
    event_loop.close();

    thread.join().expect("the thread ends well");
    println!("after the end: {:?}", event_loop.handle().call_soon(|| println!("too late")));
}
