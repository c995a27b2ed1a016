//! Ladder 2: a waker.
//!
//! You will see the program of `ladder_1` again, asleep while it waits: who polls a future hands it a
//! waker, and the delay calls it when it is over. Two flaws are left. There is one waker for all, so
//! whoever is woken, everybody is polled; `ladder_3` mends that. And each delay takes a thread;
//! `ladder_4` mends that.
//!
//! ```text
//! cargo run --bin ladder_2
//! ```

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

type Task = Pin<Box<dyn Future<Output = ()>>>;

static THREADS: AtomicU64 = AtomicU64::new(0);

struct Delay {
    deadline: Instant,
    /// Whom the thread wakes. `None`: not started yet.
    alarm: Option<Arc<Mutex<Waker>>>,
}

impl Delay {
    fn new(milliseconds: u64) -> Self {
        Self { deadline: Instant::now() + Duration::from_millis(milliseconds), alarm: None }
    }

    /// The waker of the last poll counts: the future may have moved to another task since.
    fn set_alarm(&mut self, waker: &Waker) {
        match &self.alarm {
            Some(alarm) => alarm.lock().unwrap().clone_from(waker),
            None => self.alarm = Some(start_alarm(self.deadline, waker.clone())),
        }
    }
}

impl Future for Delay {
    type Output = ();

    // First the alarm, then the look at the clock. The other way round, an alarm that rings between
    // the two would wake the waker of the poll before.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.set_alarm(cx.waker());
        if Instant::now() >= self.deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A thread that sleeps until the deadline, then wakes.
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

fn run(tasks: Vec<Task>) -> u64 {
    block_on(Join { tasks, polls: 0 })
}

/// Waits for all of them: one future, so there is one waker.
struct Join {
    tasks: Vec<Task>,
    polls: u64,
}

impl Future for Join {
    type Output = u64;

    // It can't tell which of them was woken, so it asks each.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let Self { tasks, polls } = &mut *self;
        tasks.retain_mut(|task| {
            *polls += 1;
            task.as_mut().poll(cx).is_pending()
        });
        if tasks.is_empty() { Poll::Ready(*polls) } else { Poll::Pending }
    }
}

/// Polls a future whenever it was woken; lets the thread sleep until then.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        sleeper.sleep();
    }
}

/// The thread that polls, and whether it was woken since it last asked.
struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Sleeper {
    /// A wake between the poll and the park is not lost: the flag is up then, or `park` returns at
    /// once because `unpark` was called before it. `park` may also return for no reason at all: then
    /// the flag is down, and it parks again.
    fn sleep(&self) {
        while !self.is_woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
