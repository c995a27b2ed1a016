//! `asyncio::run` makes a loop and closes it; `get_event_loop` gives the running one, or this thread's own.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_whose_loop
//! ```

use asyncio::{EventLoop, get_event_loop, get_running_loop};

fn main() {
    // Kept beyond the end of its run, to look at what became of it.
    let kept: EventLoop = asyncio::run(async { get_event_loop() });
    println!("the loop of asyncio::run is closed: {}", kept.is_closed());

    println!("a loop runs here: {}", get_running_loop().is_ok());
    let own = get_event_loop();
    own.run_until_complete(async {
        println!("a loop runs here: {}", get_running_loop().is_ok());
    });
    println!("this thread's own loop is closed: {}", own.is_closed());
    own.close();
}
