//! The loop by hand: callbacks, timers, `stop`.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Handle, new_event_loop, yield_now};

use crate::{SECOND, check, python};

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
fn a_callback_can_cancel_the_next_one() {
    check("a_callback_can_cancel_the_next_one", |log| {
        let event_loop = new_event_loop();
        let next: Rc<OnceCell<Handle>> = Rc::default();
        let cancelled = next.clone();
        event_loop.call_soon(move || cancelled.get().unwrap().cancel());
        let handle = next.get_or_init(|| event_loop.call_soon(log.saying("never printed")));
        event_loop.call_soon(log.saying("the one after it"));
        event_loop.run_once();
        log.say(&format!("cancelled: {}", python(handle.is_cancelled())));
        event_loop.close();
    });
}

#[test]
fn a_callback_that_fails_does_not_stop_the_loop() {
    check("a_callback_that_fails_does_not_stop_the_loop", |log| {
        let event_loop = new_event_loop();
        let handler = log.clone();
        event_loop.set_exception_handler(move |_| handler.say("handled"));
        event_loop.call_soon(|| panic!("a failure"));
        event_loop.call_soon(log.saying("the next callback"));
        event_loop.run_once();
        event_loop.close();
    });
}

#[test]
fn a_run_leaves_other_tasks_for_the_next_one() {
    check("a_run_leaves_other_tasks_for_the_next_one", |log| {
        let event_loop = new_event_loop();
        let count = log.clone();
        let task = event_loop.create_task(async move {
            for number in 0..4 {
                count.say(&format!("task {number}"));
                yield_now().await;
            }
        });
        let main = async |name: &str| {
            log.say(name);
            yield_now().await;
        };
        event_loop.run_until_complete(main("first run"));
        log.say("between the runs");
        event_loop.run_until_complete(main("second run"));
        event_loop.run_until_complete(task).unwrap();
        event_loop.close();
    });
}
