//! The combinators and channels of futures.

use std::time::Duration;

use asyncio::{create_task, sleep, yield_now};
use futures::channel::{mpsc, oneshot};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, SinkExt, StreamExt, join, select, stream};

async fn after(milliseconds: u64) -> u64 {
    sleep(Duration::from_millis(milliseconds)).await;
    milliseconds
}

#[asyncio::test(clock = "virtual")]
async fn select_takes_what_is_done_first_and_drops_the_rest() {
    let mut slow = Box::pin(after(2_000).fuse());
    let mut fast = Box::pin(after(1_000).fuse());
    let first = select! { value = slow => value, value = fast => value };
    assert_eq!(first, 1_000);
    assert_eq!(slow.await, 2_000);
}

#[asyncio::test(clock = "virtual")]
async fn join_waits_for_all() {
    assert_eq!(join!(after(30), after(10), after(20)), (30, 10, 20));
}

#[asyncio::test(clock = "virtual")]
async fn what_is_unordered_comes_in_the_order_of_time() {
    let waits: FuturesUnordered<_> = [30, 10, 20].into_iter().map(after).collect();
    assert_eq!(waits.collect::<Vec<_>>().await, [10, 20, 30]);
}

#[asyncio::test(clock = "virtual")]
async fn a_stream_runs_so_many_at_once() {
    let values = stream::iter([30, 10, 20]).map(after).buffer_unordered(2);
    assert_eq!(values.collect::<Vec<_>>().await, [10, 30, 20]);
}

#[asyncio::test]
async fn channels_join_two_tasks() {
    let (mut sender, mut receiver) = mpsc::channel(1);
    let (done, is_done) = oneshot::channel();
    let task = create_task(async move {
        for number in 0..100 {
            sender.send(number).await.unwrap();
        }
        done.send("done").unwrap();
    });
    let mut sum = 0;
    while let Some(number) = receiver.next().await {
        sum += number;
        yield_now().await;
    }
    assert_eq!((sum, is_done.await.unwrap()), (4_950, "done"));
    task.await.unwrap();
}
