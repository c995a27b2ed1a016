//! A task that catches its cancellation and goes on keeps everybody waiting who cancelled it.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_cancel_swallowed
//! ```

use std::time::{Duration, Instant};

use asyncio::{catch_cancel, create_task, get_running_loop, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// The mistake: three attempts, and a cancellation counts as an attempt that failed.
async fn stubborn() {
    for attempt in 1..=3 {
        match catch_cancel(sleep(5 * SECOND)).await {
            Ok(()) => println!("attempt {attempt}: done"),
            Err(_) => println!("attempt {attempt}: failed"),
        }
    }
}

/// The way out: say what has to be said, and pass it on.
async fn obedient() {
    for attempt in 1..=3 {
        match catch_cancel(sleep(5 * SECOND)).await {
            Ok(()) => println!("attempt {attempt}: done"),
            Err(cancelled) => {
                println!("attempt {attempt}: cut off");
                cancelled.raise().await;
            }
        }
    }
}

fn now() -> Instant {
    get_running_loop().expect("it is called in one").time()
}

async fn cancel_after_a_second(name: &str, attempts: impl Future<Output = ()> + 'static) {
    let task = create_task(attempts);
    sleep(SECOND).await;
    task.cancel();
    let cancelled_at = now();
    let end = if task.await.is_ok() { "done" } else { "cancelled" };
    println!("{name}: {end} {} s later", (now() - cancelled_at).as_secs());
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    cancel_after_a_second("stubborn", stubborn()).await;
    cancel_after_a_second("obedient", obedient()).await;
}
