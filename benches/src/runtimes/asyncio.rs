//! This library.

use std::hint::black_box;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use asyncio::http::web::Request;
use asyncio::{Lock, Queue, Semaphore, StreamReader, StreamWriter};

use super::{HELLO, Http, Locks, Queues, Runtime, Streams, Timers, announce};

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

impl Streams for Asyncio {
    type Connection = (StreamReader, StreamWriter);

    async fn serve<F>(handler: impl Fn(Self::Connection) -> F + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let handler = async move |reader, writer| handler((reader, writer)).await;
        let server =
            asyncio::start_server(handler, ("127.0.0.1", 0)).await.expect("a port is free");
        announce(Ok(server.local_addrs()[0]));
        server.serve_forever().await.expect("nothing stops it");
    }

    async fn echo((reader, writer): &mut Self::Connection, buffer: &mut [u8]) -> io::Result<bool> {
        let message = reader.read(buffer.len()).await?;
        writer.write(&message);
        writer.drain().await?;
        Ok(!message.is_empty())
    }

    async fn lines((mut reader, _writer): Self::Connection) -> io::Result<()> {
        while !black_box(reader.read_line().await?).is_empty() {}
        Ok(())
    }
}

impl Http for Asyncio {
    async fn serve_http() {
        let serving = asyncio::http::serve(("127.0.0.1", 0), async |_: Request| HELLO);
        let server = serving.await.expect("a port is free");
        announce(Ok(server.local_addrs()[0]));
        server.serve_forever().await.expect("nothing stops it");
    }
}
