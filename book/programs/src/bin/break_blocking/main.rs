//! Work that blocks the loop's thread holds up every other task. On a thread of its own it holds up none.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_blocking
//! ```

use std::thread;
use std::time::Duration;

use asyncio::{create_task, sleep, to_thread};

/// Stands for whatever takes long and isn't async: a file, a driver of a database, a computation.
fn make_report() {
    thread::sleep(Duration::from_millis(320));
    println!("report");
}

async fn beat() {
    for number in 1..=3 {
        sleep(Duration::from_millis(20)).await;
        println!("beat {number}");
    }
}

#[asyncio::main(debug = true)]
async fn main() {
    println!("on the loop:");
    let heart = create_task(beat());
    create_task(async { make_report() }).with_name("on the loop").await.expect("it doesn't panic");
    heart.await.expect("it doesn't panic");

    println!("on a thread:");
    let heart = create_task(beat());
    create_task(to_thread(make_report)).with_name("on a thread").await.expect("it doesn't panic");
    heart.await.expect("it doesn't panic");
}
