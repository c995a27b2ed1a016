//! Into the loop and out of it again. See `test_runners` of Python.

mod support;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::{Runner, Task, catch_cancel, create_task, gather, get_running_loop};
use asyncio::{with_cleanup, yield_now};
use support::{Log, OnDrop, panic_of, reports, reports_of, seconds, turns, virtual_runner};

#[test]
fn run_gives_what_main_returns_and_main_may_borrow() {
    let text = String::from("text");
    let mut counter = 0;
    let length = asyncio::run(async {
        yield_now().await;
        counter += 1;
        &text[1..]
    });
    assert_eq!((length, counter), ("ext", 1));
    assert_eq!(asyncio::run(std::future::ready(Err::<(), _>("an error"))), Err("an error"));
}

#[test]
fn a_loop_runs_in_main_and_none_after_it() {
    assert!(asyncio::run(async { get_running_loop().is_ok() }));
    assert!(get_running_loop().is_err());
}

#[test]
fn run_in_a_run_says_what_to_do() {
    let (by_run, by_runner) = asyncio::run(async {
        let mut runner = Runner::new();
        let by_run = panic_of(|| asyncio::run(async {}));
        (by_run, panic_of(|| runner.run(async {})))
    });
    let told = "asyncio::run() cannot be called from a running event loop: `.await` the future";
    assert!(by_run.starts_with(told), "{by_run}");
    assert!(by_runner.starts_with(told), "{by_runner}");
}

#[test]
fn run_in_a_callback_or_a_destructor_is_refused_too() {
    let reported = Rc::new(RefCell::new(String::new()));
    asyncio::run(async {
        let reports = reports();
        get_running_loop().unwrap().call_soon(|| asyncio::run(async {}));
        let on_drop = OnDrop::new(|| asyncio::run(async {}));
        create_task(async move {
            pending::<()>().await;
            drop(on_drop);
        })
        .cancel();
        turns(2).await;
        reported.replace(reports.take());
    });
    assert_eq!(reported.borrow().matches("cannot be called from a running").count(), 2);
}

#[test]
fn a_run_after_a_nested_one_was_refused_works() {
    asyncio::run(async {
        panic_of(|| asyncio::run(async {}));
        assert_eq!(create_task(async { 1 }).await.unwrap(), 1);
    });
    assert_eq!(asyncio::run(async { 2 }), 2);
}

#[test]
fn a_task_made_right_before_main_returns_gets_its_first_step() {
    let log = Log::new();
    asyncio::run(async {
        let (first, second) = (log.clone(), log.clone());
        create_task(async move {
            first.push("first step");
            let _dropped = first.on_drop("cancelled");
            yield_now().await;
            first.push("second step");
        })
        .detach();
        get_running_loop().unwrap().call_soon(move || second.push("callback"));
    });
    assert_eq!(log.take(), "first step, callback, cancelled");
}

#[test]
fn leftovers_are_cancelled_in_creation_order_and_driven_through_their_cleanup() {
    let log = Log::new();
    let mut runner = virtual_runner();
    let event_loop = runner.event_loop();
    let start = event_loop.time();
    runner.run(async {
        for (name, delay) in [("a", 3), ("b", 1), ("c", 2)] {
            let log = log.clone();
            create_task(async move {
                catch_cancel(pending::<()>()).await.unwrap_err();
                log.push(format!("{name} told"));
                seconds(delay).await;
                log.push(format!("{name} ends"));
            })
            .detach();
        }
        yield_now().await;
    });
    assert_eq!(log.take(), "", "the loop keeps them between two runs");
    runner.close();
    assert_eq!(log.take(), "a told, b told, c told, b ends, c ends, a ends");
    assert_eq!((event_loop.time() - start).as_secs(), 3);
}

#[test]
fn what_leftovers_panic_with_in_their_cleanup_is_reported() {
    let reported = Rc::new(RefCell::new(Log::new()));
    asyncio::run(async {
        reported.replace(reports());
        for name in ["one", "two"] {
            create_task(async move {
                catch_cancel(pending::<()>()).await.unwrap_err();
                yield_now().await;
                panic!("{name}");
            })
            .detach();
        }
        yield_now().await;
    });
    assert_eq!(reported.borrow().take(), "one, two");
}

#[test]
fn a_panic_of_a_leftover_that_another_one_awaits_is_that_ones() {
    let reported = Rc::new(RefCell::new(Log::new()));
    let seen = Rc::new(Cell::new(false));
    asyncio::run(async {
        reported.replace(reports());
        let panics: Task<()> = create_task(async {
            catch_cancel(pending::<()>()).await.unwrap_err();
            yield_now().await;
            panic!("for its awaiter");
        });
        let seen = seen.clone();
        create_task(async move { seen.set(panics.await.is_err()) }).detach();
        turns(2).await;
    });
    assert!(seen.get());
    assert_eq!(reported.borrow().take(), "");
}

/// Both are cancelled at once; what the awaiter passes on is the same cancellation again.
#[test]
fn a_leftover_that_another_one_awaits_is_told_once() {
    let log = Log::new();
    asyncio::run(async {
        let cleans_up = async |log: Log| {
            catch_cancel(pending::<()>()).await.unwrap_err();
            turns(3).await;
            log.push("cleaned up");
        };
        let worker = create_task(cleans_up(log.clone()));
        create_task(async { worker.await.unwrap() }).detach();
        let gathered = [cleans_up(log.clone()), cleans_up(log.clone())];
        create_task(async { gather(gathered).await }).detach();
        turns(3).await;
    });
    assert_eq!(log.take(), "cleaned up, cleaned up, cleaned up");
}

#[test]
fn mains_value_is_kept_while_the_leftovers_end() {
    let value = asyncio::run(async {
        create_task(with_cleanup(pending::<()>(), turns(5))).detach();
        yield_now().await;
        Box::new(7)
    });
    assert_eq!(*value, 7);
}

#[test]
fn leaving_the_loop_drops_tasks_then_callbacks_in_creation_order() {
    let log = Log::new();
    let event_loop = asyncio::new_event_loop();
    let callback = |name: &str| {
        let dropped = log.on_drop(name);
        move || drop(dropped)
    };
    let task = |name: &str| {
        let dropped = log.on_drop(name);
        async move {
            let _dropped = dropped;
            pending::<()>().await;
        }
    };
    event_loop.call_later(Duration::from_secs(60), callback("timer 1"));
    event_loop.create_task(task("task 1")).detach();
    event_loop.create_task(task("task 2")).detach();
    event_loop.run_once();
    event_loop.create_task(task("task 3, not started")).detach();
    event_loop.call_soon(callback("callback 2"));
    event_loop.call_later(Duration::from_secs(30), callback("timer 3"));
    event_loop.close();
    assert_eq!(log.take(), "task 1, task 2, task 3, not started, timer 1, callback 2, timer 3");
}

#[test]
fn what_leftovers_start_while_they_are_cancelled_is_dropped_with_the_loop() {
    let log = Log::new();
    let (ran, dropped) = (log.clone(), log.on_drop("dropped"));
    asyncio::run(async {
        create_task(async move {
            catch_cancel(pending::<()>()).await.unwrap_err();
            let late = async move {
                let _dropped = dropped;
                ran.push("started");
                turns(100).await;
                ran.push("not reached");
            };
            create_task(late).detach();
            yield_now().await;
        })
        .detach();
        yield_now().await;
    });
    assert_eq!(log.take(), "started, dropped");
}

#[test]
fn nothing_outlives_the_loop() {
    let shared = Rc::new(());
    let mut kept = None;
    asyncio::run(async {
        let event_loop = get_running_loop().unwrap();
        let copies = [shared.clone(), shared.clone(), shared.clone(), shared.clone()];
        let [in_task, in_gather, in_callback, in_timer] = copies;
        create_task(async move {
            pending::<()>().await;
            drop(in_task);
        })
        .detach();
        create_task(async move {
            asyncio::gather!(async {
                pending::<()>().await;
                drop(in_gather);
            })
            .await;
        })
        .detach();
        yield_now().await;
        event_loop.call_soon(move || drop(in_callback));
        event_loop.call_later(Duration::from_secs(3600), move || drop(in_timer));
        kept = Some(create_task(pending::<()>()));
    });
    assert_eq!(Rc::strong_count(&shared), 1);
    assert!(kept.unwrap().is_cancelled(), "a handle that is kept says how it ended");
}

#[test]
fn a_main_that_is_cancelled_and_does_not_catch_it_has_no_value() {
    let main = async {
        asyncio::current_task().unwrap().cancel_with("no way");
        yield_now().await;
    };
    let panic = panic_of(|| asyncio::run(main));
    assert!(panic.contains("the main task was cancelled: no way and did not catch it"), "{panic}");
    let caught = asyncio::run(async {
        asyncio::current_task().unwrap().cancel();
        catch_cancel(yield_now()).await
    });
    assert!(caught.is_err());
}

#[test]
fn a_task_may_cancel_main() {
    let caught = asyncio::run(async {
        let main = asyncio::current_task().unwrap();
        create_task(async move { main.cancel_with("by a task") }).detach();
        catch_cancel(pending::<()>()).await.unwrap_err()
    });
    assert_eq!(caught.message(), Some("by a task"));
}

#[test]
fn a_runner_runs_again_on_the_same_loop_and_keeps_its_tasks() {
    let mut runner = Runner::new();
    let log = Log::new();
    let in_task = log.clone();
    let task = runner.event_loop().create_task(async move {
        for step in 1.. {
            in_task.push(step);
            yield_now().await;
        }
    });
    runner.run(async {});
    assert_eq!(log.take(), "1, 2");
    runner.run(turns(2));
    assert!(log.take().starts_with("3, 4"));
    assert!(!task.is_done());
    let name = runner.run(async { asyncio::current_task().unwrap().name() });
    assert_eq!(name, "Task-4");
    runner.close();
    assert!(task.is_cancelled());
}

#[test]
fn a_runner_goes_on_after_main_has_panicked() {
    let mut runner = Runner::new();
    assert_eq!(panic_of(|| runner.run(async { panic!("first") })), "first");
    assert_eq!(runner.run(async { "second" }), "second");
}

#[test]
fn a_stop_that_main_did_not_need_does_not_end_the_next_run() {
    let mut runner = Runner::new();
    let value = runner.run(async {
        get_running_loop().unwrap().stop();
        "value"
    });
    assert_eq!(value, "value");
    assert_eq!(
        runner.run(async {
            turns(3).await;
            "next"
        }),
        "next"
    );
}

#[test]
fn a_run_that_is_stopped_says_so_and_drops_main() {
    let log = Log::new();
    let dropped = log.on_drop("main dropped");
    let mut runner = Runner::new();
    let main = async {
        let _dropped = dropped;
        get_running_loop().unwrap().stop();
        pending::<()>().await;
    };
    let panic = panic_of(|| runner.run(main));
    assert_eq!(panic, "Event loop stopped before Future completed.");
    assert_eq!(log.take(), "main dropped");
    assert_eq!(runner.run(async { 1 }), 1);
}

#[test]
fn close_twice_is_fine_and_run_after_it_is_refused() {
    let mut runner = Runner::new();
    runner.run(async {});
    let event_loop = runner.event_loop();
    runner.close();
    runner.close();
    assert!(event_loop.is_closed());
    let panic = panic_of(|| runner.event_loop());
    assert!(panic.starts_with("Runner is closed"), "{panic}");
    let panic = panic_of(|| runner.run(async {}));
    assert!(panic.starts_with("Runner is closed"), "{panic}");
}

#[test]
fn a_runner_that_never_ran_closes() {
    let mut runner = Runner::new();
    runner.close();
    drop(Runner::new());
}

#[test]
fn dropping_a_runner_closes_it() {
    let log = Log::new();
    let mut runner = Runner::new();
    let event_loop = runner.event_loop();
    let in_task = log.clone();
    runner.run(async {
        create_task(with_cleanup(pending::<()>(), async move {
            turns(2).await;
            in_task.push("cleaned up");
        }))
        .detach();
    });
    runner.run(yield_now());
    drop(runner);
    assert_eq!(log.take(), "cleaned up");
    assert!(event_loop.is_closed());
}

#[test]
fn closing_a_runner_in_its_own_run_is_refused() {
    let runner = Rc::new(RefCell::new(None::<Runner>));
    let mut outer = Runner::new();
    runner.replace(Some(Runner::new()));
    let inner = runner.clone();
    outer.run(async move {
        // Another loop's runner, with a task to drive.
        let mut inner = inner.take().unwrap();
        inner.event_loop().create_task(pending::<()>()).detach();
        let panic = panic_of(|| inner.close());
        assert!(panic.starts_with("Cannot run the event loop while another loop"), "{panic}");
        assert_eq!(create_task(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
fn the_builder_sets_debug_mode_and_clock() {
    assert!(Runner::builder().debug(true).build().event_loop().is_debug());
    let started = Instant::now();
    let mut runner = virtual_runner();
    runner.run(async {
        let before = get_running_loop().unwrap().time();
        seconds(86_400).await;
        assert_eq!((get_running_loop().unwrap().time() - before).as_secs(), 86_400);
    });
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn ten_thousand_leftovers_end() {
    let ended = Rc::new(Cell::new(0));
    asyncio::run(async {
        for _ in 0..10_000 {
            let ended = ended.clone();
            create_task(with_cleanup(pending::<()>(), async move {
                yield_now().await;
                ended.set(ended.get() + 1);
            }))
            .detach();
        }
        yield_now().await;
    });
    assert_eq!(ended.get(), 10_000);
}

#[test]
fn the_exception_handler_set_before_a_run_hears_of_it() {
    let mut runner = Runner::new();
    let reports = reports_of(&runner.event_loop());
    runner.run(async { create_task(async { panic!("heard") }).detach() });
    runner.close();
    assert_eq!(reports.take(), "heard");
}
