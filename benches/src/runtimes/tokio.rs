//! tokio's current-thread runtime, with I/O and timers on, as `#[tokio::main]` has them: a turn asks epoll
//! then, also where nobody waits for a socket. As a `LocalRuntime`, which is the same scheduler with tasks
//! that need not be `Send`; a task costs what one of `tokio::spawn` costs.

use std::hint::black_box;
use std::io;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task;

use super::{Http, Locks, Queues, Runtime, Streams, Timers, announce, serve_with_hyper};

pub(crate) struct Tokio;

impl Runtime for Tokio {
    const NAME: &str = "tokio";

    fn run<F: Future>(main: F) -> F::Output {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        runtime.expect("tokio starts").block_on(main)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local(future)
    }

    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F) {
        drop(task::spawn_local(future));
    }

    fn yield_now() -> impl Future<Output = ()> {
        task::yield_now()
    }
}

impl Timers for Tokio {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(duration, future).await.ok()
    }
}

impl Locks for Tokio {
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

    async fn permit(semaphore: &Semaphore) -> impl Sized {
        semaphore.acquire().await.expect("nobody closes it")
    }
}

impl Queues for Tokio {
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver) {
        mpsc::channel(bound)
    }

    async fn put(sender: &mut Self::Sender, item: u64) {
        sender.send(item).await.expect("the receiver lives");
    }

    async fn get(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("the sender lives")
    }
}

impl Streams for Tokio {
    type Connection = TcpStream;

    async fn serve<F>(handler: impl Fn(TcpStream) -> F + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        announce(listener.local_addr());
        loop {
            let (connection, _) = listener.accept().await.expect("the client connects");
            task::spawn_local(handler(connection));
        }
    }

    async fn echo(connection: &mut TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
        let count = connection.read(buffer).await?;
        connection.write_all(&buffer[..count]).await?;
        Ok(count > 0)
    }

    async fn lines(connection: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(65536, connection);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).await? > 0 {
            black_box(&line);
            line.clear();
        }
        Ok(())
    }
}

impl Http for Tokio {
    async fn serve_http() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        announce(listener.local_addr());
        loop {
            let (connection, _) = listener.accept().await.expect("the client connects");
            connection.set_nodelay(true).expect("it is a TCP socket");
            task::spawn_local(serve_with_hyper(TokioIo::new(connection)));
        }
    }
}

/// A task of either of tokio's two ways to have local ones.
pub(super) fn spawn_local<F>(future: F) -> impl Future<Output = F::Output> + 'static
where
    F: Future + 'static,
    F::Output: 'static,
{
    let task = task::spawn_local(future);
    async { task.await.expect("nobody cancels it") }
}
