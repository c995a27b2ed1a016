//! The runtimes, behind traits that are as small as the workloads allow. Each function is the one that a
//! user of that runtime would call; what a runtime lacks, it doesn't implement, and the workloads that need
//! it leave it out.

pub(crate) mod asyncio;
pub(crate) mod futures;
pub(crate) mod monoio;
pub(crate) mod python;
pub(crate) mod smol;
pub(crate) mod tokio;
pub(crate) mod tokio_local_set;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;

/// In the order of the table's columns. The first is what this is about, the second what it is measured by.
pub(crate) const NAMES: [&str; 9] =
    ["asyncio", "tokio", "local-set", "smol", "futures", "monoio", "epoll", "cpython", "uvloop"];

/// A runtime that runs tasks on one thread. They need not be `Send`.
pub(crate) trait Runtime: 'static {
    /// What the table and the command line call it.
    const NAME: &str;

    /// Starts the runtime, runs `main` to its end, and shuts the runtime down.
    fn run<F: Future>(main: F) -> F::Output;

    /// Makes a task; what comes back ends with it.
    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static;

    /// Makes a task that nobody waits for.
    fn spawn_detached<F: Future<Output = ()> + 'static>(future: F);

    /// Lets the other tasks run.
    fn yield_now() -> impl Future<Output = ()>;

    /// Runs all of them as tasks, and gives the results in this order.
    fn gather<F>(futures: impl Iterator<Item = F>) -> impl Future<Output = Vec<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let tasks: Vec<_> = futures.map(Self::spawn).collect();
        async {
            let mut results = Vec::with_capacity(tasks.len());
            for task in tasks {
                results.push(task.await);
            }
            results
        }
    }
}

/// A runtime with timers of its own.
pub(crate) trait Timers: Runtime {
    /// A timer; it may be dropped before its time.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static;

    /// `None`: the time was over first.
    fn timeout<F: Future>(duration: Duration, future: F)
    -> impl Future<Output = Option<F::Output>>;
}

/// What tasks take turns with.
pub(crate) trait Locks: Runtime {
    /// A lock around a number.
    type Lock: 'static;
    /// Some permits.
    type Semaphore: 'static;

    fn lock() -> Self::Lock;
    /// Held until what comes back is dropped.
    fn acquire(lock: &Self::Lock) -> impl Future<Output = impl Sized>;

    fn semaphore(permits: usize) -> Self::Semaphore;
    /// Held until what comes back is dropped.
    fn permit(semaphore: &Self::Semaphore) -> impl Future<Output = impl Sized>;
}

/// A bounded queue between tasks.
pub(crate) trait Queues: Runtime {
    /// The end where items go in.
    type Sender: 'static;
    /// The end where items come out.
    type Receiver: 'static;

    fn queue(bound: usize) -> (Self::Sender, Self::Receiver);
    fn put(sender: &mut Self::Sender, item: u64) -> impl Future<Output = ()>;
    fn get(receiver: &mut Self::Receiver) -> impl Future<Output = u64>;
}

/// A runtime that serves TCP connections.
pub(crate) trait Streams: Runtime {
    /// A client's.
    type Connection: 'static;

    /// Listens on a port that the system picks, says which, and gives each connection a task. Never ends.
    fn serve<F>(handler: impl Fn(Self::Connection) -> F + 'static) -> impl Future<Output = ()>
    where
        F: Future<Output = ()> + 'static;

    /// Sends back what there is to read. False: the other end is closed.
    fn echo(
        connection: &mut Self::Connection,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<bool>>;

    /// Reads line after line, to the end.
    fn lines(connection: Self::Connection) -> impl Future<Output = io::Result<()>>;
}

/// A runtime with an HTTP server.
pub(crate) trait Http: Runtime {
    /// Listens on a port that the system picks, says which, and answers each request with [`HELLO`]. Never ends.
    fn serve_http() -> impl Future<Output = ()>;
}

/// What an HTTP server answers.
const HELLO: &str = "Hello, world!";

/// hyper's server on a connection, for the runtimes that have none of their own.
async fn serve_with_hyper<I>(io: I)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    let service = hyper::service::service_fn(async |_| {
        let hello = Full::new(Bytes::from_static(HELLO.as_bytes()));
        Ok::<_, Infallible>(hyper::Response::new(hello))
    });
    // A client that goes away is none of the server's business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
}

/// Tells whoever started this process where it serves.
fn announce(address: io::Result<SocketAddr>) {
    println!("{}", address.expect("a listener has an address"));
}
