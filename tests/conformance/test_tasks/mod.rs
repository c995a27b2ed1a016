//! `test_tasks.py`, of Python 3.11. Of eager tasks, see `test_eager_task_factory.rs`.

mod basics;
mod cancel;
mod context;
mod current;
mod environment;
mod gathers;
mod messages;
mod repr;
mod sleeps;
mod threadsafe;
mod uncancel;
mod waits;

use std::time::{Duration, Instant};

use asyncio::{Clock, EventLoop, Future, Runner, Task, create_task, sleep, yield_now};

fn now() -> Instant {
    asyncio::get_running_loop().unwrap().time()
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn future<T>() -> Future<T> {
    asyncio::get_running_loop().unwrap().create_future()
}

/// A task that is done after that many milliseconds, and says `value`.
fn value_after<T: 'static>(delay: u64, value: T) -> Task<T> {
    create_task(async move {
        sleep(millis(delay)).await;
        value
    })
}

/// Lets everything ready run, also under a shuffle. Python's `run_briefly`.
async fn run_briefly() {
    yield_now().await;
    yield_now().await;
}

/// Gives `test` a loop with a virtual clock, outside of any run.
fn with_loop(test: impl FnOnce(&EventLoop)) {
    let runner = Runner::builder().clock(Clock::Virtual).build();
    test(&runner.event_loop());
}
