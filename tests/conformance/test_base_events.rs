//! `test_base_events.py`, of Python 3.11: what needs no socket and no process.

#![allow(non_snake_case, reason = "the names are Python's")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::{Clock, EventLoop, Runner, new_event_loop, sleep};

use crate::child::{Child, run_as_child};
use crate::support::{LONG, SHORT, panic_of};

const MINUTE: Duration = Duration::from_secs(60);

/// A list that callbacks write to.
type Calls = Rc<RefCell<Vec<&'static str>>>;

fn noting(calls: &Calls, what: &'static str) -> impl FnOnce() + use<> {
    let calls = calls.clone();
    move || calls.borrow_mut().push(what)
}

/// A runner whose loop has the virtual clock.
fn virtual_runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build()
}

fn seconds_ago(event_loop: &EventLoop, seconds: u64) -> Instant {
    event_loop.time().checked_sub(Duration::from_secs(seconds)).expect("time began before that")
}

/// What the library says on standard error in the test `name`, run as a process of its own.
fn said_in(name: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let test = format!("test_base_events::{name}");
    let (lines, status) = Child::start(&test, environment).end();
    assert!(status.success(), "{lines:#?}");
    lines.into_iter().filter_map(|line| Some(line.strip_prefix("asyncio: ")?.to_owned())).collect()
}

fn divide_by_zero() {
    panic!("division by zero");
}

#[test]
fn test_close() {
    let event_loop = new_event_loop();
    assert!(!event_loop.is_closed());
    event_loop.close();
    assert!(event_loop.is_closed());
    event_loop.close();
    event_loop.close();

    let future = event_loop.create_future::<()>();
    assert!(panic_of(|| event_loop.run_forever()).starts_with("Event loop is closed"));
    assert!(panic_of(|| event_loop.run_until_complete(future)).starts_with("Event loop is closed"));
}

/// A cancelled callback has no place in the ready queue.
#[test]
fn test__add_callback_cancelled_handle() {
    let event_loop = new_event_loop();
    let calls = Calls::default();
    event_loop.call_soon(noting(&calls, "cancelled")).cancel();
    event_loop.run_once();
    assert!(calls.take().is_empty());
    event_loop.close();
}

#[test]
fn test_call_soon() {
    let event_loop = new_event_loop();
    let calls = Calls::default();
    event_loop.call_soon(noting(&calls, "called"));
    assert!(calls.borrow().is_empty());
    event_loop.run_once();
    assert_eq!(calls.take(), ["called"]);
    event_loop.close();
}

#[test]
fn test_call_later() {
    let event_loop = new_event_loop();
    let calls = Calls::default();
    let before = event_loop.time();
    let timer = event_loop.call_later(LONG, noting(&calls, "called"));
    assert!(timer.when() >= Some(before + LONG));
    event_loop.run_once();
    assert!(calls.take().is_empty(), "it is not ready");
    event_loop.close();
}

/// A delay is never negative; a deadline may be past.
#[test]
fn test_call_later_negative_delays() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let calls = Calls::default();
    event_loop.call_at(seconds_ago(&event_loop, 1), noting(&calls, "a"));
    event_loop.call_at(seconds_ago(&event_loop, 2), noting(&calls, "b"));
    event_loop.run_once();
    assert_eq!(calls.take(), ["b", "a"]);
}

#[test]
fn test_time_and_call_at() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let delay = Duration::from_millis(100);
    let started = event_loop.time();
    let stopping = event_loop.clone();
    event_loop.call_at(started + delay, move || stopping.stop());
    event_loop.run_forever();
    assert_eq!(event_loop.time() - started, delay);
}

#[test]
fn test__run_once() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let calls = Calls::default();
    let started = event_loop.time();
    event_loop.call_later(Duration::from_secs(5), noting(&calls, "first")).cancel();
    event_loop.call_later(Duration::from_secs(10), noting(&calls, "second"));
    event_loop.run_once();
    assert_eq!(event_loop.time() - started, Duration::from_secs(10), "it waits for the second");
    assert_eq!(calls.take(), ["second"]);
}

#[test]
fn test_set_debug() {
    let event_loop = new_event_loop();
    event_loop.set_debug(true);
    assert!(event_loop.is_debug());
    event_loop.set_debug(false);
    assert!(!event_loop.is_debug());
    event_loop.close();
}

#[test]
fn test__run_once_schedule_handle() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let calls = Calls::default();
    let (inner, seen) = (event_loop.clone(), calls.clone());
    event_loop.call_at(seconds_ago(&event_loop, 1), move || {
        seen.borrow_mut().push("processed");
        inner.call_soon(noting(&seen, "scheduled by it"));
    });
    event_loop.run_once();
    assert_eq!(calls.take(), ["processed"]);
    event_loop.run_once();
    assert_eq!(calls.take(), ["scheduled by it"]);
}

/// A cancelled timer is gone at once, wherever it stands: what it held is dropped.
#[test]
fn test__run_once_cancelled_event_cleanup() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let held = Rc::new(());
    let schedule = |seconds| {
        let held = held.clone();
        event_loop.call_later(Duration::from_secs(seconds), move || drop(held))
    };
    let scheduled = || Rc::strong_count(&held) - 1;

    schedule(3000);
    for seconds in [3600, 3600, 100, 100] {
        schedule(seconds).cancel();
    }
    assert_eq!(scheduled(), 1);

    for _ in 0..50 {
        schedule(3600);
    }
    for _ in 0..51 {
        schedule(3600).cancel();
    }
    assert_eq!(scheduled(), 51);
    event_loop.run_once();
    assert_eq!(scheduled(), 50, "the earliest was called");
}

/// A run that ends before its main future leaves nothing that ends the next one.
#[test]
fn test_run_until_complete_loop_orphan_future_close_loop() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let stopping = event_loop.clone();
    event_loop.call_soon(move || stopping.stop());
    let panic = panic_of(|| event_loop.run_until_complete(sleep(Duration::from_millis(100))));
    assert_eq!(panic, "Event loop stopped before Future completed.");

    let started = event_loop.time();
    event_loop.run_until_complete(sleep(Duration::from_millis(200)));
    assert_eq!(event_loop.time() - started, Duration::from_millis(200));
}

#[test]
fn test_default_exc_handler_callback() {
    let body = || {
        let event_loop = new_event_loop();
        for delay in [None, Some(SHORT)] {
            let future = event_loop.create_future();
            let (stopping, setter) = (event_loop.clone(), future.clone());
            let callback = move || {
                setter.set_result(true).unwrap();
                divide_by_zero();
            };
            match delay {
                None => drop(event_loop.call_soon(callback)),
                Some(delay) => drop(event_loop.call_later(delay, callback)),
            }
            future.add_done_callback(move || stopping.stop());
            event_loop.run_forever();
        }
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_default_exc_handler_callback", &[]);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for line in lines {
        assert!(line.starts_with("unhandled panic: callback scheduled at "), "{line}");
        assert!(line.ends_with(" panicked: division by zero"), "{line}");
    }
}

#[test]
fn test_default_exc_handler_coro() {
    let body = || {
        let event_loop = new_event_loop();
        let task = event_loop.create_task(async {
            sleep(SHORT).await;
            divide_by_zero();
        });
        let stopping = event_loop.clone();
        task.add_done_callback(move || stopping.stop());
        event_loop.run_forever();
        eprintln!("asyncio: now the task is dropped");
        drop(task);
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_default_exc_handler_coro", &[]);
    let [before, line] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!(before, "now the task is dropped");
    assert!(line.starts_with("a task panicked and nobody awaited it: task 'Task-1'"), "{line}");
    assert!(line.ends_with(" panicked: division by zero"), "{line}");
}

#[test]
fn test_set_exc_handler_custom() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.set_debug(true);
        let run_loop = || {
            event_loop.call_soon(divide_by_zero);
            event_loop.run_once();
        };
        let told = Rc::new(RefCell::new(Vec::new()));
        let writer = told.clone();
        event_loop.set_exception_handler(move |context| {
            let panicked = context.panicked().expect("it tells of a panic").to_string();
            writer.borrow_mut().push((context.message().to_owned(), panicked));
        });
        run_loop();
        let told_once = told.take();
        let [(message, panicked)] = &told_once[..] else { panic!("{told_once:?}") };
        assert_eq!(message, "unhandled panic");
        let place = format!("callback scheduled at {}:", file!());
        assert!(panicked.starts_with(&place), "{panicked}");
        assert!(panicked.ends_with(" panicked: division by zero"), "{panicked}");

        event_loop.reset_exception_handler();
        run_loop();
        assert!(told.take().is_empty());
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_set_exc_handler_custom", &[]);
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(line.starts_with("unhandled panic: callback scheduled at "), "{line}");
}

#[test]
fn test_set_exc_handler_broken() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.set_exception_handler(|_| panic!("spam"));
        event_loop.call_soon(divide_by_zero);
        event_loop.run_once();
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_set_exc_handler_broken", &[]);
    let [original, broken] = &lines[..] else { panic!("{lines:#?}") };
    assert!(original.ends_with(" panicked: division by zero"), "{original}");
    assert!(broken.ends_with("the exception handler panicked: spam"), "{broken}");
}

#[test]
fn test_env_var_debug() {
    let body = || eprintln!("asyncio: {}", new_event_loop().is_debug());
    if run_as_child(body) {
        return;
    }
    let test = "test_env_var_debug";
    assert_eq!(said_in(test, &[]), ["false"]);
    assert_eq!(said_in(test, &[("ASYNCIO_DEBUG", "")]), ["false"]);
    assert_eq!(said_in(test, &[("ASYNCIO_DEBUG", "1")]), ["true"]);
}

/// The future is dropped, and nothing is said about it.
#[test]
fn test_create_task_error_closes_coro() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.close();
        let held = Rc::new(());
        let inner = held.clone();
        let future = async move { drop(inner) };
        let panic = panic_of(|| event_loop.create_task(future));
        assert!(panic.starts_with("Event loop is closed"), "{panic}");
        assert_eq!(Rc::strong_count(&held), 1);
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_create_task_error_closes_coro", &[("ASYNCIO_DEBUG", "1")]);
    assert!(lines.is_empty(), "{lines:#?}");
}

#[test]
fn test_create_named_task_with_default_factory() {
    let event_loop = new_event_loop();
    let task = event_loop.create_task(async {}).with_name("test_task");
    assert_eq!(task.name(), "test_task");
    event_loop.run_until_complete(task).unwrap();
    event_loop.close();
}

/// What a main future panics with comes out of the run, and is reported to nobody else.
#[test]
fn test_run_forever_keyboard_interrupt() {
    let event_loop = new_event_loop();
    let told = Rc::new(Cell::new(false));
    let writer = told.clone();
    event_loop.set_exception_handler(move |_| writer.set(true));
    let panic = panic_of(|| event_loop.run_until_complete(async { panic!("interrupt") }));
    assert_eq!(panic, "interrupt");
    event_loop.close();
    assert!(!told.get());
}

/// A main future that panicked leaves no stop behind for the next run.
#[test]
fn test_run_until_complete_baseexception() {
    let event_loop = new_event_loop();
    panic_of(|| event_loop.run_until_complete(async { panic!("interrupt") }));

    let called = Rc::new(Cell::new(false));
    let (stopping, seen) = (event_loop.clone(), called.clone());
    let later = event_loop.clone();
    event_loop.call_soon(move || {
        // Two turns on: a stop that was left would come first.
        later.clone().call_soon(move || {
            stopping.stop();
            seen.set(true);
        });
    });
    event_loop.run_forever();
    assert!(called.get());
    event_loop.close();
}

#[test]
fn test_run_once() {
    let event_loop = new_event_loop();
    let calls = Calls::default();
    event_loop.call_soon(noting(&calls, "called"));
    let stopping = event_loop.clone();
    event_loop.call_soon(move || stopping.stop());
    event_loop.run_forever();
    assert_eq!(calls.take(), ["called"]);
    event_loop.close();
}

#[test]
fn test_run_forever_pre_stopped() {
    let event_loop = new_event_loop();
    let calls = Calls::default();
    event_loop.call_later(MINUTE, noting(&calls, "much later"));
    let started = Instant::now();
    event_loop.stop();
    event_loop.run_forever();
    assert!(started.elapsed() < MINUTE, "it waits for nothing");
    assert!(calls.take().is_empty());
    event_loop.close();
}

#[test]
fn test_log_slow_callbacks() {
    let body = || {
        let event_loop = new_event_loop();
        event_loop.set_debug(true);
        event_loop.set_slow_callback_duration(Duration::ZERO);
        let stopping = event_loop.clone();
        event_loop.call_soon(move || stopping.stop());
        event_loop.run_forever();

        let stopping = event_loop.clone();
        event_loop.create_task(async move { stopping.stop() }).detach();
        event_loop.run_forever();
        event_loop.close();
    };
    if run_as_child(body) {
        return;
    }
    let lines = said_in("test_log_slow_callbacks", &[]);
    let [callback, task] = &lines[..] else { panic!("{lines:#?}") };
    for (line, what) in [(callback, "callback scheduled"), (task, "task 'Task-1' spawned")] {
        let start = format!("Executing <{what} at {}:", file!());
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains("> took ") && line.ends_with(" seconds"), "{line}");
    }
}

#[test]
fn test_running_loop_within_a_loop() {
    let (event_loop, outer) = (new_event_loop(), new_event_loop());
    let runner = async |event_loop: &EventLoop| event_loop.run_forever();
    let panic = panic_of(|| outer.run_until_complete(runner(&event_loop)));
    assert!(panic.contains("while another loop is running"), "{panic}");
    event_loop.close();
    outer.close();
}
