//! `test_unix_events.py`, of Python 3.11: the cases of signals. Python's look at what was called of `signal`; ours
//! at what a signal does. Each has a signal of its own, or a process.

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::rc::Rc;

use asyncio::signals::{SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGWINCH};
use asyncio::{EventLoop, new_event_loop};

use crate::child::{Child, run_as_child};
use crate::support::run_until;
use crate::test_events::readers::send;

fn count(event_loop: &EventLoop, signal: i32) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_signal_handler(signal, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

/// The test that is called `name`, again, in a process that `signal` is to end.
fn assert_child_ends_by(name: &str, signal: i32) {
    let (lines, status) = Child::start(&format!("test_unix_events::{name}"), &[]).end();
    assert_eq!((lines.join(", ").as_str(), status.signal()), ("restored", Some(signal)));
}

#[test]
fn test_check_signal() {
    let event_loop = new_event_loop();
    let error = event_loop.add_signal_handler(66, || {}).unwrap_err();
    assert!(error.to_string().starts_with("invalid signal number 66"));
    event_loop.close();
}

/// A signal that came before its handler was removed finds nobody.
#[test]
fn test_handle_signal_no_handler() {
    let event_loop = new_event_loop();
    let (removed, other) = (count(&event_loop, SIGWINCH), new_event_loop());
    let calls = count(&other, SIGWINCH);
    send(SIGWINCH);
    assert!(event_loop.remove_signal_handler(SIGWINCH));
    run_until(&other, || calls.get() > 0);
    event_loop.run_once();
    assert_eq!(removed.get(), 0);
    event_loop.close();
    other.close();
}

#[test]
fn test_add_signal_handler() {
    let event_loop = new_event_loop();
    let calls = count(&event_loop, SIGUSR1);
    send(SIGUSR1);
    run_until(&event_loop, || calls.get() > 0);
    event_loop.close();
}

#[test]
fn test_remove_signal_handler() {
    let body = || {
        let event_loop = new_event_loop();
        count(&event_loop, SIGHUP);
        assert!(event_loop.remove_signal_handler(SIGHUP));
        eprintln!("restored");
        send(SIGHUP);
        event_loop.run_forever();
    };
    if run_as_child(body) {
        return;
    }
    assert_child_ends_by("test_remove_signal_handler", SIGHUP);
}

/// Removing one handler leaves the others.
#[test]
fn test_remove_signal_handler_2() {
    let body = || {
        let event_loop = new_event_loop();
        count(&event_loop, SIGINT);
        let others = count(&event_loop, SIGHUP);
        assert!(event_loop.remove_signal_handler(SIGINT));
        send(SIGHUP);
        run_until(&event_loop, || others.get() > 0);
        eprintln!("restored");
        send(SIGINT);
        event_loop.run_forever();
    };
    if run_as_child(body) {
        return;
    }
    assert_child_ends_by("test_remove_signal_handler_2", SIGINT);
}

#[test]
fn test_close() {
    let body = || {
        let event_loop = new_event_loop();
        count(&event_loop, SIGHUP);
        count(&event_loop, SIGUSR2);
        event_loop.close();
        assert!(!event_loop.remove_signal_handler(SIGHUP));
        assert!(!event_loop.remove_signal_handler(SIGUSR2));
        eprintln!("restored");
        send(SIGHUP);
        std::thread::park();
    };
    if run_as_child(body) {
        return;
    }
    assert_child_ends_by("test_close", SIGHUP);
}
