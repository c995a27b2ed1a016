//! Tasks and those who wait for them.

use asyncio::{TaskRef, catch_cancel, create_task, get_running_loop, sleep, yield_now};

use crate::{SECOND, check, run};

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

#[test]
fn waiters_of_a_future_resume_in_order() {
    check("waiters_of_a_future_resume_in_order", |log| {
        run(async {
            let future = get_running_loop().unwrap().create_future();
            let wait_for = |name: &'static str| {
                let (log, future) = (log.clone(), future.clone());
                create_task(async move { log.say(&format!("{name} {}", future.await.unwrap())) })
            };
            let tasks = ["a", "b", "c"].map(wait_for);
            yield_now().await;
            future.set_result("got it").unwrap();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn an_awaiter_resumes_among_the_done_callbacks() {
    check("an_awaiter_resumes_among_the_done_callbacks", |log| {
        run(async {
            let (done, awaiter) = (log.saying("done"), log.saying("awaiter"));
            let task = create_task(async move {
                yield_now().await;
                done();
            });
            let seen: TaskRef = (*task).clone();
            seen.add_done_callback(log.saying("callback from before the await"));
            let waiting = create_task(async move {
                task.await.unwrap();
                awaiter();
            });
            yield_now().await;
            seen.add_done_callback(log.saying("callback from after it"));
            waiting.await.unwrap();
        });
    });
}

#[test]
fn a_done_task_gives_its_value_without_a_turn() {
    check("a_done_task_gives_its_value_without_a_turn", |log| {
        run(async {
            let task = create_task(async { "value" });
            yield_now().await;
            get_running_loop().unwrap().call_soon(log.saying("the next turn"));
            log.say(task.await.unwrap());
            log.say("still the same turn");
            yield_now().await;
        });
    });
}
