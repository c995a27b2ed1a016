//! `test_runners.py`, of Python 3.11.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use asyncio::{
    ContextVar, Runner, Task, catch_cancel, create_task, get_running_loop, sleep, yield_now,
};
use futures::StreamExt;

use crate::support::{SHORT, panic_of};

#[test]
fn test_asyncio_run_return() {
    let main = async {
        yield_now().await;
        42
    };
    assert_eq!(asyncio::run(main), 42);
}

/// Both as an error and as a panic.
#[test]
fn test_asyncio_run_raises() {
    let main = async {
        yield_now().await;
        Err::<(), _>("spam")
    };
    assert_eq!(asyncio::run(main), Err("spam"));

    let main = async {
        yield_now().await;
        panic!("spam");
    };
    assert_eq!(panic_of(|| asyncio::run(main)), "spam");
}

#[test]
fn test_asyncio_run_debug() {
    for expected in [false, true] {
        let mut runner = Runner::builder().debug(expected).build();
        let main = async { get_running_loop().unwrap().is_debug() };
        assert_eq!(runner.run(main), expected);
    }
}

#[test]
fn test_asyncio_run_from_running_loop() {
    let main = async { asyncio::run(async {}) };
    let panic = panic_of(|| asyncio::run(main));
    assert!(panic.contains("cannot be called from a running"), "{panic}");
}

#[test]
fn test_asyncio_run_cancels_hanging_tasks() {
    let leftover: Cell<Option<Task<()>>> = Cell::new(None);
    let main = async {
        leftover.set(Some(create_task(sleep(SHORT))));
        123
    };
    assert_eq!(asyncio::run(main), 123);
    assert!(leftover.take().unwrap().is_done());
}

#[test]
fn test_asyncio_run_reports_hanging_tasks_errors() {
    let leftover: Cell<Option<Task<()>>> = Cell::new(None);
    let reports = Rc::new(RefCell::new(Vec::new()));
    let written = reports.clone();
    let main = async {
        get_running_loop().unwrap().set_exception_handler(move |context| {
            let panicked = context.panicked().expect("it tells of a panic");
            let of_whom = panicked.to_string().contains("'leftover'");
            let what = panicked.message().to_owned();
            written.borrow_mut().push((context.message().to_owned(), of_whom, what));
        });
        let task = create_task(async {
            catch_cancel(sleep(SHORT)).await.unwrap_err();
            panic!("attempt to divide by zero");
        });
        leftover.set(Some(task.with_name("leftover")));
        // In Rust a task that never started has nothing to catch with.
        yield_now().await;
        123
    };
    assert_eq!(asyncio::run(main), 123);
    assert!(leftover.take().unwrap().is_done());
    let expected = "a task panicked during asyncio::run() shutdown".to_owned();
    let what = "attempt to divide by zero".to_owned();
    assert_eq!(reports.take(), [(expected, true, what)]);
}

/// A stream that a task was reading is dropped with it.
#[test]
fn test_asyncio_run_closes_gens_after_hanging_tasks_errors() {
    struct Running(Rc<Cell<bool>>);
    impl Drop for Running {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }

    let is_running = Rc::new(Cell::new(false));
    let lazyboy: Cell<Option<Task<()>>> = Cell::new(None);
    let main = async {
        get_running_loop().unwrap().set_exception_handler(|_| {});
        is_running.set(true);
        let spinner = futures::stream::unfold(Running(is_running.clone()), async |running| {
            sleep(SHORT).await;
            Some(((), running))
        });
        let spin = async move {
            catch_cancel(spinner.for_each(async |()| ())).await.unwrap_err();
            panic!("attempt to divide by zero");
        };
        lazyboy.set(Some(create_task(spin)));
        yield_now().await;
        panic!("fancy exit");
    };
    assert_eq!(panic_of(|| asyncio::run(main)), "fancy exit");
    assert!(lazyboy.take().unwrap().is_done());
    assert!(!is_running.get());
}

#[test]
fn test_non_debug() {
    assert!(!Runner::builder().debug(false).build().event_loop().is_debug());
}

#[test]
fn test_debug() {
    assert!(Runner::builder().debug(true).build().event_loop().is_debug());
}

#[test]
fn test_run() {
    let mut runner = Runner::new();
    let main = async {
        yield_now().await;
        "done"
    };
    assert_eq!(runner.run(main), "done");
    let event_loop = runner.event_loop();
    runner.close();

    let panic = panic_of(|| runner.event_loop());
    assert!(panic.starts_with("Runner is closed"), "{panic}");
    assert!(event_loop.is_closed());
}

#[test]
fn test_explicit_close() {
    let mut runner = Runner::new();
    let event_loop = runner.event_loop();
    runner.close();
    let panic = panic_of(|| runner.event_loop());
    assert!(panic.starts_with("Runner is closed"), "{panic}");
    assert!(event_loop.is_closed());
}

#[test]
fn test_double_close() {
    let mut runner = Runner::new();
    let event_loop = runner.event_loop();
    runner.close();
    assert!(event_loop.is_closed());
    runner.close();
    assert!(event_loop.is_closed());
}

#[test]
fn test_second_with_block_raises() {
    let ran = RefCell::new(Vec::new());
    let f = async |number| ran.borrow_mut().push(number);
    let mut runner = Runner::new();
    runner.run(f(1));
    runner.close();

    let panic = panic_of(|| runner.run(f(2)));
    assert!(panic.starts_with("Runner is closed"), "{panic}");
    assert_eq!(ran.take(), [1]);
}

#[test]
fn test_run_keeps_context() {
    static CVAR: ContextVar<i32> = ContextVar::with_default("cvar", || -1);
    let f = async |value| {
        let old = CVAR.get().unwrap();
        yield_now().await;
        CVAR.set(value);
        old
    };
    let mut runner = Runner::new();
    assert_eq!(runner.run(f(1)), -1);
    assert_eq!(runner.run(f(2)), 1);
    let mut context = runner.run(async { asyncio::copy_context() });
    assert_eq!(context.run(|| CVAR.get().unwrap()), 2);
}

/// The runner inside is another one: the same one can't be borrowed twice.
#[test]
fn test_recursive_run() {
    let main = async { Runner::new().run(async {}) };
    let panic = panic_of(|| Runner::new().run(main));
    assert!(panic.contains("cannot be called from a running event loop"), "{panic}");
}

/// What Python raises `KeyboardInterrupt` for ends the process here, with the status of it.
#[cfg(unix)]
mod interrupts {
    use asyncio::{Runner, catch_cancel, create_task, current_task, sleep, yield_now};

    use crate::child::{Child, run_as_child};
    use crate::support::{LONG, SHORT, panic_of};

    /// To this thread, so that the signal has come when this returns, and not after the run.
    fn interrupt_self() {
        signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
    }

    fn runner() -> Runner {
        Runner::builder().handle_ctrl_c(true).build()
    }

    /// What a process that runs the test `name` says, and its status.
    fn outcome_of(name: &str) -> (Vec<String>, Option<i32>) {
        let (lines, status) = Child::start(&format!("test_runners::interrupts::{name}"), &[]).end();
        (lines, status.code())
    }

    #[test]
    fn test_interrupt_call_soon() {
        let body = || {
            let mut runner = runner();
            runner.event_loop().call_later(SHORT, interrupt_self);
            let busy = async {
                loop {
                    yield_now().await;
                }
            };
            runner.run(async {
                let Err(cancelled) = catch_cancel(busy).await;
                eprintln!("{cancelled}");
                cancelled.raise().await;
            });
        };
        if run_as_child(body) {
            return;
        }
        let outcome = outcome_of("test_interrupt_call_soon");
        assert_eq!(outcome, (vec!["cancelled".to_owned()], Some(130)));
    }

    /// The process is over before the future could be asked, so the main task does it.
    #[test]
    fn test_interrupt_wait() {
        let body = || {
            let mut runner = runner();
            let future = runner.event_loop().create_future::<()>();
            runner.event_loop().call_later(SHORT, interrupt_self);
            runner.run(async {
                let cancelled = catch_cancel(future.clone()).await.unwrap_err();
                eprintln!("future cancelled: {}", future.is_cancelled());
                cancelled.raise().await;
            });
        };
        if run_as_child(body) {
            return;
        }
        let outcome = outcome_of("test_interrupt_wait");
        assert_eq!(outcome, (vec!["future cancelled: true".to_owned()], Some(130)));
    }

    #[test]
    fn test_interrupt_cancelled_task() {
        let body = || {
            let main = async {
                let task = current_task().unwrap();
                create_task(async move {
                    yield_now().await;
                    task.cancel();
                    interrupt_self();
                })
                .detach();
                sleep(LONG).await;
            };
            let panic = panic_of(|| runner().run(main));
            eprintln!("said: {panic}");
        };
        if run_as_child(body) {
            return;
        }
        let (lines, status) = outcome_of("test_interrupt_cancelled_task");
        let said = lines.iter().find(|line| line.starts_with("said: ")).expect("it went on");
        assert!(said.contains("the main task was cancelled"), "{said}");
        assert_eq!(status, Some(0));
    }
}
