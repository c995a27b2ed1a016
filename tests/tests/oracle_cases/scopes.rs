//! Deadlines, task groups, and waiting for tasks that go on.

use std::time::Duration;

use asyncio::{
    TaskGroup, Timeout, When, as_completed, catch_cancel, create_task, current_task,
    get_running_loop, shield, sleep, wait, wait_for, with_cleanup, yield_now,
};

use crate::{Log, SECOND, check, python, run};

const HUNDREDTH: Duration = Duration::from_millis(10);

#[test]
fn the_outer_of_two_deadlines_reports() {
    check("the_outer_of_two_deadlines_reports", |log| {
        run(async {
            let deadline = get_running_loop().unwrap().time() + HUNDREDTH;
            let (outer, inner) = (Timeout::new(deadline), Timeout::new(deadline));
            let work = with_cleanup(sleep(SECOND), async { log.say("work cancelled") });
            let nested = async {
                if inner.run(work).await.is_err() {
                    log.say("inner timed out");
                }
            };
            let nested = with_cleanup(nested, async { log.say("inner over") });
            if outer.run(nested).await.is_err() {
                log.say("outer timed out");
            }
            log.say(&format!("{} {}", python(inner.is_expired()), python(outer.is_expired())));
            log.say(&format!("cancelling: {}", current_task().unwrap().cancelling()));
        });
    });
}

#[test]
fn a_failing_child_cancels_its_siblings_then_the_body() {
    async fn child(log: &Log, name: &str) {
        if let Err(cancelled) = catch_cancel(sleep(SECOND)).await {
            log.say(&format!("{name} cancelled"));
            yield_now().await;
            log.say(&format!("{name} cleaned up"));
            cancelled.raise().await;
        }
    }
    check("a_failing_child_cancels_its_siblings_then_the_body", |log| {
        run(async {
            let ended = TaskGroup::scope(async |group| {
                group.create_task(child(&log, "a"));
                group.create_task(async {
                    yield_now().await;
                    log.say("fails");
                    Err::<(), _>("boom")
                });
                if let Err(cancelled) = catch_cancel(sleep(SECOND)).await {
                    log.say("body cancelled");
                    cancelled.raise().await;
                }
            });
            log.say(&format!("{:?}", ended.await.unwrap_err().errors()).replace('"', "'"));
        });
    });
}

#[test]
fn a_cancelled_group_cancels_its_body_then_its_child() {
    check("a_cancelled_group_cancels_its_body_then_its_child", |log| {
        run(async {
            let in_task = log.clone();
            let task = create_task(async move {
                let ended = TaskGroup::<()>::scope(async |group| {
                    // One child: Python's are in a set, and cancelled in any order.
                    let line = in_task.saying("a cancelled");
                    group.create_task(with_cleanup(sleep(SECOND), async { line() }));
                    if let Err(cancelled) = catch_cancel(sleep(SECOND)).await {
                        in_task.say("body cancelled");
                        yield_now().await;
                        in_task.say("body cleaned up");
                        cancelled.raise().await;
                    }
                });
                ended.await
            });
            sleep(HUNDREDTH).await;
            task.cancel();
            if task.await.unwrap_err().is_cancelled() {
                log.say("group cancelled");
            }
        });
    });
}

#[test]
fn a_shielded_task_goes_on() {
    check("a_shielded_task_goes_on", |log| {
        run(async {
            let in_task = log.clone();
            let (end, ended) = (get_running_loop().unwrap().create_future(), log.clone());
            let over = end.clone();
            let task = create_task(async move {
                in_task.say("begins");
                sleep(2 * HUNDREDTH).await;
                in_task.say("committed");
                end.set_result(()).unwrap();
            });
            if wait_for(shield(task), HUNDREDTH).await.is_err() {
                ended.say("too late");
            }
            over.await.unwrap();
            ended.say("over");
        });
    });
}

#[test]
fn outcomes_come_in_the_order_of_the_ends() {
    check("outcomes_come_in_the_order_of_the_ends", |log| {
        run(async {
            let work = |(name, turns): (&'static str, usize)| {
                let log = log.clone();
                create_task(async move {
                    for _ in 0..turns {
                        yield_now().await;
                    }
                    log.say(&format!("{name} ends"));
                    name
                })
            };
            let mut done = as_completed([("a", 3), ("b", 1), ("c", 3)].map(work));
            while let Some(name) = done.next().await {
                log.say(&format!("got {}", name.unwrap()));
            }
            let tasks = [("d", 9), ("e", 1), ("f", 0)].map(work);
            let (done, pending) = wait(tasks, When::FirstCompleted).await;
            log.say(&format!("{} done, {} pending", done.len(), pending.len()));
            wait(pending, When::AllCompleted).await;
        });
    });
}
