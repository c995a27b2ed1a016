//! Ladder 5: async-io.
//!
//! You will see the three tasks of `ladder_4` and two more that talk over a socket, all on one thread.
//! The loop is itself a future now. `async_io::block_on` polls it, and waits for it: for sockets with
//! the system's own means (epoll on Linux), and until the earliest deadline.
//!
//! ```text
//! cargo run --bin ladder_5
//! ```
//!
//! This is the plan of the real runtime. What that has beyond it, and where in `runtime/src`:
//!
//! - results, panics that end one task alone, cancellation: `task/`
//! - tasks that borrow, as the one given to `run` does: `task/scope.rs`, `event_loop/turn.rs`
//! - a ready queue without a lock, other threads have a way of their own: `event_loop/{ready,inbox}.rs`
//! - a look at the sockets although there is always somebody ready: `event_loop/driver.rs`
//! - a clock that jumps, for tests: `event_loop/clock.rs`

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use async_io::{Async, Timer};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What names a task in the table and in the ready queue.
type Key = usize;

thread_local! {
    /// Whom to wake, and when, the earliest first.
    static TIMERS: RefCell<BTreeMap<Instant, Vec<Waker>>> = RefCell::default();
}

/// Wakes those whose deadline is over.
fn wake_due() {
    let now = Instant::now();
    while earliest().is_some_and(|deadline| deadline <= now) {
        let due = TIMERS.with_borrow_mut(BTreeMap::pop_first);
        due.into_iter().flat_map(|(_, wakers)| wakers).for_each(Waker::wake);
    }
}

fn earliest() -> Option<Instant> {
    TIMERS.with_borrow(|timers| timers.keys().next().copied())
}

/// A delay that leaves its waker with the timer queue.
struct Delay {
    deadline: Instant,
}

impl Delay {
    fn new(milliseconds: u64) -> Self {
        Self { deadline: Instant::now() + Duration::from_millis(milliseconds) }
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        TIMERS.with_borrow_mut(|timers| timers.entry(self.deadline).or_default().push(waker));
        Poll::Pending
    }
}

async fn say_after(milliseconds: u64, what: &str) {
    Delay::new(milliseconds).await;
    println!("{what}");
}

async fn write_after(milliseconds: u64, what: &str, socket: Async<TcpStream>) {
    Delay::new(milliseconds).await;
    socket.get_ref().write_all(what.as_bytes()).expect("a few bytes fit into an empty socket");
}

/// Says what comes out of the socket.
async fn say_what_comes(socket: Async<TcpStream>) {
    // Here the task's waker goes to async-io, which calls it when there is something to read.
    socket.readable().await.expect("the socket is open");
    let mut buffer = [0; 64];
    let length = socket.get_ref().read(&mut buffer).expect("there is something to read");
    println!("{}", String::from_utf8_lossy(&buffer[..length]));
}

fn main() -> io::Result<()> {
    let (here, there) = socket_pair()?;
    let start = Instant::now();
    let polls = run(vec![
        Box::pin(say_after(1000, "!")),
        Box::pin(say_after(300, "hello")),
        Box::pin(say_after(600, "world")),
        Box::pin(say_what_comes(here)),
        Box::pin(write_after(800, "from a socket", there)),
    ]);
    println!("seconds: {:.0}", start.elapsed().as_secs_f64());
    println!("polls: {polls}");
    Ok(())
}

/// Two ends of one connection, on this machine, over a port that the system picks.
fn socket_pair() -> io::Result<(Async<TcpStream>, Async<TcpStream>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let here = TcpStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    Ok((Async::new(here)?, Async::new(there)?))
}

/// Runs the tasks until all are done. Says how many polls that took.
fn run(tasks: Vec<Task>) -> u64 {
    async_io::block_on(EventLoop::new(tasks))
}

/// The loop, as a future: over when all tasks are.
struct EventLoop {
    table: BTreeMap<Key, (Task, Waker)>,
    ready: Arc<ReadyQueue>,
    alarm: Alarm,
    polls: u64,
}

impl EventLoop {
    fn new(tasks: Vec<Task>) -> Self {
        let ready = Arc::new(ReadyQueue::default());
        let mut table = BTreeMap::new();
        for (key, task) in tasks.into_iter().enumerate() {
            let waker = Waker::from(Arc::new(TaskWaker { key, ready: Arc::clone(&ready) }));
            waker.wake_by_ref();
            table.insert(key, (task, waker));
        }
        Self { table, ready, alarm: Alarm::new(), polls: 0 }
    }

    fn poll_task(&mut self, key: Key) {
        let Some((task, waker)) = self.table.get_mut(&key) else { return };
        self.polls += 1;
        if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
            self.table.remove(&key);
        }
    }
}

impl Future for EventLoop {
    type Output = u64;

    // Where `ladder_4` parks, this returns `Pending`: `block_on` waits, and polls again after a wake.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        self.ready.stop_waiting();
        while !self.table.is_empty() {
            wake_due();
            if let Poll::Ready(key) = self.ready.poll_next(cx) {
                self.poll_task(key);
            } else if self.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.polls)
    }
}

/// The one timer of async-io, for the earliest of all deadlines: to set it costs system calls.
struct Alarm {
    timer: Timer,
    set_to: Option<Instant>,
}

impl Alarm {
    fn new() -> Self {
        Self { timer: Timer::never(), set_to: None }
    }

    /// Ready: some deadline is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(deadline) = earliest().filter(|deadline| self.set_to != Some(*deadline)) {
            self.timer.set_at(deadline);
            self.set_to = Some(deadline);
        }
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}

/// The keys of the tasks that were woken, in the order of the wakes; and whom that concerns.
#[derive(Default)]
struct ReadyQueue {
    state: Mutex<Ready>,
}

#[derive(Default)]
struct Ready {
    keys: VecDeque<Key>,
    /// Set while the loop waits: `block_on` comes back only when this is called.
    waiting: Option<Waker>,
}

impl ReadyQueue {
    fn push(&self, key: Key) {
        let mut state = self.state.lock().unwrap();
        if !state.keys.contains(&key) {
            state.keys.push_back(key);
        }
        let waiting = state.waiting.take();
        drop(state);
        // The first wake ends the wait. Those after it find nobody to wake.
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Until the next wait, no wake concerns `block_on`: the loop is awake already.
    fn stop_waiting(&self) {
        self.state.lock().unwrap().waiting = None;
    }

    /// The next key. Pending: there is none, and the first that comes wakes the loop.
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Key> {
        let mut state = self.state.lock().unwrap();
        let key = state.keys.pop_front();
        state.waiting = key.is_none().then(|| cx.waker().clone());
        key.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Wakes one task.
struct TaskWaker {
    key: Key,
    ready: Arc<ReadyQueue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.key);
    }
}
