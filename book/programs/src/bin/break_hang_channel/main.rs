//! A loop over a channel ends when the last sender is dropped. Here `main` holds one.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_hang_channel
//! ```

use std::time::Duration;

use asyncio::{create_task, sleep};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

async fn produce(jobs: UnboundedSender<u32>) {
    for job in 1..=2 {
        sleep(Duration::from_millis(10)).await;
        jobs.unbounded_send(job).expect("the worker receives");
    }
}

/// Ends when nobody can send any more.
async fn work(mut jobs: UnboundedReceiver<u32>) {
    while let Some(job) = jobs.next().await {
        println!("job {job}");
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let (sender, jobs) = unbounded();
    create_task(produce(sender.clone())).detach();
    let worker = create_task(work(jobs));
    sleep(Duration::from_secs(1)).await;
    println!("the worker is done: {}", worker.is_done());

    // The way out: keep no sender. `produce(sender)`, without the clone, would have done.
    drop(sender);
    worker.await.expect("it doesn't panic");
    println!("the worker is done");
}
