//! `sleep`.

use std::cell::Cell;
use std::rc::Rc;

use asyncio::{create_task, sleep};

use super::{millis, now, run_briefly, with_loop};

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_sleep() {
    let began = now();
    let sleeper = |time: u64, value: &'static str| async move {
        sleep(millis(time / 2)).await;
        assert_eq!(now() - began, millis(time / 2));
        sleep(millis(time / 2)).await;
        value
    };
    assert_eq!(create_task(sleeper(100, "yeah")).await.unwrap(), "yeah");
    assert_eq!(now() - began, millis(100));
}

#[test]
fn test_sleep_cancel() {
    with_loop(|event_loop| {
        let began = event_loop.time();
        let task = event_loop.create_task(async {
            sleep(millis(10_000)).await;
            "yeah"
        });
        event_loop.run_until_complete(run_briefly());
        assert!(!task.is_done());
        task.cancel();
        event_loop.run_until_complete(run_briefly());
        assert!(task.is_cancelled());
        assert_eq!(event_loop.time(), began);
        // Its timer is gone: a turn with nothing to do jumps to the next deadline, which is this one's.
        event_loop.call_later(millis(20_000), || {});
        event_loop.run_once();
        assert_eq!(event_loop.time() - began, millis(20_000));
    });
}

#[asyncio::test(seeds = 20)]
async fn test_sleep_zero() {
    let result = Rc::new(Cell::new(0));
    let inc_result = {
        let result = result.clone();
        move |number: u32| result.set(result.get() + number)
    };
    let increment = inc_result.clone();
    asyncio::get_running_loop().unwrap().call_soon(move || increment(1));
    assert_eq!(result.get(), 0);
    sleep(millis(0)).await;
    sleep(millis(0)).await; // A shuffle may have put this task before the callback.
    assert_eq!(result.get(), 1);
    inc_result(10);
    assert_eq!(result.get(), 11);
}
