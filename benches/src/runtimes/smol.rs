//! smol: its `LocalExecutor` on async-io, with its locks and channels. The crate `smol` re-exports these.

use std::cell::RefCell;
use std::hint::black_box;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_executor::LocalExecutor;
use async_io::{Async, Timer};
use async_lock::{Mutex, Semaphore};
use futures_lite::future;
use futures_lite::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use smol_hyper::rt::FuturesIo;

use super::{Http, Locks, Queues, Runtime, Streams, Timers, announce, serve_with_hyper};

pub(crate) struct Smol;

thread_local! {
    /// The one that runs: the executor is passed around by hand or, as here, found in a thread-local.
    static EXECUTOR: RefCell<Rc<LocalExecutor<'static>>> = RefCell::default();
}

fn executor() -> Rc<LocalExecutor<'static>> {
    EXECUTOR.with_borrow(Rc::clone)
}

impl Runtime for Smol {
    const NAME: &str = "smol";

    fn run<F: Future>(main: F) -> F::Output {
        let executor = Rc::new(LocalExecutor::new());
        EXECUTOR.set(executor.clone());
        let output = async_io::block_on(executor.run(main));
        EXECUTOR.take();
        output
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        executor().spawn(future)
    }

    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F) {
        executor().spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        future::yield_now()
    }
}

impl Timers for Smol {
    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn timeout<F: Future>(
        duration: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> {
        future::or(async { Some(future.await) }, async move {
            Timer::after(duration).await;
            None
        })
    }
}

impl Locks for Smol {
    type Lock = Mutex<u64>;
    type Semaphore = Semaphore;

    fn lock() -> Mutex<u64> {
        Mutex::new(0)
    }

    fn acquire(lock: &Mutex<u64>) -> impl Future<Output = impl Sized> {
        lock.lock()
    }

    fn semaphore(permits: usize) -> Semaphore {
        Semaphore::new(permits)
    }

    fn permit(semaphore: &Semaphore) -> impl Future<Output = impl Sized> {
        semaphore.acquire()
    }
}

impl Queues for Smol {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(bound)
    }

    async fn put(sender: &mut Self::Sender, item: u64) {
        sender.send(item).await.expect("the receiver lives");
    }

    async fn get(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("the sender lives")
    }
}

impl Streams for Smol {
    type Connection = Async<TcpStream>;

    async fn serve<F>(handler: impl Fn(Async<TcpStream>) -> F + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a port is free");
        announce(listener.get_ref().local_addr());
        loop {
            let (connection, _) = listener.accept().await.expect("the client connects");
            executor().spawn(handler(connection)).detach();
        }
    }

    async fn echo(connection: &mut Async<TcpStream>, buffer: &mut [u8]) -> io::Result<bool> {
        let count = connection.read(buffer).await?;
        connection.write_all(&buffer[..count]).await?;
        Ok(count > 0)
    }

    async fn lines(connection: Async<TcpStream>) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(65536, connection);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).await? > 0 {
            black_box(&line);
            line.clear();
        }
        Ok(())
    }
}

impl Http for Smol {
    async fn serve_http() {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a port is free");
        announce(listener.get_ref().local_addr());
        loop {
            let (connection, _) = listener.accept().await.expect("the client connects");
            connection.get_ref().set_nodelay(true).expect("it is a TCP socket");
            executor().spawn(serve_with_hyper(FuturesIo::new(connection))).detach();
        }
    }
}
