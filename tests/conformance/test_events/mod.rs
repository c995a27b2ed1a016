//! `test_events.py`, of Python 3.11: what needs no connection and no process.

mod handles;
mod policy;
#[cfg(unix)]
pub(crate) mod readers;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use asyncio::{Clock, EventLoop, Runner, get_running_loop, new_event_loop, sleep, yield_now};

use crate::support::{SHORT, panic_of};

/// What the callbacks of a test were called with; the loop stops after so many.
#[derive(Clone)]
struct Results {
    event_loop: EventLoop,
    expected: usize,
    seen: Rc<RefCell<Vec<&'static str>>>,
}

impl Results {
    fn new(event_loop: &EventLoop, expected: usize) -> Self {
        Self { event_loop: event_loop.clone(), expected, seen: Rc::default() }
    }

    fn push(&self, what: &'static str) {
        self.seen.borrow_mut().push(what);
        if self.seen.borrow().len() >= self.expected {
            self.event_loop.stop();
        }
    }
}

#[test]
fn test_run_until_complete_nesting() {
    let event_loop = new_event_loop();
    let inner = event_loop.clone();
    let nested = async move {
        assert!(inner.is_running());
        inner.run_until_complete(yield_now());
    };
    let panic = panic_of(|| event_loop.run_until_complete(nested));
    assert!(panic.starts_with("This event loop is already running"), "{panic}");
    event_loop.close();
}

#[test]
fn test_run_until_complete() {
    let runner = Runner::builder().clock(Clock::Virtual).build();
    let event_loop = runner.event_loop();
    let started = event_loop.time();
    event_loop.run_until_complete(sleep(Duration::from_millis(100)));
    assert_eq!(event_loop.time() - started, Duration::from_millis(100));
}

#[test]
fn test_run_until_complete_stopped() {
    let event_loop = new_event_loop();
    let main = async {
        get_running_loop().unwrap().stop();
        sleep(Duration::from_millis(100)).await;
    };
    let panic = panic_of(|| event_loop.run_until_complete(main));
    assert_eq!(panic, "Event loop stopped before Future completed.");
    event_loop.close();
}

#[test]
fn test_call_later() {
    let event_loop = new_event_loop();
    let results = Results::new(&event_loop, 1);
    let callback = results.clone();
    event_loop.call_later(SHORT, move || callback.push("hello world"));
    event_loop.run_forever();
    assert_eq!(results.seen.take(), ["hello world"]);
    event_loop.close();
}

#[test]
fn test_call_soon() {
    let event_loop = new_event_loop();
    let results = Results::new(&event_loop, 2);
    let callback = results.clone();
    event_loop.call_soon(move || {
        callback.push("hello");
        callback.push("world");
    });
    event_loop.run_forever();
    assert_eq!(results.seen.take(), ["hello", "world"]);
    event_loop.close();
}

#[test]
fn test_call_soon_threadsafe() {
    let event_loop = new_event_loop();
    let (sender, results) = mpsc::channel();
    let (handle, of_thread) = (event_loop.handle(), sender.clone());
    let thread = thread::spawn(move || {
        handle.call_soon(move || of_thread.send("hello").unwrap()).unwrap();
    });
    thread.join().unwrap();
    let stopping = event_loop.clone();
    event_loop.call_soon(move || {
        sender.send("world").unwrap();
        stopping.stop();
    });
    event_loop.run_forever();
    assert_eq!(results.try_iter().collect::<Vec<_>>(), ["hello", "world"]);
    event_loop.close();
}

#[test]
fn test_call_soon_threadsafe_same_thread() {
    let event_loop = new_event_loop();
    let (sender, results) = mpsc::channel();
    let first = sender.clone();
    event_loop.handle().call_soon(move || first.send("hello").unwrap()).unwrap();
    let stopping = event_loop.clone();
    event_loop.call_soon(move || {
        sender.send("world").unwrap();
        stopping.stop();
    });
    event_loop.run_forever();
    assert_eq!(results.try_iter().collect::<Vec<_>>(), ["hello", "world"]);
    event_loop.close();
}

#[test]
fn test_run_in_executor() {
    let event_loop = new_event_loop();
    let call = event_loop.run_in_executor(|| ("yo", thread::current().id()));
    let (value, thread) = event_loop.run_until_complete(call);
    assert_eq!(value, "yo");
    assert_ne!(thread, thread::current().id());
    event_loop.close();
}

/// A call that is cancelled may have begun or not. Once the executor is shut down, nothing of it is left that
/// could reach the loop.
#[test]
fn test_run_in_executor_cancel() {
    let event_loop = new_event_loop();
    let held = Arc::new(());
    let inner = held.clone();
    let call = event_loop.run_in_executor(move || {
        thread::sleep(SHORT);
        drop(inner);
    });
    let waiting = event_loop.create_task(call);
    event_loop.run_once();
    waiting.cancel();
    event_loop.run_until_complete(event_loop.shutdown_default_executor(Duration::from_secs(60)));
    assert!(waiting.is_cancelled());
    assert_eq!(Arc::strong_count(&held), 1);
    event_loop.close();
}

/// Counted by the trace. Each sleep costs its own turn, and one more if a clock is coarse.
#[test]
fn test_timeout_rounding() {
    let name = format!("timeout-rounding-{}.json", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut runner = Runner::builder().trace(&path).build();
    runner.run(async {
        for nanoseconds in [10_000_000, 100_000, 1000, 10, 0] {
            sleep(Duration::from_nanos(nanoseconds)).await;
        }
    });
    runner.close();
    let trace = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    let is_turn =
        |event: &&str| event.contains(r#""name":"turn""#) && event.contains(r#""ph":"B""#);
    let turns = trace.lines().filter(is_turn).count();
    assert!((6..=20).contains(&turns), "{turns}");
}

#[test]
fn test_close_running_event_loop() {
    let event_loop = new_event_loop();
    let inner = event_loop.clone();
    let panic = panic_of(|| event_loop.run_until_complete(async move { inner.close() }));
    assert!(panic.starts_with("Cannot close a running event loop"), "{panic}");
    event_loop.close();
}

#[test]
fn test_close() {
    let event_loop = new_event_loop();
    event_loop.close();
    let is_refused = |panic: String| assert!(panic.starts_with("Event loop is closed"), "{panic}");

    is_refused(panic_of(|| event_loop.run_forever()));
    let future = event_loop.create_future::<()>();
    is_refused(panic_of(|| event_loop.run_until_complete(future)));
    is_refused(panic_of(|| event_loop.call_soon(|| {})));
    event_loop.handle().call_soon(|| {}).unwrap_err();
    is_refused(panic_of(|| event_loop.call_later(Duration::from_secs(1), || {})));
    is_refused(panic_of(|| event_loop.call_at(event_loop.time(), || {})));
    is_refused(panic_of(|| event_loop.create_task(async {})));
    is_refused(panic_of(|| event_loop.run_in_executor(|| {})));
}
