//! `with_cleanup`: whatever happens to the body, the cleanup runs to its end.

mod support;

use std::future::pending;

use asyncio::{TaskError, TaskRef, catch_cancel, create_task, with_cleanup, yield_now};
use support::{Bomb, Log, turns};

/// A cleanup that takes a few turns and says so.
async fn slow_cleanup(log: Log) {
    log.push("cleanup begins");
    turns(3).await;
    log.push("cleanup ends");
}

fn panic_message<T>(outcome: Result<T, TaskError>) -> String {
    match outcome {
        Err(TaskError::Panicked(panicked)) => panicked.message().to_owned(),
        Err(error) => panic!("the task was to panic: {error}"),
        Ok(_) => panic!("the task was to panic, and gave a value"),
    }
}

const RAN: &str = "cleanup begins, cleanup ends";

#[asyncio::test]
async fn a_value_comes_out_after_the_cleanup() {
    let log = Log::new();
    let value = with_cleanup(
        async {
            yield_now().await;
            log.push("body");
            7
        },
        slow_cleanup(log.clone()),
    )
    .await;
    assert_eq!(value, 7);
    assert_eq!(log.take(), format!("body, {RAN}"));
}

#[asyncio::test]
async fn a_panic_goes_on_after_the_cleanup() {
    let log = Log::new();
    let cleanup = slow_cleanup(log.clone());
    let task = create_task(with_cleanup(async { panic!("body") }, cleanup));
    assert_eq!(panic_message(task.await), "body");
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn a_cancellation_goes_on_after_the_cleanup() {
    let log = Log::new();
    let dropped = log.on_drop("body dropped");
    let body = async move {
        let _dropped = dropped;
        pending::<()>().await;
    };
    let task = create_task(with_cleanup(body, slow_cleanup(log.clone())));
    yield_now().await;
    task.cancel_with("enough");
    assert_eq!(task.await.unwrap_err().to_string(), "cancelled: enough");
    assert_eq!(log.take(), format!("body dropped, {RAN}"));
}

#[asyncio::test]
async fn two_cancellations_at_once_are_one() {
    let log = Log::new();
    let task = create_task(with_cleanup(pending::<()>(), slow_cleanup(log.clone())));
    yield_now().await;
    task.cancel();
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn a_cancellation_during_the_cleanup_waits_for_its_end() {
    let log = Log::new();
    let task = create_task(with_cleanup(async { "value" }, slow_cleanup(log.clone())));
    turns(2).await;
    assert_eq!(log.take(), "cleanup begins");
    task.cancel_with("first");
    turns(1).await;
    task.cancel_with("again");
    assert!(!task.is_done());
    assert_eq!(task.await.unwrap_err().to_string(), "cancelled: again");
    assert_eq!(log.take(), "cleanup ends");
}

#[asyncio::test]
async fn a_second_cancellation_does_not_shorten_the_cleanup_of_the_first() {
    let log = Log::new();
    let task = create_task(with_cleanup(pending::<()>(), slow_cleanup(log.clone())));
    yield_now().await;
    for _ in 0..3 {
        task.cancel();
        yield_now().await;
    }
    assert!(!task.is_done());
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn a_panic_wins_over_a_cancellation_during_the_cleanup() {
    let log = Log::new();
    let cleanup = slow_cleanup(log.clone());
    let task = create_task(with_cleanup(async { panic!("body") }, cleanup));
    turns(2).await;
    task.cancel();
    assert_eq!(panic_message(task.await), "body");
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn a_body_that_catches_goes_on_and_its_value_comes_out() {
    let log = Log::new();
    let body = async {
        catch_cancel(pending::<()>()).await.unwrap_err();
        "went on"
    };
    let task = create_task(with_cleanup(body, slow_cleanup(log.clone())));
    yield_now().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), "went on");
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn nested_cleanups_run_from_the_inside_out() {
    let log = Log::new();
    let [inner, outer] = ["inner", "outer"].map(|name| {
        let log = log.clone();
        async move {
            turns(2).await;
            log.push(name);
        }
    });
    let task = create_task(with_cleanup(with_cleanup(pending::<()>(), inner), outer));
    yield_now().await;
    task.cancel();
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "inner, outer");
}

#[asyncio::test]
async fn a_catcher_inside_a_cleanup_is_not_told() {
    let log = Log::new();
    let in_cleanup = log.clone();
    let cleanup = async move {
        in_cleanup.push(catch_cancel(turns(3)).await.is_ok());
    };
    let task = create_task(with_cleanup(async {}, cleanup));
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "true");
}

#[asyncio::test]
async fn a_task_awaited_in_a_cleanup_is_not_cancelled() {
    let helper = create_task(turns(5));
    let watch = TaskRef::clone(&helper);
    let task = create_task(with_cleanup(async {}, async { helper.await.unwrap() }));
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(watch.is_done() && !watch.is_cancelled());
}

#[asyncio::test]
async fn a_catcher_around_it_gets_the_cancellation_after_the_cleanup() {
    let log = Log::new();
    let cleanup = slow_cleanup(log.clone());
    let task = create_task(async {
        catch_cancel(with_cleanup(pending::<()>(), cleanup)).await.unwrap_err().to_string()
    });
    yield_now().await;
    task.cancel_with("late");
    assert_eq!(task.await.unwrap(), "cancelled: late");
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn children_of_a_gather_clean_up_before_it_ends() {
    let log = Log::new();
    let cleanups = [slow_cleanup(log.clone()), slow_cleanup(log.clone())];
    let task = create_task(async {
        let bodies = cleanups.map(|cleanup| with_cleanup(pending::<()>(), cleanup));
        asyncio::gather(bodies).await
    });
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "cleanup begins, cleanup begins, cleanup ends, cleanup ends");
}

#[asyncio::test]
async fn a_task_cancelled_before_its_start_has_nothing_to_clean_up() {
    let log = Log::new();
    let task = create_task(with_cleanup(async {}, slow_cleanup(log.clone())));
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "");
}

#[asyncio::test]
async fn a_panic_in_the_bodys_destructor_goes_on_after_the_cleanup() {
    let log = Log::new();
    let bomb = Bomb("destructor");
    let body = async move {
        let _bomb = bomb;
        pending::<()>().await;
    };
    let task = create_task(with_cleanup(body, slow_cleanup(log.clone())));
    yield_now().await;
    task.cancel();
    assert_eq!(panic_message(task.await), "destructor");
    assert_eq!(log.take(), RAN);
}

#[asyncio::test]
async fn a_panic_in_the_cleanup_comes_out() {
    let task = create_task(with_cleanup(pending::<()>(), async { panic!("cleanup") }));
    yield_now().await;
    task.cancel();
    assert_eq!(panic_message(task.await), "cleanup");
}
