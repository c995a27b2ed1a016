//! Small programs whose order of events Python decides.
//!
//! Each case has a twin of the same name in `tests/oracle/cases`, and a text beside it that both are held
//! to; Rust under the virtual clock. `UPDATE_EXPECT=1` writes the texts anew from what Rust says.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use asyncio::{
    Cancelled, Clock, Runner, catch_cancel, create_task, current_task, gather, get_running_loop,
    new_event_loop, sleep, yield_now,
};
use asyncio_tests::oracle::{Program, Python, difference, workspace};
use expect_test::expect_file;

static PYTHON: LazyLock<Option<Python>> =
    LazyLock::new(|| Python::find_or_leave_out("the Python twins of all cases"));

/// What a case says, line by line. A clone writes to the same text.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<String>>);

impl Log {
    fn say(&self, line: &str) {
        self.0.borrow_mut().push_str(line);
        self.0.borrow_mut().push('\n');
    }

    /// Says `line` when it is called.
    fn saying(&self, line: &'static str) -> impl FnOnce() + 'static {
        let log = self.clone();
        move || log.say(line)
    }
}

/// `case` says what `name.txt` does, and so does `name.py`.
fn check(name: &str, case: impl FnOnce(Log)) {
    let log = Log::default();
    case(log.clone());
    let rust = log.0.take();
    expect_file![file(name, "txt")].assert_eq(&rust);
    let Some(python) = &*PYTHON else {
        return;
    };
    if let Some(difference) = difference(&rust, &twin(name, python)) {
        panic!("Python doesn't say what Rust says: {difference}");
    }
}

fn file(name: &str, extension: &str) -> PathBuf {
    workspace(&format!("tests/oracle/cases/{name}.{extension}"))
}

fn twin(name: &str, python: &Python) -> String {
    let printed =
        Program::start(name, &mut python.command(&file(name, "py"))).unwrap().wait().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    printed.stdout
}

fn run<F: Future>(main: F) -> F::Output {
    Runner::builder().clock(Clock::Virtual).build().run(main)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn callbacks_run_turn_by_turn() {
    check("callbacks_run_turn_by_turn", |log| {
        let event_loop = new_event_loop();
        let (looped, logged) = (event_loop.clone(), log.clone());
        event_loop.call_soon(move || {
            logged.say("first");
            looped.call_soon(logged.saying("scheduled by the first"));
        });
        event_loop.call_soon(log.saying("second"));
        for turn in [1, 2] {
            log.say(&format!("turn {turn}"));
            event_loop.run_once();
        }
        event_loop.close();
    });
}

#[test]
fn due_timers_run_behind_what_is_ready() {
    // Rust's `Duration` can't be negative: a moment in the past takes its place.
    check("due_timers_run_behind_what_is_ready", |log| {
        let event_loop = new_event_loop();
        let now = event_loop.time();
        event_loop.call_at(now, log.saying("due"));
        event_loop.call_at(now.checked_sub(SECOND).unwrap(), log.saying("overdue"));
        event_loop.call_soon(log.saying("ready"));
        let stopped = event_loop.clone();
        event_loop.call_later(Duration::from_millis(20), move || stopped.stop());
        event_loop.call_later(Duration::from_millis(10), log.saying("later"));
        event_loop.run_forever();
        event_loop.close();
    });
}

#[test]
fn stop_lets_the_turn_finish() {
    check("stop_lets_the_turn_finish", |log| {
        let event_loop = new_event_loop();
        let stop = || {
            let event_loop = event_loop.clone();
            move || event_loop.stop()
        };
        event_loop.call_soon(stop());
        let (looped, next) = (event_loop.clone(), log.saying("the next turn"));
        event_loop.call_soon(move || drop(looped.call_soon(next)));
        event_loop.call_soon(log.saying("the same turn"));
        event_loop.run_forever();
        log.say("stopped");
        event_loop.call_soon(stop());
        event_loop.run_forever();
        event_loop.close();
    });
}

#[test]
fn a_task_starts_in_the_next_turn() {
    check("a_task_starts_in_the_next_turn", |log| {
        run(async {
            let event_loop = get_running_loop().unwrap();
            event_loop.call_soon(log.saying("callback before"));
            let work = log.saying("task");
            let task = create_task(async { work() });
            event_loop.call_soon(log.saying("callback after"));
            log.say("created");
            task.await.unwrap();
            log.say("awaited");
        });
    });
}

#[test]
fn tasks_take_turns() {
    check("tasks_take_turns", |log| {
        run(async {
            let count = |name: &'static str| {
                let log = log.clone();
                create_task(async move {
                    for number in 0..3 {
                        log.say(&format!("{name} {number}"));
                        yield_now().await;
                    }
                })
            };
            for task in ["a", "b", "c"].map(count) {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn done_callbacks_run_in_a_later_turn() {
    check("done_callbacks_run_in_a_later_turn", |log| {
        run(async {
            let future = get_running_loop().unwrap().create_future();
            future.add_done_callback(log.saying("registered first"));
            future.add_done_callback(log.saying("registered second"));
            future.set_result(()).unwrap();
            future.add_done_callback(log.saying("registered when done"));
            log.say("set");
            yield_now().await;
            log.say("a turn later");
        });
    });
}

#[test]
fn a_task_cancelled_before_its_start_never_runs() {
    check("a_task_cancelled_before_its_start_never_runs", |log| {
        run(async {
            let never = log.saying("never printed");
            let mut task = create_task(async { never() });
            log.say(&format!("cancel: {}", python(task.cancel())));
            if (&mut task).await.is_err_and(|error| error.is_cancelled()) {
                log.say("cancelled");
            }
            log.say(&format!("again: {}", python(task.cancel())));
        });
    });
}

#[test]
fn a_cancellation_can_be_caught() {
    check("a_cancellation_can_be_caught", |log| {
        run(async {
            let inside = log.clone();
            let mut task = create_task(async move {
                if catch_cancel(sleep(SECOND)).await.is_err() {
                    inside.say("caught");
                }
                yield_now().await;
                inside.say("went on");
                "value"
            });
            yield_now().await;
            task.cancel();
            log.say((&mut task).await.unwrap());
            log.say(&format!("cancelled: {}", python(task.is_cancelled())));
            log.say(&format!("cancelling: {}", task.cancelling()));
        });
    });
}

#[test]
fn cancelling_twice_at_once_is_caught_once() {
    check("cancelling_twice_at_once_is_caught_once", |log| {
        run(async {
            let task = create_task(async move {
                if catch_cancel(sleep(SECOND)).await.is_err() {
                    log.say("caught");
                }
                let task = current_task().unwrap();
                let counts = [task.cancelling(), task.uncancel(), task.uncancel(), task.uncancel()];
                log.say(&counts.map(|count| count.to_string()).join(" "));
                yield_now().await;
                log.say("went on");
            });
            yield_now().await;
            task.cancel();
            task.cancel();
            task.await.unwrap();
        });
    });
}

#[test]
fn a_task_that_cancels_itself_ends_at_its_next_await() {
    check("a_task_that_cancels_itself_ends_at_its_next_await", |log| {
        run(async {
            let inside = log.clone();
            let task = create_task(async move {
                current_task().unwrap().cancel();
                inside.say("still here");
                yield_now().await;
                inside.say("never printed");
            });
            if task.await.is_err_and(|error| error.is_cancelled()) {
                log.say("cancelled");
            }
        });
    });
}

/// Sleeps; cancelled, it calls `cleanup` a turn later and passes the cancellation on.
async fn sleep_or(cleanup: impl AsyncFnOnce()) {
    if let Err(cancelled) = catch_cancel(sleep(SECOND)).await {
        cleanup().await;
        raise(cancelled).await;
    }
}

async fn raise(cancelled: Cancelled) {
    match cancelled.raise().await {}
}

#[test]
fn a_cancellation_reaches_the_innermost_await_first() {
    check("a_cancellation_reaches_the_innermost_await_first", |log| {
        run(async {
            let said = log.clone();
            let inner = async move {
                sleep_or(async || {
                    said.say("inner cleans up");
                    yield_now().await;
                    said.say("inner is done");
                })
                .await;
            };
            let said = log.clone();
            let outer = create_task(async move {
                if let Err(cancelled) = catch_cancel(create_task(inner)).await {
                    said.say("outer cleans up");
                    raise(cancelled).await;
                }
            });
            sleep(Duration::from_millis(10)).await;
            outer.cancel();
            if outer.await.is_err_and(|error| error.is_cancelled()) {
                log.say("cancelled");
            }
        });
    });
}

#[test]
fn a_cancelled_gather_waits_for_its_children() {
    check("a_cancelled_gather_waits_for_its_children", |log| {
        run(async {
            let said = log.clone();
            let parent = create_task(async move {
                let child = async |name: &str| {
                    sleep_or(async || {
                        yield_now().await;
                        said.say(&format!("{name} cleaned up"));
                    })
                    .await;
                };
                gather!(child("a"), child("b")).await;
            });
            sleep(Duration::from_millis(10)).await;
            parent.cancel();
            if parent.await.is_err_and(|error| error.is_cancelled()) {
                log.say("cancelled");
            }
        });
    });
}

#[test]
fn a_task_left_over_is_cancelled_when_run_ends() {
    check("a_task_left_over_is_cancelled_when_run_ends", |log| {
        run(async {
            let inside = log.clone();
            let leftover = async move {
                if catch_cancel(sleep(SECOND)).await.is_err() {
                    inside.say("cleaning up");
                    yield_now().await;
                    inside.say("cleaned up");
                }
            };
            create_task(leftover).detach();
            yield_now().await;
            log.say("main ends");
        });
        log.say("run returns");
    });
}

/// A truth as Python prints it.
fn python(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}
