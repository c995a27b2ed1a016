//! Wakes from another thread: what becomes of a thousand at once, and of one that comes while the loop is
//! about to wait.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

use asyncio::yield_now;

#[asyncio::main]
async fn main() {
    a_thousand_wakes_at_once().await;
    a_thousand_waits().await;
}

async fn a_thousand_wakes_at_once() {
    let mut polls = 0;
    let mut rest_of_the_turn = yield_now();
    poll_fn(|cx| {
        polls += 1;
        if polls > 1 {
            // If these wakes led to more than one poll, all of them would come before this is ready.
            return Pin::new(&mut rest_of_the_turn).poll(cx);
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
    let (sender, requests) = mpsc::channel::<(Arc<AtomicBool>, Waker)>();
    let thread = thread::spawn(move || {
        for (is_done, waker) in requests {
            is_done.store(true, Ordering::Release);
            waker.wake();
        }
    });
    let mut polls = 0;
    for _ in 0..1000 {
        let is_done = Arc::new(AtomicBool::new(false));
        let mut is_sent = false;
        poll_fn(|cx| {
            polls += 1;
            if is_done.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            if !is_sent {
                is_sent = true;
                let request = (is_done.clone(), cx.waker().clone());
                sender.send(request).expect("the thread takes requests until we drop the sender");
            }
            // From here on the wake may come at any moment: now, as the loop parks, or long after.
            Poll::Pending
        })
        .await;
    }
    drop(sender);
    thread.join().expect("the thread only wakes");
    println!("1000 waits, one wake each: {polls} polls");
}
