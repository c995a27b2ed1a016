//! This library.

use std::rc::Rc;
use std::time::Duration;

use asyncio::{Lock, Queue, Semaphore};

use super::{Locks, Queues, Runtime, Timers};

pub(crate) struct Asyncio;

impl Runtime for Asyncio {
    const NAME: &str = "asyncio";

    fn run<F: Future>(main: F) -> F::Output {
        asyncio::run(main)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let task = asyncio::create_task(future);
        async { task.await.expect("nobody cancels it") }
    }

    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F) {
        asyncio::create_task(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        asyncio::yield_now()
    }

    fn gather<F>(futures: impl Iterator<Item = F>) -> impl Future<Output = Vec<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        asyncio::gather(futures)
    }
}

impl Timers for Asyncio {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        asyncio::sleep(duration)
    }

    async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
        asyncio::timeout(duration, future).await.ok()
    }
}

impl Locks for Asyncio {
    type Lock = Lock<u64>;
    type Semaphore = Semaphore;

    fn lock() -> Lock<u64> {
        Lock::new(0)
    }

    fn acquire(lock: &Lock<u64>) -> impl Future<Output = impl Sized> {
        lock.acquire()
    }

    fn semaphore(permits: usize) -> Semaphore {
        Semaphore::new(permits)
    }

    fn permit(semaphore: &Semaphore) -> impl Future<Output = impl Sized> {
        semaphore.acquire()
    }
}

impl Queues for Asyncio {
    type Sender = Rc<Queue<u64>>;
    type Receiver = Rc<Queue<u64>>;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver) {
        let queue = Rc::new(Queue::new(bound));
        (queue.clone(), queue)
    }

    async fn put(sender: &mut Self::Sender, item: u64) {
        sender.put(item).await.expect("nobody shuts it down");
    }

    async fn get(receiver: &mut Self::Receiver) -> u64 {
        receiver.get().await.expect("nobody shuts it down")
    }
}
