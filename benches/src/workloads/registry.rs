//! Which workloads there are, on which runtimes, and what this library wants to reach.

use super::{
    channel, gather, locks, memory, queue, scale, serving, spawn, start, timers, wake, yielding,
};
use crate::runtimes::Runtime;
use crate::runtimes::asyncio::Asyncio;
use crate::runtimes::futures::Futures;
use crate::runtimes::monoio::Monoio;
use crate::runtimes::smol::Smol;
use crate::runtimes::tokio::Tokio;
use crate::runtimes::tokio_local_set::TokioLocalSet;
use crate::serving::{Traffic, echo};

/// Something to do on every runtime that can.
pub(crate) struct Workload {
    /// What the table and the command line call it.
    pub(crate) name: &'static str,
    /// What one operation is.
    pub(crate) operation: &'static str,
    pub(crate) kind: Kind,
    /// How many operations make a sample.
    pub(crate) operations: u64,
    /// How many on Python, if it has this workload.
    pub(crate) on_python: Option<u64>,
    /// What its cost is to be at most, as a ratio to tokio's.
    pub(crate) goal: Option<f64>,
    pub(crate) entries: &'static [Entry],
}

/// What is measured, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// CPU time, in this process.
    Cpu,
    /// Memory, in a process that does nothing else; it prints what came out.
    Memory,
    /// CPU time of a server, in a process of its own.
    Served(Traffic),
    /// System calls of a server.
    Calls(Traffic),
    /// CPU time of an HTTP server, with `wrk` for a client and so many connections.
    Http { connections: usize },
}

impl Kind {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu | Self::Served(_) | Self::Http { .. } => "ns",
            Self::Memory => "B",
            Self::Calls(_) => "",
        }
    }
}

/// A workload on a runtime.
pub(crate) struct Entry {
    pub(crate) runtime: &'static str,
    pub(crate) run: fn(u64),
}

macro_rules! on {
    ($run:expr; $($runtime:ident)+ $(, $floor:expr)?) => {
        &[
            $(Entry { runtime: <$runtime as Runtime>::NAME, run: { type R = $runtime; $run } }),+
            $(, Entry { runtime: "epoll", run: $floor })?
        ]
    };
}

/// Where there are tasks.
macro_rules! tasks {
    ($run:expr) => { on!($run; Asyncio Tokio TokioLocalSet Smol Futures Monoio) };
}

/// Where another thread may wake a task.
macro_rules! threads {
    ($run:expr) => { on!($run; Asyncio Tokio TokioLocalSet Smol Futures) };
}

/// Where there are timers, locks and semaphores too.
macro_rules! timers {
    ($run:expr) => { on!($run; Asyncio Tokio TokioLocalSet Smol) };
}

/// Where there is an HTTP server.
macro_rules! http {
    ($run:expr) => { on!($run; Asyncio Tokio Smol) };
}

/// Where there are sockets.
macro_rules! streams {
    ($run:expr $(, $floor:expr)?) => {
        on!($run; Asyncio Tokio TokioLocalSet Smol $(, $floor)?)
    };
}

const fn cpu(
    name: &'static str,
    operation: &'static str,
    operations: u64,
    entries: &'static [Entry],
) -> Workload {
    Workload { name, operation, kind: Kind::Cpu, operations, on_python: None, goal: None, entries }
}

const fn memory(
    name: &'static str,
    operation: &'static str,
    operations: u64,
    entries: &'static [Entry],
) -> Workload {
    Workload { kind: Kind::Memory, ..cpu(name, operation, operations, entries) }
}

/// So many connections on which messages go forth and back.
const fn echoing(
    name: &'static str,
    operation: &'static str,
    connections: usize,
    requests: u64,
) -> Workload {
    let kind = Kind::Served(Traffic::Echo { connections });
    Workload { kind, ..cpu(name, operation, requests, streams!(serving::echo::<R>, echo)) }
}

/// The same, for the system calls.
const fn calling(
    name: &'static str,
    operation: &'static str,
    connections: usize,
    requests: u64,
) -> Workload {
    let kind = Kind::Calls(Traffic::Echo { connections });
    Workload { kind, ..echoing(name, operation, connections, requests) }
}

/// A stream of lines on one connection.
const fn reading(name: &'static str, lines: u64) -> Workload {
    let kind = Kind::Served(Traffic::Lines);
    Workload { kind, ..cpu(name, "a line of 64 bytes, read", lines, streams!(serving::lines::<R>)) }
}

/// So many connections that ask for a hello.
const fn hello(name: &'static str, connections: usize) -> Workload {
    let kind = Kind::Http { connections };
    // A client that counts time, not requests.
    Workload { kind, ..cpu(name, "an HTTP request, answered", 0, http!(serving::http::<R>)) }
}

impl Workload {
    const fn goal(self, goal: f64) -> Self {
        Self { goal: Some(goal), ..self }
    }

    const fn python(self, operations: u64) -> Self {
        Self { on_python: Some(operations), ..self }
    }
}

const SCALE: u64 = scale::OPERATIONS;

#[rustfmt::skip] // one line each, as a table
pub(crate) const WORKLOADS: &[Workload] = &[
    cpu("spawn-join", "a task of many, spawned and awaited", 500_000, tasks!(spawn::spawn_join::<R>)).goal(0.4).python(50_000),
    cpu("spawn-sequential", "a task, spawned and awaited", 500_000, tasks!(spawn::spawn_sequential::<R>)).goal(0.25).python(20_000),
    cpu("yield-1", "a yield with one task", 1_000_000, tasks!(yielding::yield_1::<R>)).goal(0.15).python(50_000),
    cpu("yield-1000", "a yield with 1,000 tasks", 2_000_000, tasks!(yielding::yield_1000::<R>)).goal(0.6).python(200_000),
    cpu("wake", "a wake of a task that is awake", 10_000_000, tasks!(wake::wake::<R>)),
    cpu("ping-pong", "a round trip between two tasks", 200_000, tasks!(channel::ping_pong::<R>)).goal(0.5).python(10_000),
    cpu("remote-wake", "a round trip to a thread", 10_000, threads!(channel::wake_from_thread::<R>)).goal(0.8).python(2_000),
    cpu("sleeps", "a task of many that sleeps", 200_000, timers!(timers::sleeps::<R>)).goal(0.7).python(20_000),
    cpu("timer-drop", "a timer, armed and dropped", 500_000, timers!(timers::timer_drop::<R>)).goal(0.25).python(50_000),
    cpu("timeout-ready", "a deadline around what is ready", 500_000, timers!(timers::timeout_ready::<R>)).python(20_000),
    cpu("timeout-yield", "a deadline around a yield", 200_000, timers!(timers::timeout_yield::<R>)).python(10_000),
    cpu("gather-10", "one of 10 at once", 500_000, tasks!(gather::gather_10::<R>)).goal(0.5).python(50_000),
    cpu("gather-10000", "one of 10,000 at once", 500_000, tasks!(gather::gather_10000::<R>)).goal(0.5).python(50_000),
    cpu("lock-free", "a lock that nobody else wants", 2_000_000, timers!(locks::lock_free::<R>)).goal(0.6).python(100_000),
    cpu("lock-contended", "a lock that 100 tasks want", 500_000, timers!(locks::lock_contended::<R>)).goal(0.6).python(20_000),
    cpu("semaphore-free", "a permit of plenty", 2_000_000, timers!(locks::semaphore_free::<R>)).goal(0.6).python(100_000),
    cpu("semaphore-contended", "a permit of 10 for 100 tasks", 500_000, timers!(locks::semaphore_contended::<R>)).goal(0.6).python(20_000),
    cpu("queue", "an item through a queue", 1_000_000, threads!(queue::queue::<R>)).goal(0.6).python(50_000),
    cpu("start", "a run of nothing", 5_000, tasks!(start::start::<R>)).python(500),
    memory("memory-task", "an idle task", 200_000, tasks!(memory::tasks::<R>)).goal(0.7).python(50_000),
    memory("memory-timer", "a timer", 200_000, timers!(memory::timers::<R>)).python(50_000),
    echoing("echo-1", "a message sent back, 1 connection", 1, 30_000).python(10_000),
    echoing("echo-50", "a message sent back, 50 connections", 50, 100_000).goal(1.0).python(20_000),
    echoing("echo-1000", "a message sent back, 1,000 connections", 1_000, 100_000).goal(1.0).python(20_000),
    echoing("echo-10000", "a message sent back, 10,000 connections", 10_000, 100_000),
    calling("echo-1-calls", "system calls for it, 1 connection", 1, 2_000).python(1_000),
    calling("echo-50-calls", "system calls for it, 50 connections", 50, 5_000).python(1_000),
    calling("echo-1000-calls", "system calls for it, 1,000 connections", 1_000, 10_000).python(4_000),
    reading("lines", 1_000_000).python(100_000),
    hello("http", 50).goal(0.95).python(0),
    cpu("tasks-100", "a task of 100 that yields 4 times", SCALE, tasks!(scale::tasks::<R, 100>)),
    cpu("tasks-1000", "a task of 1,000 that yields 4 times", SCALE, tasks!(scale::tasks::<R, 1_000>)),
    cpu("tasks-10000", "a task of 10,000 that yields 4 times", SCALE, tasks!(scale::tasks::<R, 10_000>)),
    cpu("tasks-100000", "a task of 100,000 that yields 4 times", SCALE, tasks!(scale::tasks::<R, 100_000>)),
    cpu("tasks-1000000", "a task of 1,000,000 that yields 4 times", SCALE, tasks!(scale::tasks::<R, 1_000_000>)),
    cpu("timers-100", "a timer of 100, armed and dropped", SCALE, timers!(scale::timers::<R, 100>)),
    cpu("timers-1000", "a timer of 1,000, armed and dropped", SCALE, timers!(scale::timers::<R, 1_000>)),
    cpu("timers-10000", "a timer of 10,000, armed and dropped", SCALE, timers!(scale::timers::<R, 10_000>)),
    cpu("timers-100000", "a timer of 100,000, armed and dropped", SCALE, timers!(scale::timers::<R, 100_000>)),
    cpu("timers-1000000", "a timer of 1,000,000, armed and dropped", SCALE, timers!(scale::timers::<R, 1_000_000>)),
];

/// A workload on a runtime, if there is one.
pub(crate) fn entry(workload: &str, runtime: &str) -> Option<&'static Entry> {
    let workload = WORKLOADS.iter().find(|it| it.name == workload)?;
    workload.entries.iter().find(|entry| entry.runtime == runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_runs_on_every_runtime_that_has_it() {
        for workload in WORKLOADS.iter().filter(|it| it.kind == Kind::Cpu) {
            // What the scale workloads have at once is their size.
            let operations = if workload.operations == SCALE { 100 } else { 1000 };
            for entry in workload.entries {
                (entry.run)(operations);
            }
        }
    }
}
