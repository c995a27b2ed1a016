//! Lesson 13: producers and consumers, with a queue between them.
//!
//! You will see what a limit does to a producer that is too fast, three bakers who share one list of
//! orders, a shop that closes its queue, and queues that give their items in another order.
//!
//! ```text
//! cargo run --bin 13_queues
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`, but for the line of
//! `tests/oracle/differs.toml`: Python 3.11 can't close a queue.

use std::iter;
use std::time::{Duration, Instant};

use asyncio::{AnyQueue, LifoQueue, Order, PriorityQueue, Queue, gather, sleep};

#[asyncio::main]
async fn main() {
    back_pressure("no limit", Queue::unbounded()).await;
    back_pressure("at most 2", Queue::new(2)).await;
    three_bakers().await;
    closing_time().await;
    other_orders();
}

/// The oven bakes as fast as it may. The shop needs half a second a loaf.
async fn back_pressure(name: &str, queue: Queue<u32>) {
    let oven = async {
        let (start, mut most) = (Instant::now(), 0);
        for loaf in 1..=5 {
            // Waits while the queue is full. One without a limit never is.
            queue.put(loaf).await.expect("nobody closes it");
            most = most.max(queue.len());
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: up to {most} loaves waited, all were baked after {seconds:.0} s");
    };
    let shop = async {
        for _ in 1..=5 {
            queue.get().await.expect("nobody closes it");
            sleep(Duration::from_millis(500)).await;
        }
    };
    gather!(oven, shop).await;
}

async fn three_bakers() {
    let orders = Queue::unbounded();
    for (what, tenths) in [("bread", 9), ("rolls", 3), ("cake", 5), ("tart", 4), ("pie", 6)] {
        orders.put_nowait((what, tenths)).expect("it has no limit");
    }

    // An order goes to one baker: whoever asked first.
    let baker = async |name| {
        while let Ok((what, tenths)) = orders.get().await {
            sleep(Duration::from_millis(tenths * 100)).await;
            println!("{name}: {what}");
            // What `join` counts.
            orders.task_done();
        }
    };
    let boss = async {
        orders.join().await;
        println!("all orders are done");
        // The bakers wait for more. This ends their loops.
        orders.shutdown(false);
    };
    gather!(baker("Ann"), baker("Bob"), baker("Cem"), boss).await;
}

async fn closing_time() {
    let queue = Queue::new(10);
    let shop = async {
        // What is in the queue is still sold.
        while let Ok(loaf) = queue.get().await {
            println!("sold loaf {loaf}");
        }
        println!("the shop is closed");
    };
    let oven = async {
        for loaf in 1..=3 {
            queue.put(loaf).await.expect("it is open");
        }
        queue.shutdown(false);
    };
    gather!(shop, oven).await;

    match queue.put(4).await {
        Ok(()) => println!("loaf 4 lies there for ever"),
        // The error has the loaf in it.
        Err(error) => println!("loaf {} came back: {error}", error.into_item()),
    }
}

fn other_orders() {
    two_three_one("Queue", &Queue::unbounded());
    two_three_one("LifoQueue", &LifoQueue::unbounded());
    two_three_one("PriorityQueue", &PriorityQueue::unbounded());
}

/// `AnyQueue` is what all three can do.
fn two_three_one(name: &str, queue: &AnyQueue<impl Order<Item = u32>>) {
    for number in [2, 3, 1] {
        queue.put_nowait(number).expect("it has no limit");
    }
    let numbers: Vec<u32> = iter::from_fn(|| queue.get_nowait().ok()).collect();
    println!("{name}: {numbers:?}");
}
