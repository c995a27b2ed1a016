//! Who is cancelled, when, and what it can do about it.

use std::time::Duration;

use asyncio::{
    Cancelled, catch_cancel, create_task, current_task, gather, get_running_loop, sleep, yield_now,
};

use crate::{SECOND, check, python, run};

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
fn a_cancellation_wins_over_a_result_not_seen_yet() {
    check("a_cancellation_wins_over_a_result_not_seen_yet", |log| {
        run(async {
            let future = get_running_loop().unwrap().create_future();
            let (waited, said) = (future.clone(), log.clone());
            let task = create_task(async move { said.say(waited.await.unwrap()) });
            yield_now().await;
            future.set_result("never printed").unwrap();
            log.say(&format!("cancel: {}", python(task.cancel())));
            if task.await.is_err_and(|error| error.is_cancelled()) {
                log.say("cancelled");
            }
        });
    });
}

#[test]
fn a_cancelled_child_cancels_its_gather() {
    check("a_cancelled_child_cancels_its_gather", |log| {
        run(async {
            let cancel_yourself = async {
                current_task().unwrap().cancel();
                yield_now().await;
            };
            if catch_cancel(gather!(cancel_yourself, yield_now())).await.is_err() {
                log.say("gather was cancelled");
            }
            log.say(&format!("cancelling: {}", current_task().unwrap().cancelling()));
        });
    });
}

#[test]
fn a_cancelled_waiter_cancels_its_future() {
    check("a_cancelled_waiter_cancels_its_future", |log| {
        run(async {
            let future = get_running_loop().unwrap().create_future::<()>();
            let waited = future.clone();
            let task = create_task(async move { waited.await.unwrap() });
            yield_now().await;
            task.cancel();
            log.say(&format!("future cancelled: {}", python(future.is_cancelled())));
            assert!(task.await.is_err());
            log.say(&format!("future cancelled: {}", python(future.is_cancelled())));
        });
    });
}
