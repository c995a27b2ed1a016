//! Ladder 3: a ready queue.
//!
//! You will see the program of `ladder_2` again, with six polls instead of nine: each task has a waker
//! of its own that puts the task's key into a queue, and the loop polls who is in there, nobody else.
//! Its flaw: each delay still takes a thread, only to sleep. `ladder_4` has none.
//!
//! ```text
//! cargo run --bin ladder_3
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What names a task in the table and in the ready queue.
type Key = usize;

static THREADS: AtomicU64 = AtomicU64::new(0);

/// The delay of `ladder_2`, unchanged. It doesn't know what its waker does.
struct Delay {
    deadline: Instant,
    alarm: Option<Arc<Mutex<Waker>>>,
}

impl Delay {
    fn new(milliseconds: u64) -> Self {
        Self { deadline: Instant::now() + Duration::from_millis(milliseconds), alarm: None }
    }

    fn set_alarm(&mut self, waker: &Waker) {
        match &self.alarm {
            Some(alarm) => alarm.lock().unwrap().clone_from(waker),
            None => self.alarm = Some(start_alarm(self.deadline, waker.clone())),
        }
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.set_alarm(cx.waker());
        if Instant::now() >= self.deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn start_alarm(deadline: Instant, waker: Waker) -> Arc<Mutex<Waker>> {
    let alarm = Arc::new(Mutex::new(waker));
    let ringing = Arc::clone(&alarm);
    THREADS.fetch_add(1, Ordering::Relaxed);
    thread::spawn(move || {
        thread::sleep(deadline.saturating_duration_since(Instant::now()));
        ringing.lock().unwrap().wake_by_ref();
    });
    alarm
}

async fn say_after(milliseconds: u64, what: &str) {
    Delay::new(milliseconds).await;
    println!("{what}");
}

fn main() {
    let start = Instant::now();
    let polls = run(vec![
        Box::pin(say_after(1000, "!")),
        Box::pin(say_after(300, "hello")),
        Box::pin(say_after(600, "world")),
    ]);
    println!("seconds: {:.0}", start.elapsed().as_secs_f64());
    println!("polls: {polls}");
    println!("threads: {}", THREADS.load(Ordering::Relaxed));
}

/// Runs the tasks until all are done. Says how many polls that took.
fn run(tasks: Vec<Task>) -> u64 {
    let ready = Arc::new(ReadyQueue::new());
    let mut table = BTreeMap::new();
    for (key, task) in tasks.into_iter().enumerate() {
        let waker = Waker::from(Arc::new(TaskWaker { key, ready: Arc::clone(&ready) }));
        // Nobody has woken a new task yet, and it wants to begin.
        waker.wake_by_ref();
        table.insert(key, (task, waker));
    }
    let mut polls = 0;
    while !table.is_empty() {
        let key = ready.next();
        // A task that is done may still be woken, and is no longer in the table.
        let Some((task, waker)) = table.get_mut(&key) else { continue };
        polls += 1;
        if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
            table.remove(&key);
        }
    }
    polls
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

    /// Woken twice, polled once: a key is in the queue once or not at all.
    fn push(&self, key: Key) {
        let mut keys = self.keys.lock().unwrap();
        if !keys.contains(&key) {
            keys.push_back(key);
        }
        drop(keys);
        self.thread.unpark();
    }

    fn pop(&self) -> Option<Key> {
        self.keys.lock().unwrap().pop_front()
    }

    /// The next key. The thread sleeps while there is none.
    fn next(&self) -> Key {
        loop {
            match self.pop() {
                Some(key) => return key,
                None => thread::park(),
            }
        }
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
