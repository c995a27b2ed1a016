//! Destructors, handlers and calls that come at an awkward moment: while a lock is held, while a loop
//! runs or is being shut down, or for the wrong loop.

mod support;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use asyncio::{Runner, catch_cancel, create_task, gather, new_event_loop, yield_now};
use support::{Bomb, Log, OnDrop, reports, running_loop, turns};

fn is_refused(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

#[asyncio::test]
async fn a_done_callback_that_is_taken_back_may_use_its_future_in_its_destructor() {
    let future = running_loop().create_future();
    let setter = future.clone();
    let on_drop = OnDrop::new(move || setter.set_result(1).unwrap());
    let callback = future.add_done_callback(move || drop(on_drop));
    assert!(future.remove_done_callback(callback));
    assert_eq!(future.await.unwrap(), 1);
}

#[asyncio::test]
async fn a_done_callback_of_one_task_is_not_taken_back_from_another() {
    let log = Log::new();
    let (first, second) = (create_task(async {}), create_task(async {}));
    let mine = first.add_done_callback(|| {});
    let entry = log.clone();
    second.add_done_callback(move || entry.push("ran"));
    assert!(!second.remove_done_callback(mine));
    turns(2).await;
    assert_eq!(log.take(), "ran");
    first.detach();
}

#[asyncio::test]
async fn a_panic_in_a_done_callback_names_the_line_that_added_it() {
    let told = Log::new();
    let log = told.clone();
    running_loop().set_exception_handler(move |context| log.push(context));
    let task = create_task(async {});
    let line = line!() + 1;
    task.add_done_callback(|| panic!("boom"));
    task.await.unwrap();
    yield_now().await;
    assert!(told.take().contains(&format!("{}:{line}:", file!())));
}

#[asyncio::test]
async fn a_handler_that_takes_itself_away_may_panic_in_its_destructor() {
    let event_loop = running_loop();
    let (this, bomb) = (event_loop.clone(), Bomb("in the handler"));
    event_loop.set_exception_handler(move |_| {
        let _held = &bomb;
        this.reset_exception_handler();
    });
    event_loop.call_soon(|| panic!("in a callback"));
    turns(2).await;
}

#[asyncio::test]
async fn a_remote_value_that_nobody_wants_is_told_of_if_its_destructor_panics() {
    let told = reports();
    drop(running_loop().handle().spawn(async || Bomb("unwanted")).unwrap());
    turns(4).await;
    assert_eq!(told.take(), "unwanted");
}

#[test]
fn a_leftovers_value_that_panics_when_dropped_leaves_mains_value_alone() {
    let value = asyncio::run(async {
        reports();
        let first = create_task(async {
            catch_cancel(pending::<()>()).await.ok();
            Bomb("a leftover's value")
        });
        create_task(async move {
            let _held = first;
            catch_cancel(pending::<()>()).await.ok();
            turns(3).await;
        })
        .detach();
        yield_now().await;
        "main's value"
    });
    assert_eq!(value, "main's value");
}

#[test]
fn a_gather_left_behind_during_the_shutdown_does_not_hold_it_up() {
    type Shared = Rc<RefCell<Option<Pin<Box<dyn Future<Output = Vec<()>>>>>>>;
    let shared = Shared::default();
    let kept = shared.clone();
    asyncio::run(async move {
        create_task(async move {
            *kept.borrow_mut() = Some(Box::pin(gather([pending(), pending()])));
            poll_fn(|cx| {
                let mut gathering = kept.borrow_mut();
                assert!(gathering.as_mut().unwrap().as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            pending::<()>().await;
        })
        .detach();
        turns(2).await;
    });
    assert!(shared.take().is_some());
}

#[test]
fn a_loop_that_is_dropped_drops_its_tasks_whatever_they_wait_for() {
    let log = Log::new();
    let event_loop = new_event_loop();
    let gathers = log.on_drop("gathers");
    let awaits = log.on_drop("awaits");
    let task = event_loop.create_task(async move {
        let _held = gathers;
        gather([pending::<()>(), pending()]).await;
    });
    task.detach();
    let task = event_loop.create_task(async move {
        let _held = awaits;
        create_task(pending::<()>()).await.unwrap();
    });
    task.detach();
    event_loop.run_once();
    event_loop.run_once();
    drop(event_loop);
    assert_eq!(log.take(), "gathers, awaits");
}

#[test]
fn a_turn_that_is_refused_stops_nothing() {
    let other = new_event_loop();
    asyncio::run(async {
        let (this, refused) = (running_loop(), Log::new());
        let log = refused.clone();
        running_loop().call_soon(move || log.push(is_refused(|| this.run_once())));
        turns(3).await;
        assert_eq!(refused.take(), "true");
        assert!(is_refused(|| other.run_once()));
    });
    assert_eq!(other.run_until_complete(async { turns(3).await }), ());
    other.close();
}

#[test]
fn a_close_that_is_refused_can_be_made_up_for() {
    let log = Log::new();
    let mut runner = Runner::new();
    let event_loop = runner.event_loop();
    let cleanup = log.clone();
    runner.run(async {
        create_task(async move {
            catch_cancel(pending::<()>()).await.unwrap_err();
            cleanup.push("cleaned up");
        })
        .detach();
        yield_now().await;
    });
    asyncio::run(async {
        assert!(is_refused(|| runner.close()));
    });
    assert_eq!(log.take(), "");
    runner.close();
    assert_eq!(log.take(), "cleaned up");
    assert!(event_loop.is_closed());
}

#[test]
fn a_task_that_waits_for_a_loop_that_does_not_run_can_be_cancelled() {
    let other = new_event_loop();
    let never_runs = other.create_task(pending::<()>());
    asyncio::run(async move {
        let task = create_task(never_runs);
        yield_now().await;
        task.cancel();
        turns(2).await;
        assert!(task.is_cancelled());
    });
    other.close();
}
