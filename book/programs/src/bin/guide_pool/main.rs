//! A call that blocks runs on another thread, and the loop goes on.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_pool
//! ```

use std::error::Error;
use std::sync::mpsc::{Receiver, RecvError, channel};
use std::time::Duration;

use asyncio::{create_task, sleep, to_thread};

/// Stops its thread until the disk has something. Stands for whatever blocks.
fn read(disk: &Receiver<String>) -> Result<String, RecvError> {
    disk.recv()
}

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (disk, slow_disk) = channel();
    let reading = create_task(to_thread(move || read(&slow_disk)));

    for count in 1..=3 {
        sleep(Duration::from_millis(50)).await;
        println!("the loop goes on: {count}");
    }
    disk.send("some text".to_owned())?;
    println!("read: {}", reading.await??);
    Ok(())
}
