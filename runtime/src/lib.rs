//! Python's asyncio for Rust: a light event loop on [async-io](async_io), and a
//! `#[asyncio::main]` macro.
//!
//! ```
//! use std::time::Duration;
//!
//! async fn say_after(delay: Duration, what: &str) {
//!     asyncio::sleep(delay).await;
//!     println!("{what}");
//! }
//!
//! #[asyncio::main(clock = "virtual")]
//! async fn main() {
//!     asyncio::gather!(
//!         say_after(Duration::from_secs(1), "hello"),
//!         say_after(Duration::from_secs(2), "world"),
//!     )
//!     .await;
//! }
//! ```
//!
//! One thread runs the loop, so tasks need not be `Send`: `Rc` and `RefCell` just work. There is no
//! `unsafe` in here.
//!
//! | to | use |
//! |---|---|
//! | run an async function | [`main`](macro@main), [`run`], [`Runner`]; in a test [`test`](macro@test), [`testing`] |
//! | do something beside it | [`create_task`], [`Task`]; [`current_task`], [`all_tasks`] |
//! | wait | [`sleep`], [`sleep_until`], [`yield_now`] |
//! | wait for several | [`gather!`], [`gather()`]; until the first error [`try_gather!`], [`try_gather()`]; a few at a time [`gather_limited()`] |
//! | wait for tasks that go on | [`wait`](fn@wait), [`as_completed`], [`shield`](fn@shield) |
//! | run tasks that end together | [`TaskGroup`] |
//! | give something a deadline | [`timeout`], [`timeout_at`], [`wait_for`]; one that moves: [`Timeout`] |
//! | deal with a cancellation | [`catch_cancel`], [`with_cleanup`], [`Cancelled`] |
//! | take turns | [`Lock`], [`Event`], [`Condition`], [`Semaphore`], [`BoundedSemaphore`], [`Barrier`] |
//! | hand items on | [`Queue`], [`LifoQueue`], [`PriorityQueue`], which can do what [`AnyQueue`] says |
//! | be told of Ctrl-C and other signals | [`ctrl_c`], [`EventLoop::add_signal_handler`]; [`signals`] |
//! | wait for sockets and descriptors of your own | [`EventLoop::sock_recv`] and its kin, `EventLoop::add_reader` |
//! | handle the loop itself | [`EventLoop`]: [`get_running_loop`], [`get_event_loop`], [`new_event_loop`] |
//! | set a result by hand | [`Future`], made by [`EventLoop::create_future`] |
//! | keep a value for a task and what it calls | [`ContextVar`], [`copy_context`] |
//! | run what blocks on another thread | [`to_thread`], [`EventLoop::run_in_executor`] |
//! | see who awaits whom | [`print_call_graph`], [`capture_call_graph`]; in a trace, [`RunnerBuilder::trace`] |
//! | reach the loop from other threads | [`LoopHandle`], made by [`EventLoop::handle`] |
//! | talk over TCP and Unix sockets | [`open_connection`], [`start_server`]: a [`StreamReader`] and a [`StreamWriter`]; [`Server`] |
//! | look up a host | [`EventLoop::getaddrinfo`] |
//! | have a connection's bytes come in calls | [`EventLoop::create_connection`], [`EventLoop::create_server`] and their kin: a [`Protocol`] and a [`Transport`] |
//! | send and receive datagrams | [`EventLoop::create_datagram_endpoint`]: a [`DatagramProtocol`] and a [`DatagramTransport`] |
//! | read and write files | [`fs`] |
//! | start other programs | [`create_subprocess_exec`], [`create_subprocess_shell`], [`subprocess`] |
//! | fetch a page | `http::ClientSession`, with the feature `http`; `tls` adds https |
//! | serve pages | `http::serve`, with the feature `http`; `http::web` |
//!
//! The environment changes a run without a change of code: `ASYNCIO_DEBUG=1`, `ASYNCIO_SEED=7`,
//! `ASYNCIO_TRACE=file.json`; see [`RunnerBuilder`].
//!
//! The source is laid out as Python's `asyncio` package is: `tasks` there is `task` here, `runners` is
//! `runners`, `base_events` is `event_loop`.

mod context;
mod event_loop;
mod exception_group;
mod exceptions;
pub mod fs;
mod futures;
mod gather;
mod gather_limited;
mod graph;
#[cfg(feature = "http")]
pub mod http;
mod locks;
mod net;
mod os_error;
mod queues;
mod runners;
mod server;
mod shield;
pub mod signals;
mod streams;
#[cfg(unix)]
pub mod subprocess;
mod task;
mod taskgroups;
pub mod testing;
mod threads;
mod timeouts;
mod trace;
mod transports;
mod wait;

// What more than one thread touches. The models of `tests` put loom's in their place.
mod sync {
    pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard};
}

// Running an async function.
pub use asyncio_macros::{main, test};
pub use event_loop::clock::Clock;
pub use runners::{Runner, RunnerBuilder, run};

// Tasks.
pub use task::sleep::{Sleep, YieldNow, sleep, sleep_until, yield_now};
pub use task::{
    DoneCallback, Task, TaskId, TaskRef, all_tasks, create_eager_task, create_task, current_task,
};

// Waiting with gather.
pub use gather::{gather, try_gather};
pub use gather_limited::gather_limited;

// Waiting for tasks.
pub use shield::{Shield, shield};
pub use wait::{AsCompleted, AsCompletedTimeout, Wait, When, as_completed, try_wait, wait};

// Structured concurrency.
pub use exception_group::ExceptionGroup;
pub use taskgroups::{GroupTask, Outcome, TaskGroup};

// Deadlines.
pub use timeouts::{Timeout, timeout, timeout_at, wait_for};

// Cancellation.
pub use task::cancel::{catch_cancel, with_cleanup};

// Synchronisation.
pub use locks::{
    Barrier, BoundedSemaphore, Condition, ConditionWait, Event, Lock, LockGuard, Semaphore,
    SemaphorePermit,
};

// Queues.
pub use queues::{
    AnyQueue, Fifo, Lifo, LifoQueue, Order, Priority, PriorityQueue, Queue, QueueStream,
};

// Context variables.
pub use context::{Context, ContextVar, LookupError, Token, copy_context};

// Transports and protocols.
pub use transports::{
    AnyProtocol, BufferedProtocol, ConnectedSocket, CreateConnection, CreateServer,
    DatagramEndpoint, DatagramProtocol, DatagramTransport, Protocol, ServerSocket, Transport,
};

// Signals.
pub use signals::ctrl_c::{CtrlC, ctrl_c};

// Seeing what goes on.
pub use graph::{CallGraph, CallGraphTask, capture_call_graph, print_call_graph};

// Other threads.
pub use threads::{ExecutorCall, to_thread};

// The network.
pub use net::address::Address;
pub use net::connect::ConnectError;
pub use net::sock::{DatagramSocket, ListeningSocket};
#[cfg(feature = "tls")]
pub use net::tls::{TlsAcceptor, TlsConnector, TlsError, TlsInfo};
pub use server::Server;

// Streams.
pub use streams::{
    Handled, IncompleteReadError, LimitOverrunError, Lines, OpenConnection, ReadError, StartServer,
    StreamReader, StreamWriter, open_connection, start_server,
};
#[cfg(unix)]
pub use streams::{open_unix_connection, start_unix_server};

// The event loop.
pub use event_loop::callback::Handle;
pub use event_loop::policy::{get_event_loop, get_running_loop, new_event_loop, set_event_loop};
pub use event_loop::threadsafe::{LoopHandle, RemoteTask};
pub use event_loop::{EventLoop, TimerHandle};
pub use futures::Future;

// Subprocesses.
#[cfg(unix)]
#[doc(inline)]
pub use subprocess::{create_subprocess_exec, create_subprocess_shell};

// What can go wrong.
pub use exceptions::{
    Cancelled, ExceptionContext, FutureError, InvalidStateError, LoopClosed, NoRunningLoop,
    Panicked, TaskError, TimeoutError,
};
pub use locks::BrokenBarrierError;
pub use queues::{GetNowaitError, PutNowaitError, QueueShutDown};

/// What the macros of this crate expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::gather::{gather_tuple, try_gather_tuple};
}
