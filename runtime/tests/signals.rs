//! Signal handlers. Each test has a signal of its own, since a signal is the whole process's; what ends a
//! process is shown with a child.
#![cfg(unix)]

mod child;
mod support;

use std::cell::Cell;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use asyncio::signals::{
    SIGALRM, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
};
use asyncio::{ContextVar, EventLoop, Runner, catch_cancel, ctrl_c, current_task, new_event_loop};
use child::{Child, run_as_child};
use signal_hook::consts::{SIGCONT, SIGIO, SIGPIPE, SIGPROF, SIGSEGV, SIGSTOP, SIGURG, SIGVTALRM};
use signal_hook::low_level::raise;
use support::{Log, panic_of, reports_of, seconds, virtual_runner};

const FIRST_REAL_TIME_SIGNAL: i32 = 34;

/// Counts the calls of a handler.
fn count(event_loop: &EventLoop, signal: i32) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_signal_handler(signal, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

fn run_until(event_loop: &EventLoop, is_done: impl Fn() -> bool) {
    event_loop.run_until_complete(async {
        while !is_done() {
            asyncio::yield_now().await;
        }
    });
}

/// Lets the loop see all I/O that is ready: the virtual clock doesn't jump before.
fn settle(event_loop: &EventLoop) {
    event_loop.run_until_complete(seconds(1));
}

#[test]
fn a_handler_is_called_in_the_loop_each_time() {
    let event_loop = new_event_loop();
    let thread = std::thread::current().id();
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop
        .add_signal_handler(SIGUSR1, move || {
            assert_eq!(std::thread::current().id(), thread);
            counter.set(counter.get() + 1);
        })
        .unwrap();
    for expected in 1..=3 {
        raise(SIGUSR1).unwrap();
        assert_eq!(calls.get(), expected - 1);
        run_until(&event_loop, || calls.get() == expected);
    }
    event_loop.close();
}

#[test]
fn a_handler_may_start_a_task_and_stop_the_loop() {
    let event_loop = new_event_loop();
    let (log, this) = (Log::new(), event_loop.clone());
    let entries = log.clone();
    event_loop
        .add_signal_handler(SIGUSR2, move || {
            let (entries, inner) = (entries.clone(), this.clone());
            this.create_task(async move {
                entries.push("task");
                inner.stop();
            })
            .detach();
        })
        .unwrap();
    raise(SIGUSR2).unwrap();
    event_loop.run_forever();
    assert_eq!(log.take(), "task");
    event_loop.close();
}

#[test]
fn a_handler_that_replaces_another_takes_what_has_come() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let first = count(&event_loop, SIGHUP);
    settle(&event_loop);
    raise(SIGHUP).unwrap();
    let second = count(&event_loop, SIGHUP);
    run_until(&event_loop, || second.get() > 0);
    assert_eq!((first.get(), second.get()), (0, 1));
    assert!(event_loop.remove_signal_handler(SIGHUP));
    assert!(!event_loop.remove_signal_handler(SIGHUP));
}

/// The default of SIGWINCH is to do nothing.
#[test]
fn a_handler_that_removes_itself_is_not_called_again() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (calls, this) = (Rc::new(Cell::new(0)), event_loop.clone());
    let counter = calls.clone();
    event_loop
        .add_signal_handler(SIGWINCH, move || {
            counter.set(counter.get() + 1);
            raise(SIGWINCH).unwrap();
            assert!(this.remove_signal_handler(SIGWINCH));
        })
        .unwrap();
    raise(SIGWINCH).unwrap();
    settle(&event_loop);
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_storm_of_signals_is_few_calls_and_one_after_the_last() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let log = Log::new();
    let (storm_is_over, entries) = (Rc::new(Cell::new(false)), log.clone());
    let is_over = storm_is_over.clone();
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop
        .add_signal_handler(SIGURG, move || {
            counter.set(counter.get() + 1);
            if is_over.get() {
                entries.push("after the last");
            }
        })
        .unwrap();
    event_loop.run_until_complete(async {
        for number in 0..10_000 {
            raise(SIGURG).unwrap();
            if number % 1_000 == 0 {
                asyncio::yield_now().await;
            }
        }
        storm_is_over.set(true);
        seconds(1).await;
    });
    assert!(log.take().starts_with("after the last"));
    assert!(calls.get() <= 12, "{} calls", calls.get());
}

#[test]
fn two_loops_on_two_threads_are_both_told() {
    let (ready, is_ready) = mpsc::channel();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let ready = ready.clone();
            std::thread::spawn(move || {
                let event_loop = new_event_loop();
                let this = event_loop.clone();
                event_loop.add_signal_handler(SIGALRM, move || this.stop()).unwrap();
                ready.send(()).unwrap();
                event_loop.run_forever();
                event_loop.close();
            })
        })
        .collect();
    is_ready.recv().unwrap();
    is_ready.recv().unwrap();
    raise(SIGALRM).unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn one_loop_s_handler_stays_when_the_other_s_is_removed() {
    let (ours, other) = (new_event_loop(), new_event_loop());
    let calls = count(&ours, SIGQUIT);
    count(&other, SIGQUIT);
    assert!(other.remove_signal_handler(SIGQUIT));
    raise(SIGQUIT).unwrap();
    run_until(&ours, || calls.get() == 1);
    ours.close();
    other.close();
}

#[test]
fn a_panic_in_a_handler_is_reported_and_it_is_called_again() {
    let event_loop = new_event_loop();
    let reports = reports_of(&event_loop);
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop
        .add_signal_handler(SIGIO, move || {
            counter.set(counter.get() + 1);
            assert!(counter.get() > 1, "the first time");
        })
        .unwrap();
    for expected in 1..=2 {
        raise(SIGIO).unwrap();
        run_until(&event_loop, || calls.get() == expected);
    }
    assert_eq!(reports.take(), "the first time");
    event_loop.close();
}

#[test]
fn a_handler_runs_in_the_context_it_was_added_in_and_is_no_task() {
    static WHO: ContextVar<&str> = ContextVar::new("who");
    let event_loop = new_event_loop();
    let (log, this) = (Log::new(), event_loop.clone());
    let entries = log.clone();
    event_loop.run_until_complete(async {
        WHO.set("the one who added it");
        this.clone()
            .add_signal_handler(SIGCONT, move || {
                entries.push(WHO.get().unwrap());
                assert!(current_task().is_none());
                this.stop();
            })
            .unwrap();
    });
    raise(SIGCONT).unwrap();
    event_loop.run_forever();
    assert_eq!(log.take(), "the one who added it");
    event_loop.close();
}

#[test]
fn what_is_no_signal_and_what_can_t_be_caught_is_an_error() {
    let event_loop = new_event_loop();
    let error = |signal| event_loop.add_signal_handler(signal, || {}).unwrap_err().to_string();
    for signal in [-1, 0, 65, 1_000] {
        let text = format!(
            "invalid signal number {signal}: the constants of `asyncio::signals` are valid"
        );
        assert_eq!(error(signal), text);
    }
    for signal in [SIGKILL, SIGSTOP] {
        assert!(error(signal).starts_with(&format!("sig {signal} cannot be caught")));
    }
    assert!(error(SIGSEGV).starts_with("sig 11 cannot be handled"));
    assert!(!event_loop.remove_signal_handler(SIGKILL));
    assert!(!event_loop.remove_signal_handler(1_000));
    event_loop.close();
}

#[test]
fn a_closed_loop_takes_no_handler_and_has_none() {
    let event_loop = new_event_loop();
    let log = Log::new();
    let guard = log.on_drop("dropped");
    event_loop
        .add_signal_handler(SIGVTALRM, move || {
            let _guard = &guard;
        })
        .unwrap();
    event_loop.close();
    assert_eq!(log.take(), "dropped");
    assert!(!event_loop.remove_signal_handler(SIGVTALRM));
    let text = panic_of(|| event_loop.add_signal_handler(SIGVTALRM, || {}));
    assert!(text.starts_with("Event loop is closed"), "{text}");
}

#[test]
fn adding_and_removing_leaves_no_descriptor_behind() {
    let event_loop = new_event_loop();
    for _ in 0..1_000 {
        event_loop.add_signal_handler(SIGPROF, || {}).unwrap();
        assert!(event_loop.remove_signal_handler(SIGPROF));
    }
    event_loop.close();
    assert!(std::io::pipe().unwrap().0.as_raw_fd() < 1_000);
}

/// A child that handles `signal` for a while and is sent it afterwards.
fn child_that_gets_it_afterwards(test: &str, signal: i32, close: bool) -> Option<Child> {
    let body = || {
        let event_loop = new_event_loop();
        let calls = count(&event_loop, signal);
        raise(signal).unwrap();
        run_until(&event_loop, || calls.get() == 1);
        if close {
            event_loop.close();
        } else {
            assert!(event_loop.remove_signal_handler(signal));
        }
        eprintln!("removed");
        raise(signal).unwrap();
        eprintln!("alive");
    };
    if run_as_child(body) {
        return None;
    }
    let mut child = Child::start(test, &[]);
    assert_eq!(child.line(), "removed");
    Some(child)
}

#[test]
fn after_its_handler_is_removed_a_signal_ends_the_process_again() {
    let test = "after_its_handler_is_removed_a_signal_ends_the_process_again";
    let Some(child) = child_that_gets_it_afterwards(test, SIGTERM, false) else { return };
    let (lines, status) = child.end();
    assert_eq!((lines.len(), status.signal()), (0, Some(SIGTERM)));
}

#[test]
fn after_its_loop_is_closed_a_signal_ends_the_process_again() {
    let test = "after_its_loop_is_closed_a_signal_ends_the_process_again";
    let Some(child) = child_that_gets_it_afterwards(test, SIGHUP, true) else { return };
    let (lines, status) = child.end();
    assert_eq!((lines.len(), status.signal()), (0, Some(SIGHUP)));
}

/// Rust programs ignore SIGPIPE.
#[test]
fn a_signal_that_was_ignored_is_ignored_again() {
    let test = "a_signal_that_was_ignored_is_ignored_again";
    let Some(child) = child_that_gets_it_afterwards(test, SIGPIPE, false) else { return };
    let (lines, status) = child.end();
    assert_eq!((lines.join(", ").as_str(), status.code()), ("alive", Some(0)));
}

#[test]
#[cfg(target_os = "linux")]
fn after_its_handler_is_removed_a_real_time_signal_ends_the_process_again() {
    let test = "after_its_handler_is_removed_a_real_time_signal_ends_the_process_again";
    let signal = FIRST_REAL_TIME_SIGNAL + 1;
    let Some(child) = child_that_gets_it_afterwards(test, signal, false) else { return };
    let (lines, status) = child.end();
    assert_eq!((lines.len(), status.code()), (0, Some(128 + signal)));
}

#[test]
#[cfg(target_os = "linux")]
fn a_handler_that_the_program_had_before_is_called_during_and_afterwards() {
    let body = || {
        let own = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGTERM, own.clone()).unwrap();
        let event_loop = new_event_loop();
        let calls = count(&event_loop, SIGTERM);
        raise(SIGTERM).unwrap();
        run_until(&event_loop, || calls.get() == 1);
        assert!(own.swap(false, Ordering::SeqCst));
        event_loop.close();
        raise(SIGTERM).unwrap();
        eprintln!("own handler: {}", own.load(Ordering::SeqCst));
    };
    if run_as_child(body) {
        return;
    }
    let test = "a_handler_that_the_program_had_before_is_called_during_and_afterwards";
    assert_eq!(Child::start(test, &[]).end().0, ["own handler: true"]);
}

#[test]
fn ctrl_c_can_be_awaited_and_the_next_one_ends_the_process() {
    let body = || {
        asyncio::run(async {
            let interrupted = ctrl_c();
            eprintln!("ready");
            interrupted.await.unwrap();
            eprintln!("interrupted");
            std::future::pending::<()>().await;
        });
    };
    if run_as_child(body) {
        return;
    }
    let mut child = Child::start("ctrl_c_can_be_awaited_and_the_next_one_ends_the_process", &[]);
    assert_eq!(child.line(), "ready");
    child.interrupt();
    assert_eq!(child.line(), "interrupted");
    child.interrupt();
    assert_eq!(child.end().1.signal(), Some(SIGINT));
}

#[test]
fn a_ctrl_c_before_the_first_await_counts_and_all_waiters_are_told() {
    let body = || {
        let event_loop = new_event_loop();
        let calls = count(&event_loop, SIGINT);
        event_loop.run_until_complete(async {
            let (one, two) = (ctrl_c(), ctrl_c());
            raise(SIGINT).unwrap();
            let (one, two) = asyncio::gather!(one, two).await;
            one.and(two).unwrap();
        });
        run_until(&event_loop, || calls.get() == 1);
        event_loop.close();
        eprintln!("all");
    };
    if run_as_child(body) {
        return;
    }
    let test = "a_ctrl_c_before_the_first_await_counts_and_all_waiters_are_told";
    assert_eq!(Child::start(test, &[]).end().0, ["all"]);
}

#[test]
fn ctrl_c_goes_to_who_awaits_it_and_then_to_the_runner_again() {
    let body = || {
        Runner::builder().handle_ctrl_c(true).build().run(async {
            raise(SIGINT).unwrap();
            let caught = catch_cancel(std::future::pending::<()>()).await;
            eprintln!("main: {}", caught.is_err());
        });
        Runner::builder().handle_ctrl_c(true).build().run(async {
            let dropped = ctrl_c();
            let interrupted = ctrl_c();
            raise(SIGINT).unwrap();
            raise(SIGINT).unwrap();
            interrupted.await.unwrap();
            eprintln!("who awaited it");
            drop(dropped);
            raise(SIGINT).unwrap();
            let caught = catch_cancel(std::future::pending::<()>()).await;
            eprintln!("main: {}", caught.is_err());
        });
    };
    if run_as_child(body) {
        return;
    }
    let test = "ctrl_c_goes_to_who_awaits_it_and_then_to_the_runner_again";
    let (lines, status) = Child::start(test, &[]).end();
    assert_eq!(lines, ["main: true", "who awaited it", "main: true"]);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_handler_of_sigint_replaces_the_runner_s_until_it_is_removed() {
    let body = || {
        let mut runner = Runner::builder().handle_ctrl_c(true).build();
        let event_loop = runner.event_loop();
        let calls = count(&event_loop, SIGINT);
        runner.run(async {
            for expected in 1..=3 {
                raise(SIGINT).unwrap();
                while calls.get() < expected {
                    asyncio::sleep(Duration::from_millis(1)).await;
                }
            }
            eprintln!("handled");
            assert!(event_loop.remove_signal_handler(SIGINT));
            raise(SIGINT).unwrap();
            std::future::pending::<()>().await;
        });
    };
    if run_as_child(body) {
        return;
    }
    let test = "a_handler_of_sigint_replaces_the_runner_s_until_it_is_removed";
    let (lines, status) = Child::start(test, &[]).end();
    assert_eq!((lines.join(", ").as_str(), status.code()), ("handled", Some(130)));
}

#[test]
fn ctrl_c_outside_a_run_says_what_to_do() {
    let text = panic_of(ctrl_c);
    assert!(text.contains("`ctrl_c` needs a running event loop"), "{text}");
}
