//! Ladder 4: a timer queue.
//!
//! You will see the program of `ladder_3` again, without a single thread beside `main`'s: the delays
//! stand in a queue, sorted by deadline, and the loop sleeps until the earliest. Its flaw: that is the
//! only thing it can wait for. A task that reads from a socket would have to block the thread, and all
//! tasks with it. `ladder_5` waits for sockets too.
//!
//! ```text
//! cargo run --bin ladder_4
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

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

    // Polled twice before its deadline, it is woken twice then. A wake too many does no harm.
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

fn main() {
    let start = Instant::now();
    let (polls, waits) = run(vec![
        Box::pin(say_after(1000, "!")),
        Box::pin(say_after(300, "hello")),
        Box::pin(say_after(600, "world")),
    ]);
    println!("seconds: {:.0}", start.elapsed().as_secs_f64());
    println!("polls: {polls}");
    println!("waits: {waits}");
}

/// Runs the tasks until all are done. Says how many polls and how many waits that took.
fn run(tasks: Vec<Task>) -> (u64, u64) {
    let ready = Arc::new(ReadyQueue::new());
    let mut table = BTreeMap::new();
    for (key, task) in tasks.into_iter().enumerate() {
        let waker = Waker::from(Arc::new(TaskWaker { key, ready: Arc::clone(&ready) }));
        waker.wake_by_ref();
        table.insert(key, (task, waker));
    }
    let (mut polls, mut waits) = (0, 0);
    while !table.is_empty() {
        wake_due();
        let Some(key) = ready.pop() else {
            waits += 1;
            park_until(earliest());
            continue;
        };
        let Some((task, waker)) = table.get_mut(&key) else { continue };
        polls += 1;
        if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
            table.remove(&key);
        }
    }
    (polls, waits)
}

/// Lets the thread sleep until the deadline, or until a wake from another thread.
fn park_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => thread::park_timeout(deadline.saturating_duration_since(Instant::now())),
        None => thread::park(),
    }
}

/// The keys of the tasks that were woken, in the order of the wakes.
struct ReadyQueue {
    keys: Mutex<VecDeque<Key>>,
    /// Who empties it.
    thread: Thread,
}

impl ReadyQueue {
    fn new() -> Self {
        Self { keys: Mutex::default(), thread: thread::current() }
    }

    fn push(&self, key: Key) {
        let mut keys = self.keys.lock().unwrap();
        if !keys.contains(&key) {
            keys.push_back(key);
        }
        drop(keys);
        // The loop's own wakes, those of the timers, come while it is awake. To unpark it then would
        // cut its next wait short for nothing.
        if thread::current().id() != self.thread.id() {
            self.thread.unpark();
        }
    }

    fn pop(&self) -> Option<Key> {
        self.keys.lock().unwrap().pop_front()
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
