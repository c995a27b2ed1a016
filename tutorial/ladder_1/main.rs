//! Ladder 1: a busy loop.
//!
//! You will see three tasks wait side by side without a thread of their own: the shortest runtime
//! there is. Its flaw: to find out whether a delay is over it asks, millions of times, and keeps a
//! whole core busy with it. `ladder_2` lets a delay say so by itself.
//!
//! ```text
//! cargo run --bin ladder_1
//! ```

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// A future by hand: over when the clock says so.
struct Delay {
    deadline: Instant,
}

impl Delay {
    fn new(milliseconds: u64) -> Self {
        Self { deadline: Instant::now() + Duration::from_millis(milliseconds) }
    }
}

impl Future for Delay {
    type Output = ();

    // `poll` answers at once, whatever the answer is. It never waits.
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn say_after(milliseconds: u64, what: &str) {
    Delay::new(milliseconds).await;
    println!("{what}");
}

fn main() {
    let start = Instant::now();
    let polls = run(vec![
        Box::pin(say_after(1000, "!")),
        Box::pin(say_after(300, "hello")),
        Box::pin(say_after(600, "world")),
    ]);
    println!("seconds: {:.0}", start.elapsed().as_secs_f64());
    // Not to standard output, which is the same in every run: this is another number each time.
    eprintln!("polls: {polls}");
}

/// Polls every task, round and round, until all are done. Says how many polls that took.
fn run(mut tasks: Vec<Task>) -> u64 {
    let mut polls = 0;
    // This waker does nothing. Nobody has to call it: every task is asked again anyway.
    let mut cx = Context::from_waker(Waker::noop());
    while !tasks.is_empty() {
        tasks.retain_mut(|task| {
            polls += 1;
            task.as_mut().poll(&mut cx).is_pending()
        });
    }
    polls
}
