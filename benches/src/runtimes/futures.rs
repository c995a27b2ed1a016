//! The `LocalPool` of the futures crate: a scheduler alone, with neither timers nor I/O.

use std::cell::RefCell;

use futures::channel::mpsc;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use futures::{SinkExt, StreamExt};

use super::{Queues, Runtime};

pub(crate) struct Futures;

thread_local! {
    /// Of the pool that runs: it is passed around by hand or, as here, found in a thread-local.
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

fn spawner() -> LocalSpawner {
    SPAWNER.with_borrow(|spawner| spawner.clone().expect("the pool runs"))
}

impl Runtime for Futures {
    const NAME: &str = "futures";

    fn run<F: Future>(main: F) -> F::Output {
        let mut pool = LocalPool::new();
        SPAWNER.set(Some(pool.spawner()));
        let output = pool.run_until(main);
        SPAWNER.take();
        output
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawner().spawn_local_with_handle(future).expect("the pool lives")
    }

    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F) {
        spawner().spawn_local(future).expect("the pool lives");
    }

    fn yield_now() -> impl Future<Output = ()> {
        futures_lite::future::yield_now()
    }
}

impl Queues for Futures {
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver) {
        // Each sender has a place of its own besides.
        mpsc::channel(bound - 1)
    }

    async fn put(sender: &mut Self::Sender, item: u64) {
        sender.send(item).await.expect("the receiver lives");
    }

    async fn get(receiver: &mut Self::Receiver) -> u64 {
        receiver.next().await.expect("the sender lives")
    }
}
