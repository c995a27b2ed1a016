//! Wakes from another thread: what becomes of a thousand at once, and of one that comes while the loop is
//! about to wait.

use std::future::poll_fn;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

#[asyncio::main]
async fn main() {
    a_thousand_wakes_at_once().await;
    a_thousand_waits().await;
}

async fn a_thousand_wakes_at_once() {
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let thread = thread::spawn(move || (0..1000).for_each(|_| waker.wake_by_ref()));
        // Blocks the loop until all wakes are there. No program does this; here it makes the answer
        // the same in every run.
        thread.join().expect("the thread only wakes");
        Poll::Pending
    })
    .await;
    println!("1000 wakes at once: {polls} polls");
}

async fn a_thousand_waits() {
    let (sender, wakers) = mpsc::channel::<Waker>();
    let thread = thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    let mut polls = 0;
    for _ in 0..1000 {
        let mut is_sent = false;
        poll_fn(|cx| {
            polls += 1;
            if is_sent {
                return Poll::Ready(());
            }
            is_sent = true;
            sender
                .send(cx.waker().clone())
                .expect("the thread takes wakers until we drop the sender");
            // From here on the wake may come at any moment: now, as the loop parks, or long after.
            Poll::Pending
        })
        .await;
    }
    drop(sender);
    thread.join().expect("the thread only wakes");
    println!("1000 waits, one wake each: {polls} polls");
}
