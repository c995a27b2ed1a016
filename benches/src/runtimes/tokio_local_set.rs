//! tokio's `LocalSet` on its current-thread runtime.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{self, LocalSet};

use super::tokio::{Tokio, spawn_local};
use super::{Locks, Queues, Runtime, Streams, Timers};

pub(crate) struct TokioLocalSet;

impl Runtime for TokioLocalSet {
    const NAME: &str = "local-set";

    fn run<F: Future>(main: F) -> F::Output {
        let runtime = Builder::new_current_thread().enable_all().build().expect("tokio starts");
        LocalSet::new().block_on(&runtime, main)
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

impl Timers for TokioLocalSet {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        Tokio::sleep(duration)
    }

    fn timeout<F: Future>(
        duration: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> {
        Tokio::timeout(duration, future)
    }
}

impl Locks for TokioLocalSet {
    type Lock = <Tokio as Locks>::Lock;
    type Semaphore = <Tokio as Locks>::Semaphore;

    fn lock() -> Self::Lock {
        Tokio::lock()
    }

    fn acquire(lock: &Self::Lock) -> impl Future<Output = impl Sized> {
        Tokio::acquire(lock)
    }

    fn semaphore(permits: usize) -> Self::Semaphore {
        Tokio::semaphore(permits)
    }

    fn permit(semaphore: &Self::Semaphore) -> impl Future<Output = impl Sized> {
        Tokio::permit(semaphore)
    }
}

impl Queues for TokioLocalSet {
    type Sender = <Tokio as Queues>::Sender;
    type Receiver = <Tokio as Queues>::Receiver;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver) {
        Tokio::queue(bound)
    }

    fn put(sender: &mut Self::Sender, item: u64) -> impl Future<Output = ()> {
        Tokio::put(sender, item)
    }

    fn get(receiver: &mut Self::Receiver) -> impl Future<Output = u64> {
        Tokio::get(receiver)
    }
}

impl Streams for TokioLocalSet {
    type Connection = <Tokio as Streams>::Connection;

    fn serve<F>(handler: impl Fn(Self::Connection) -> F + 'static) -> impl Future<Output = ()>
    where
        F: Future<Output = ()> + 'static,
    {
        Tokio::serve(handler)
    }

    fn echo(
        connection: &mut Self::Connection,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<bool>> {
        Tokio::echo(connection, buffer)
    }

    fn lines(connection: Self::Connection) -> impl Future<Output = io::Result<()>> {
        Tokio::lines(connection)
    }
}
