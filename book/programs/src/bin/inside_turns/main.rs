//! Who runs in which turn: tasks that give way, one that is made in the middle, and a waker that outlives
//! its task.

use std::future::poll_fn;
use std::task::Poll;

use asyncio::{create_task, yield_now};

#[asyncio::main]
async fn main() {
    turns().await;
    a_stale_waker().await;
}

async fn count(name: &str) {
    for n in 1..=3 {
        println!("{name} {n}");
        yield_now().await;
    }
}

async fn turns() {
    let a = create_task(async {
        let late = create_task(count("late"));
        count("a").await;
        late.await.expect("it counts, and ends");
    });
    let b = create_task(count("b"));
    a.await.expect("it counts, and ends");
    b.await.expect("it counts, and ends");
}

async fn a_stale_waker() {
    let first = create_task(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let stale = first.await.expect("it gives its waker away, and ends");

    let mut polls = 0;
    let next = create_task(poll_fn(move |_| {
        polls += 1;
        println!("the next tenant: poll {polls}");
        Poll::<()>::Pending
    }));
    yield_now().await;

    println!("wake the task that is gone");
    stale.wake();
    yield_now().await;
    println!("nobody was polled");
    next.cancel();
}
