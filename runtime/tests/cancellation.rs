//! Cancelling tasks and catching it, as API.md, "Cancellation", says. See `test_tasks` of Python.

mod support;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use asyncio::yield_now;
use asyncio::{Cancelled, Task, TaskError, TaskRef, catch_cancel, create_task, current_task};
use futures::FutureExt;
use support::{Log, poll_once, running_loop, seconds, turns};

fn cancelled<T>(outcome: Result<T, TaskError>) -> Cancelled {
    match outcome {
        Err(TaskError::Cancelled(cancelled)) => cancelled,
        Err(error) => panic!("the task was to be cancelled: {error}"),
        Ok(_) => panic!("the task was to be cancelled, and gave a value"),
    }
}

#[asyncio::test]
async fn a_task_cancelled_before_its_start_never_runs() {
    let log = Log::new();
    let (ran, dropped) = (log.clone(), log.on_drop("dropped"));
    let task = create_task(async move {
        let _dropped = dropped;
        ran.push("ran");
    });
    assert!(task.cancel_with("not today"));
    assert!(!task.is_done() && !task.is_cancelled(), "its next step delivers it");
    assert_eq!(cancelled(task.await).message(), Some("not today"));
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test(clock = "virtual")]
async fn a_suspended_task_is_dropped_where_it_is_and_its_awaiter_told() {
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let task = create_task(async move {
        let _dropped = dropped;
        seconds(3600).await;
    });
    let start = running_loop().time();
    yield_now().await;
    assert!(task.cancel());
    assert_eq!(log.take(), "");
    assert_eq!(cancelled(task.await).message(), None);
    assert_eq!(log.take(), "dropped");
    assert_eq!(running_loop().time(), start);
}

#[asyncio::test]
async fn a_task_cancelled_twice_before_its_step_is_told_once_with_the_last_message() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        in_task.push(catch_cancel(pending::<()>()).await.unwrap_err());
        turns(3).await;
        "went on"
    });
    yield_now().await;
    task.cancel_with("first");
    task.cancel_with("second");
    assert_eq!(task.cancelling(), 2);
    assert_eq!(task.await.unwrap(), "went on");
    assert_eq!(log.take(), "cancelled: second");
}

#[asyncio::test]
async fn a_task_that_cancels_itself_goes_on_to_its_next_await() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        current_task().unwrap().cancel_with("by itself");
        in_task.push("goes on");
        yield_now().await;
        in_task.push("not reached");
    });
    assert_eq!(cancelled(task.await).message(), Some("by itself"));
    assert_eq!(log.take(), "goes on");
}

/// Python: "Task is cancelled right before coro stops".
#[asyncio::test]
async fn a_task_cancelled_in_its_last_step_ends_as_cancelled() {
    let task = create_task(async {
        current_task().unwrap().cancel_with("at the end");
        12
    });
    yield_now().await;
    assert!(task.is_cancelled());
    assert_eq!(cancelled(task.await).message(), Some("at the end"));

    let child = async {
        current_task().unwrap().cancel();
        1
    };
    let parent = create_task(async { asyncio::gather!(child, pending::<()>()).await });
    cancelled(parent.await);
}

#[asyncio::test]
async fn a_task_can_catch_the_cancellation_it_asked_for_itself() {
    let task = create_task(async {
        catch_cancel(async {
            current_task().unwrap().cancel_with("me");
            pending::<()>().await;
        })
        .await
        .unwrap_err()
    });
    assert_eq!(task.await.unwrap().message(), Some("me"));
}

#[asyncio::test]
async fn what_a_task_returns_after_it_caught_counts_as_not_cancelled() {
    let task = create_task(async {
        let caught = catch_cancel(pending::<u8>()).await.is_err();
        turns(2).await;
        caught
    });
    yield_now().await;
    task.cancel();
    turns(4).await;
    assert!(task.is_done() && !task.is_cancelled());
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn a_cancellation_is_caught_once_and_the_next_one_again() {
    let task = create_task(async {
        let mut caught = 0;
        while catch_cancel(turns(10)).await.is_err() {
            caught += 1;
        }
        caught
    });
    for _ in 0..3 {
        turns(2).await;
        task.cancel();
    }
    assert_eq!(task.await.unwrap(), 3);
}

#[asyncio::test]
async fn the_innermost_catcher_gets_it_and_the_outer_one_what_is_raised() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let outer = catch_cancel(async {
            let inner = catch_cancel(pending::<()>()).await.unwrap_err();
            in_task.push(format!("inner {inner}"));
            yield_now().await;
            in_task.push("raises");
            match inner.raise().await {}
        })
        .await;
        in_task.push(format!("outer {}", outer.unwrap_err()));
        "value"
    });
    yield_now().await;
    task.cancel_with("now");
    assert_eq!(task.await.unwrap(), "value");
    assert_eq!(log.take(), "inner cancelled: now, raises, outer cancelled: now");
}

#[asyncio::test]
async fn a_cancellation_raised_with_no_catcher_around_ends_the_task() {
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let task = create_task(async move {
        let _dropped = dropped;
        let caught = catch_cancel(pending::<()>()).await.unwrap_err();
        yield_now().await;
        match caught.raise().await {}
    });
    yield_now().await;
    task.cancel_with("passed on");
    assert_eq!(cancelled::<()>(task.await).message(), Some("passed on"));
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test]
async fn a_finished_catcher_catches_nothing_more() {
    let task = create_task(async {
        catch_cancel(yield_now()).await.unwrap();
        pending::<()>().await;
    });
    turns(3).await;
    task.cancel();
    cancelled(task.await);
}

#[asyncio::test]
async fn what_finishes_in_the_step_before_is_a_value() {
    let task = create_task(async { catch_cancel(turns(2)).await.is_ok() });
    turns(2).await;
    assert!(!task.is_done());
    turns(1).await;
    task.cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn a_cancellation_that_is_taken_back_in_time_is_none() {
    let task = create_task(async {
        yield_now().await;
        "alive"
    });
    yield_now().await;
    task.cancel();
    task.cancel();
    assert_eq!(task.uncancel(), 1);
    assert_eq!(task.uncancel(), 0);
    assert_eq!(task.uncancel(), 0);
    assert_eq!(task.await.unwrap(), "alive");
}

#[asyncio::test]
async fn uncancel_counts_down_what_was_caught() {
    let task = create_task(async {
        catch_cancel(pending::<()>()).await.unwrap_err();
        let this = current_task().unwrap();
        let before = this.cancelling();
        this.uncancel();
        (before, this.cancelling())
    });
    yield_now().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), (1, 0));
}

#[asyncio::test]
async fn an_awaited_task_gets_the_cancellation_and_is_waited_for() {
    let log = Log::new();
    let in_inner = log.clone();
    let inner = create_task(async move {
        let caught = catch_cancel(pending::<()>()).await.unwrap_err();
        turns(3).await;
        in_inner.push(format!("inner {caught}"));
        match caught.raise().await {}
    });
    let in_outer = log.clone();
    let outer = create_task(async move {
        let end = catch_cancel(inner).await.unwrap_err();
        in_outer.push(format!("outer {end}"));
        end
    });
    turns(2).await;
    outer.cancel_with("down the chain");
    assert_eq!(outer.await.unwrap().message(), Some("down the chain"));
    assert_eq!(log.take(), "inner cancelled: down the chain, outer cancelled: down the chain");
}

#[asyncio::test]
async fn a_cancellation_goes_down_a_chain_of_awaited_tasks_and_comes_up_again() {
    let log = Log::new();
    let mut chain: Task<()> = create_task(pending());
    let mut links = vec![TaskRef::clone(&chain)];
    for number in 1..=5 {
        let dropped = log.on_drop(number);
        chain = create_task(async move {
            let _dropped = dropped;
            chain.await.unwrap();
        });
        links.push(TaskRef::clone(&chain));
    }
    turns(2).await;
    chain.cancel_with("all of you");
    assert_eq!(cancelled(chain.await).message(), Some("all of you"));
    assert!(links.iter().all(TaskRef::is_cancelled));
    assert_eq!(log.take(), "1, 2, 3, 4, 5");
}

/// In Python the awaiter's `cancel()` reaches the awaited task at once, so that both are one.
#[asyncio::test]
async fn a_task_cancelled_together_with_its_awaiter_is_told_once() {
    for worker_first in [true, false] {
        let worker = create_task(async {
            catch_cancel(pending::<()>()).await.unwrap_err();
            turns(3).await;
            "cleaned up"
        });
        let watch = TaskRef::clone(&worker);
        let middle = create_task(async { worker.await.unwrap() });
        let awaiter = create_task(async { middle.await.unwrap() });
        turns(2).await;
        if worker_first {
            watch.cancel();
            awaiter.cancel();
        } else {
            awaiter.cancel();
            watch.cancel();
        }
        assert_eq!(awaiter.await.unwrap(), "cleaned up");
        assert_eq!(watch.cancelling(), 2);
    }
}

#[asyncio::test]
async fn a_task_cancelled_before_its_awaiter_is_told_of_both() {
    let worker = create_task(async {
        catch_cancel(pending::<()>()).await.unwrap_err();
        catch_cancel(pending::<()>()).await.unwrap_err();
        "told twice"
    });
    let watch = TaskRef::clone(&worker);
    let awaiter = create_task(async { worker.await.unwrap() });
    turns(2).await;
    watch.cancel();
    turns(2).await;
    awaiter.cancel();
    assert_eq!(awaiter.await.unwrap(), "told twice");
}

#[asyncio::test]
async fn an_awaited_task_that_catches_gives_its_awaiter_the_value() {
    let inner = create_task(async {
        catch_cancel(pending::<()>()).await.unwrap_err();
        "caught it"
    });
    let outer = create_task(async { inner.await.unwrap() });
    turns(2).await;
    outer.cancel();
    assert_eq!(outer.await.unwrap(), "caught it");
}

#[asyncio::test]
async fn a_task_cancelled_by_somebody_else_is_an_error_for_its_awaiter_and_no_cancellation() {
    let inner = create_task(pending::<()>());
    let watch = TaskRef::clone(&inner);
    let outer = create_task(async { inner.await.unwrap_err().is_cancelled() });
    turns(2).await;
    watch.cancel();
    assert!(outer.await.unwrap());
}

#[asyncio::test]
async fn a_cancellation_wins_over_a_value_that_came_in_the_same_turn() {
    let reports = support::reports();
    let ends = create_task(async {
        turns(2).await;
        "value"
    });
    let panics = create_task(async {
        turns(2).await;
        panic!("unseen");
    });
    let awaits_value = create_task(async { ends.await.is_ok() });
    let awaits_panic = create_task(async { panics.await.is_ok() });
    turns(3).await;
    // Both have ended in the turn that runs; their awaiters are woken and have not run.
    awaits_value.cancel();
    awaits_panic.cancel();
    cancelled(awaits_value.await);
    cancelled(awaits_panic.await);
    assert_eq!(reports.take(), "unseen");
}

#[asyncio::test]
async fn the_future_of_a_loop_is_cancelled_through_its_awaiter() {
    let future = running_loop().create_future::<()>();
    let task = create_task({
        let future = future.clone();
        async move { future.await.is_ok() }
    });
    yield_now().await;
    task.cancel_with("through");
    assert_eq!(cancelled(task.await).message(), Some("through"));
    assert!(future.is_cancelled());
}

#[asyncio::test(clock = "virtual")]
async fn a_join_hears_of_it_through_the_task_it_awaits() {
    let slow = create_task(pending::<()>());
    let watch = TaskRef::clone(&slow);
    let task = create_task(async move {
        // The sleep can't be told; it goes when the cancellation has come out of the await.
        let both = async { futures::join!(slow, seconds(3600)) };
        catch_cancel(both).await.is_err()
    });
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap());
    assert!(watch.is_cancelled());
}

#[asyncio::test]
async fn cancellations_are_delivered_in_the_next_turn_in_the_order_they_were_asked_for() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<Task<()>> = (0..3)
        .map(|number| {
            let order = order.clone();
            create_task(async move {
                catch_cancel(pending::<()>()).await.unwrap_err();
                order.borrow_mut().push(number);
            })
        })
        .collect();
    yield_now().await;
    for task in tasks.iter().rev() {
        task.cancel();
    }
    assert!(order.borrow().is_empty());
    yield_now().await;
    assert_eq!(*order.borrow(), [2, 1, 0]);
}

#[asyncio::test]
async fn a_catcher_moved_to_another_task_is_told_of_that_ones_cancellation() {
    let told = Rc::new(Cell::new(false));
    let seen = told.clone();
    let mut catcher = Box::pin(async move {
        catch_cancel(pending::<()>()).await.unwrap_err();
        seen.set(true);
    });
    // Polled by main first.
    assert!(poll_once(catcher.as_mut()).await.is_none());
    let task = create_task(catcher);
    yield_now().await;
    task.cancel();
    task.await.unwrap();
    assert!(told.get());
}

#[test]
fn a_catcher_needs_no_loop() {
    assert_eq!(catch_cancel(async { 3 }).now_or_never().unwrap().unwrap(), 3);
}
