//! `test_waitfor.py`, of Python 3.12.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::{
    TaskError, TaskRef, TimeoutError, catch_cancel, create_task, current_task, sleep, wait_for,
    with_cleanup, yield_now,
};

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(10);

fn now() -> Instant {
    asyncio::get_running_loop().unwrap().time()
}

/// Python's `SlowTask`: catches the cancellation, goes on for a while, and counts as finished.
async fn slow(exited: Rc<Cell<bool>>) {
    catch_cancel(sleep(LONG)).await.unwrap_err();
    sleep(SHORT).await;
    exited.set(true);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_asyncio_wait_for_cancelled() {
    let exited = Rc::new(Cell::new(false));
    let inner = exited.clone();
    let task = create_task(async move { wait_for(slow(inner), 2 * LONG).await });
    sleep(SHORT).await;
    task.cancel();
    assert!(task.await.is_ok(), "the slow one has caught the cancellation");
    assert!(exited.get());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_asyncio_wait_for_timeout() {
    let exited = Rc::new(Cell::new(false));
    assert_eq!(wait_for(slow(exited.clone()), SHORT).await, Ok(()));
    assert!(exited.get());
}

#[asyncio::test]
async fn test_wait_for_timeout_less_then_0_or_0_future_done() {
    let future = asyncio::get_running_loop().unwrap().create_future();
    future.set_result("done").unwrap();
    assert_eq!(wait_for(future, Duration::ZERO).await.unwrap().unwrap(), "done");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_timeout_less_then_0_or_0() {
    let running = Rc::new(Cell::new(None));
    let started = asyncio::get_running_loop().unwrap().create_future();
    let (inner, starting) = (running.clone(), started.clone());
    let task = create_task(async move {
        inner.set(Some(true));
        starting.set_result(()).unwrap();
        let caught = catch_cancel(sleep(LONG)).await;
        inner.set(Some(false));
        caught.unwrap_err().raise().await;
    });
    let seen = TaskRef::clone(&task);
    started.await.unwrap();
    assert_eq!(running.get(), Some(true));
    let began = now();
    let late: Result<Result<(), TaskError>, TimeoutError> = wait_for(task, Duration::ZERO).await;
    assert_eq!(late.unwrap_err().after(), Duration::ZERO);
    assert!(seen.is_done());
    assert!(seen.is_cancelled());
    assert_eq!(running.get(), Some(false));
    assert_eq!(now(), began);
}

/// Python doesn't begin with it; here it runs to its first suspension.
#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started() {
    let running = Cell::new(None);
    let began = now();
    let work = async {
        running.set(Some(true));
        let caught = catch_cancel(sleep(LONG)).await;
        running.set(Some(false));
        caught.unwrap_err().raise().await;
    };
    assert!(wait_for(work, Duration::ZERO).await.is_err());
    assert_eq!(running.get(), Some(false));
    assert_eq!(now(), began);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for() {
    let running = Cell::new(false);
    let work = async {
        running.set(true);
        let caught = catch_cancel(sleep(LONG)).await;
        running.set(false);
        caught.unwrap_err().raise().await;
    };
    assert!(wait_for(work, SHORT).await.is_err());
    assert!(!running.get());
}

#[asyncio::test]
async fn test_wait_for_blocking() {
    assert_eq!(wait_for(async { "done" }, LONG).await, Ok("done"));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_race_condition() {
    let event_loop = asyncio::get_running_loop().unwrap();
    let future = event_loop.create_future();
    let setter = future.clone();
    event_loop.call_later(SHORT, move || setter.set_result("ok").unwrap());
    assert_eq!(wait_for(future, 2 * SHORT).await.unwrap().unwrap(), "ok");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_cancellation_race_condition() {
    let inner = async { catch_cancel(sleep(SHORT)).await.map_or(1, |()| 2) };
    assert_eq!(wait_for(inner, SHORT).await, Ok(1));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_waits_for_task_cancellation() {
    let done = Rc::new(Cell::new(false));
    let inner_done = done.clone();
    let inner = create_task(async move {
        let caught = catch_cancel(sleep(LONG)).await;
        sleep(SHORT).await;
        inner_done.set(true);
        caught.unwrap_err().raise().await;
    });
    let seen = TaskRef::clone(&inner);
    assert!(wait_for(inner, SHORT).await.is_err());
    assert!(done.get() && seen.is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_waits_for_task_cancellation_w_timeout_0() {
    let done = Rc::new(Cell::new(false));
    let inner_done = done.clone();
    let inner = create_task(with_cleanup(pending::<()>(), async move {
        sleep(SHORT).await;
        inner_done.set(true);
    }));
    yield_now().await;
    assert!(wait_for(inner, Duration::ZERO).await.is_err());
    assert!(done.get());
}

#[asyncio::test(clock = "virtual")]
async fn test_wait_for_reraises_exception_during_cancellation() {
    let inner = async {
        let _ = catch_cancel(sleep(LONG)).await;
        Err::<(), _>("foo")
    };
    assert_eq!(wait_for(inner, SHORT).await, Ok(Err("foo")));
}

/// Of Python 3.11, where the waiter is cancelled at once. Since 3.12, and here, it waits for what holds the
/// cancellation up, and gives its value.
#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_for_self_cancellation() {
    let (began, pause) = (now(), Duration::from_millis(300));
    let inner = create_task(async move {
        for _ in 0..2 {
            catch_cancel(sleep(pause)).await.unwrap_err();
        }
        sleep(pause).await;
        42
    });
    let seen = TaskRef::clone(&inner);
    let waiter = create_task(wait_for(inner, Duration::from_millis(100)));
    sleep(Duration::from_millis(200)).await;
    assert!(!waiter.is_done(), "the inner one has caught the deadline's");
    waiter.cancel();
    assert_eq!(waiter.await.unwrap().unwrap().unwrap(), 42);
    assert_eq!(now() - began, Duration::from_millis(500));
    assert!(!seen.is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_waiter_cancelled_before_its_deadline_says_that_when_its_task_ends() {
    // Catches two cancellations and waits again; the third one ends it.
    let inner = create_task(async {
        for _ in 0..2 {
            catch_cancel(sleep(LONG)).await.unwrap_err();
        }
        sleep(LONG).await;
    });
    let seen = TaskRef::clone(&inner);
    let waiter = create_task(wait_for(inner, Duration::from_millis(100)));
    yield_now().await;
    yield_now().await;
    waiter.cancel();
    sleep(SHORT).await;
    assert!(!waiter.is_done(), "the inner one has caught it");
    // The deadline makes two, the direct one three.
    sleep(Duration::from_millis(100)).await;
    assert!(!waiter.is_done());
    seen.cancel();
    // As in Python, the waiter was asked to stop before its deadline passed, so that is what it says.
    assert!(matches!(waiter.await, Err(TaskError::Cancelled(_))));
    assert!(seen.is_cancelled());
}

/// Cancels a task that waits with that long a deadline, and says what came of it.
async fn cancel_wait_for(delay: Duration) -> bool {
    let task = create_task(async move {
        let inner = create_task(sleep(LONG));
        wait_for(inner, delay).await
    });
    yield_now().await;
    yield_now().await;
    task.cancel();
    task.await.unwrap_err().is_cancelled()
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancel_wait_for() {
    assert!(cancel_wait_for(LONG).await);
    assert!(current_task().unwrap().cancelling() == 0);
}

// WaitForShieldTests

#[asyncio::test]
async fn test_zero_timeout() {
    // A future that is done gives its value, whatever the deadline.
    let task = create_task(async { 1 });
    yield_now().await;
    assert_eq!(wait_for(task, Duration::ZERO).await.unwrap().unwrap(), 1);
    let late: Result<(), TimeoutError> = wait_for(pending(), Duration::ZERO).await;
    assert_eq!(late.unwrap_err().after(), Duration::ZERO);
}
