//! Lesson 02: tasks run side by side.
//!
//! You will see two tasks speak after 1 s and 2 s, and that both together took 2 s, not 3.
//!
//! ```text
//! cargo run --bin 02_tasks
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::time::{Duration, Instant};

use asyncio::{TaskError, create_task, sleep};

async fn say_after(seconds: u64, what: &str) {
    sleep(Duration::from_secs(seconds)).await;
    println!("{what}");
}

#[asyncio::main]
async fn main() -> Result<(), TaskError> {
    let start = Instant::now();

    // A task starts by itself, as soon as this function gives way to the loop.
    let hello = create_task(say_after(1, "hello"));
    let world = create_task(say_after(2, "world"));
    // A future starts when it is awaited. Were these three all futures, their waits would add up.
    let late = say_after(0, "the future starts only now");
    println!("started two tasks, made one future");

    // The waiting is over when the task is. It may have been cancelled, or have panicked, so what
    // comes back is a `Result`; `?` hands the error to `main`'s caller.
    hello.await?;
    world.await?;
    println!("both tasks took {:.0} s", start.elapsed().as_secs_f64());

    // Awaiting a future runs it right here, as part of this task: no `Result`.
    late.await;
    Ok(())
}
