//! Lesson 15: other threads.
//!
//! You will see three functions that block, and a loop that goes on beside them; a thread that asks the loop
//! and waits for its answers; a thread that feeds a queue of the loop; and one that stops because a flag says
//! so.
//!
//! ```text
//! cargo run --bin 15_threads
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::num::ParseIntError;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use asyncio::{LoopHandle, Queue, gather, get_running_loop, sleep, to_thread, wait_for};

#[asyncio::main]
async fn main() {
    beside_the_loop().await;
    values_and_errors().await;
    a_thread_asks().await;
    a_thread_feeds().await;
    a_flag_stops_it().await;
}

/// Stands for what blocks and has no async form: a driver of a database, a hash, a compressor.
fn look_up(what: &str) -> String {
    thread::sleep(Duration::from_secs(1));
    what.to_uppercase()
}

async fn beside_the_loop() {
    let start = Instant::now();
    let (apple, pear, ()) =
        gather!(to_thread(|| look_up("apple")), to_thread(|| look_up("pear")), async {
            sleep(Duration::from_millis(500)).await;
            println!("the loop goes on");
        })
        .await;
    println!("{apple} and {pear} after {:.0} s", start.elapsed().as_secs_f64());
}

async fn values_and_errors() {
    let text = String::from("to be or not to be");
    // The thread may outlive this function, so it gets what it needs: `move`.
    let words = to_thread(move || text.split(' ').count()).await;
    println!("words: {words}");

    // What the function returns, you get: a `Result` too.
    let parsed: Result<u32, ParseIntError> = to_thread(|| "kiwi".parse()).await;
    println!("kiwi is a number: {}", parsed.is_ok());
}

async fn price(fruit: &str) -> u32 {
    sleep(Duration::from_millis(100)).await;
    println!("the loop looks up: {fruit}");
    if fruit == "apple" { 3 } else { 4 }
}

/// Runs on another thread. It may wait: the loop doesn't wait with it.
fn total(event_loop: &LoopHandle) -> u32 {
    let apple = event_loop.block_on(|| price("apple")).expect("nobody cancels it");
    let pear = event_loop.block_on(|| price("pear")).expect("nobody cancels it");
    apple + pear
}

async fn a_thread_asks() {
    // A loop can't leave its thread. Its handle can.
    let event_loop = get_running_loop().expect("main runs in one").handle();
    println!("total: {}", to_thread(move || total(&event_loop)).await);
}

thread_local! {
    /// The queue is the loop's thread's alone. A callback runs on that thread, and finds it here.
    static READINGS: Rc<Queue<u32>> = Rc::new(Queue::unbounded());
}

/// A thread of its own, for what goes on for long.
fn measure(event_loop: &LoopHandle) {
    for reading in [17, 18, 21] {
        thread::sleep(Duration::from_millis(100));
        let put = move || READINGS.with(|queue| queue.put_nowait(reading).expect("it is open"));
        // `Err`: the loop is closed, so nobody wants to know any more.
        if event_loop.call_soon(put).is_err() {
            return;
        }
    }
    let _ = event_loop.call_soon(|| READINGS.with(|queue| queue.shutdown(false)));
}

async fn a_thread_feeds() {
    let event_loop = get_running_loop().expect("main runs in one").handle();
    let sensor = thread::spawn(move || measure(&event_loop));

    let readings = READINGS.with(Rc::clone);
    while let Ok(reading) = readings.get().await {
        println!("{reading} degrees");
    }
    // It has said its last word, so this doesn't hold the loop up.
    sensor.join().expect("it ends well");
}

async fn a_flag_stops_it() {
    let stop = Arc::new(AtomicBool::new(false));
    let work = {
        let stop = stop.clone();
        move || {
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            println!("the thread saw the flag");
        }
    };
    // A thread can't be interrupted. Cancelling ends the waiting, and the function goes on.
    if wait_for(to_thread(work), Duration::from_millis(300)).await.is_err() {
        println!("nobody waits for the thread any more");
    }
    stop.store(true, Ordering::Relaxed);
    // The run waits for the thread at its end.
}
