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
//! `unsafe` in here. Modules are named after those of Python's `asyncio` package.

mod event_loop;
mod exceptions;
mod futures;
mod gather;
#[cfg(feature = "http")]
pub mod http;
mod runners;
mod signals;
mod task;
pub mod testing;
mod trace;

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
pub use task::{DoneCallback, Task, TaskId, TaskRef, all_tasks, create_task, current_task};

// Waiting with gather.
pub use gather::{gather, try_gather};

// Cancellation.
pub use task::cancel::{catch_cancel, with_cleanup};

// The event loop.
pub use event_loop::callback::Handle;
pub use event_loop::policy::{get_event_loop, get_running_loop, new_event_loop, set_event_loop};
pub use event_loop::threadsafe::{LoopHandle, RemoteTask};
pub use event_loop::{EventLoop, TimerHandle};
pub use futures::Future;

// What can go wrong.
pub use exceptions::{
    Cancelled, ExceptionContext, FutureError, InvalidStateError, LoopClosed, NoRunningLoop,
    Panicked, TaskError,
};

/// What the macros of this crate expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::gather::{gather_tuple, try_gather_tuple};
}
