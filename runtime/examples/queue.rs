//! Several workers share a queue: the example of Python's documentation, "Queues", with sleeps that are
//! the same each time. `cargo run -p asyncio --example queue`

use std::rc::Rc;
use std::time::Duration;

use asyncio::Queue;

async fn worker(name: String, queue: Rc<Queue<Duration>>) {
    loop {
        // Get a "work item" out of the queue.
        let sleep_for = queue.get().await.expect("nobody shuts the queue down");
        asyncio::sleep(sleep_for).await;
        // Tell the queue that the "work item" has been processed.
        queue.task_done();
        println!("{name} has slept for {:.2} seconds", sleep_for.as_secs_f64());
    }
}

#[asyncio::main]
async fn main() {
    let queue = Rc::new(Queue::unbounded());
    let mut total_sleep_time = Duration::ZERO;
    for step in 0..9 {
        let sleep_for = Duration::from_millis(100 + step * 25);
        total_sleep_time += sleep_for;
        queue.put_nowait(sleep_for).expect("there is always room");
    }

    // Create three worker tasks to process the queue concurrently.
    let workers: Vec<_> = (0..3)
        .map(|number| asyncio::create_task(worker(format!("worker-{number}"), queue.clone())))
        .collect();

    // Wait until the queue is fully processed.
    let started_at = asyncio::get_running_loop().unwrap().time();
    queue.join().await;
    let total_slept_for = asyncio::get_running_loop().unwrap().time() - started_at;

    // Cancel our worker tasks, and wait until all of them are cancelled.
    for worker in &workers {
        worker.cancel();
    }
    asyncio::gather(workers).await;

    println!("====");
    println!("3 workers slept in parallel for {:.1} seconds", total_slept_for.as_secs_f64());
    println!("total expected sleep time: {:.2} seconds", total_sleep_time.as_secs_f64());
}
