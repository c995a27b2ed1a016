//! `test_timeouts.py`, of Python 3.11.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use asyncio::{
    TaskGroup, Timeout, catch_cancel, create_task, current_task, sleep, timeout, timeout_at,
    yield_now,
};
use futures::FutureExt;

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(10);

fn now() -> Instant {
    asyncio::get_running_loop().unwrap().time()
}

/// A deadline that many seconds from now.
fn after(delay: Duration) -> Timeout {
    Timeout::new(now() + delay)
}

/// What a panic in `future` says.
async fn panic_of(future: impl Future) -> String {
    let caught = AssertUnwindSafe(future).catch_unwind().await;
    let payload = caught.map(|_| "no panic").unwrap_err();
    payload.downcast_ref::<&str>().map_or_else(
        || payload.downcast_ref::<String>().expect("a text").clone(),
        |text| (*text).to_owned(),
    )
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_basic() {
    let deadline = after(SHORT);
    deadline.run(sleep(LONG)).await.unwrap_err();
    assert!(deadline.is_expired());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_at_basic() {
    let when = now() + SHORT;
    timeout_at(when, sleep(LONG)).await.unwrap_err();
    assert_eq!(now(), when);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_nested_timeouts() {
    let cancelled = Cell::new(false);
    let (outer, inner) = (after(SHORT), after(SHORT));
    let nested = async {
        let caught = catch_cancel(inner.run(sleep(LONG))).await;
        cancelled.set(true);
        caught.unwrap_err().raise().await;
    };
    outer.run(nested).await.unwrap_err();
    assert!(cancelled.get());
    assert!(outer.is_expired() && inner.is_expired());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_waiter_cancelled() {
    let cancelled = Cell::new(false);
    let work = async {
        let caught = catch_cancel(sleep(LONG)).await;
        cancelled.set(true);
        caught.unwrap_err().raise().await;
    };
    timeout(SHORT, work).await.unwrap_err();
    assert!(cancelled.get());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_not_called() {
    let deadline = after(LONG);
    deadline.run(sleep(SHORT)).await.unwrap();
    assert!(!deadline.is_expired());
    assert!(deadline.when().unwrap() > now());
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_disabled() {
    let deadline = Timeout::new(None);
    deadline.run(sleep(SHORT)).await.unwrap();
    assert!(!deadline.is_expired());
    assert_eq!(deadline.when(), None);
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_zero() {
    let began = now();
    timeout(Duration::ZERO, sleep(LONG)).await.unwrap_err();
    assert_eq!(now(), began);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_zero_sleep_zero() {
    let began = now();
    timeout(Duration::ZERO, sleep(Duration::ZERO)).await.unwrap_err();
    assert_eq!(now(), began);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_in_the_past_sleep_zero() {
    let past = now();
    sleep(LONG).await;
    let began = now();
    let deadline = Timeout::new(past);
    deadline.run(yield_now()).await.unwrap_err();
    assert!(deadline.is_expired());
    assert_eq!(now(), began);
}

#[asyncio::test(clock = "virtual")]
async fn test_foreign_exception_passed() {
    let deadline = after(SHORT);
    assert_eq!(deadline.run(async { Err::<(), _>("key error") }).await, Ok(Err("key error")));
    assert!(!deadline.is_expired());
}

#[asyncio::test(clock = "virtual")]
async fn test_foreign_exception_on_timeout() {
    let crash = async {
        let _ = catch_cancel(sleep(LONG)).await;
        Err::<(), _>("division by zero")
    };
    assert_eq!(timeout(SHORT, crash).await, Ok(Err("division by zero")));
}

#[asyncio::test(clock = "virtual")]
async fn test_foreign_cancel_doesnt_timeout_if_not_expired() {
    let deadline = after(LONG);
    let work = async {
        current_task().unwrap().cancel();
        sleep(LONG).await;
    };
    catch_cancel(deadline.run(work)).await.unwrap_err();
    assert!(!deadline.is_expired());
}

#[asyncio::test(clock = "virtual")]
async fn test_outer_task_is_not_cancelled() {
    let task = create_task(async { timeout(SHORT, sleep(LONG)).await.is_err() });
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn test_nested_timeouts_concurrent() {
    let inner_ended = Cell::new(false);
    let nested = async {
        let crunch = async {
            std::thread::sleep(Duration::from_millis(10));
            sleep(LONG).await;
        };
        let _ = timeout(LONG, crunch).await;
        inner_ended.set(true);
    };
    timeout(Duration::from_millis(2), nested).await.unwrap_err();
    assert!(!inner_ended.get());
}

#[asyncio::test]
async fn test_nested_timeouts_loop_busy() {
    let nested = async {
        let busy = async {
            std::thread::sleep(Duration::from_millis(30));
            sleep(LONG).await;
        };
        timeout(SHORT, busy).await.unwrap_err();
        sleep(LONG).await;
    };
    timeout(Duration::from_millis(100), nested).await.unwrap_err();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_reschedule() {
    let (first, second) = (now() + LONG, now() + 3 * LONG);
    let deadline = Timeout::new(first);
    let handle = deadline.clone();
    let task = create_task(async move { handle.run(sleep(5 * LONG)).await });
    yield_now().await;
    assert_eq!(deadline.when(), Some(first));
    deadline.reschedule(Some(second));
    assert_eq!(deadline.when(), Some(second));
    deadline.reschedule(None);
    assert_eq!(deadline.when(), None);
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!deadline.is_expired());
}

#[asyncio::test(clock = "virtual")]
async fn test_nested_timeout_in_finally() {
    let cleaned = Cell::new(false);
    let work = async {
        let caught = catch_cancel(sleep(LONG)).await;
        timeout(SHORT, sleep(LONG)).await.unwrap_err();
        cleaned.set(true);
        caught.unwrap_err().raise().await;
    };
    timeout(SHORT, work).await.unwrap_err();
    assert!(cleaned.get());
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_after_cancellation() {
    current_task().unwrap().cancel();
    catch_cancel(sleep(LONG)).await.unwrap_err();
    timeout(Duration::ZERO, sleep(LONG)).await.unwrap_err();
}

#[asyncio::test(clock = "virtual")]
async fn test_cancel_in_timeout_after_cancellation() {
    current_task().unwrap().cancel();
    catch_cancel(sleep(LONG)).await.unwrap_err();
    let cleanup = async {
        current_task().unwrap().cancel();
        sleep(LONG).await;
    };
    catch_cancel(timeout(SHORT, cleanup)).await.unwrap_err();
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_already_entered() {
    let deadline = after(SHORT);
    let said = deadline.run(panic_of(deadline.run(pending::<()>()))).await.unwrap();
    assert!(said.contains("has been entered already"), "{said}");
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_double_enter() {
    let deadline = after(SHORT);
    deadline.run(async {}).await.unwrap();
    let said = panic_of(deadline.run(async {})).await;
    assert!(said.contains("has been entered already"), "{said}");
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_finished() {
    let deadline = after(SHORT);
    deadline.run(async {}).await.unwrap();
    let said = panic_of(async { deadline.reschedule(None) }).await;
    assert!(said.contains("has finished"), "{said}");
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_expired() {
    let deadline = after(SHORT);
    deadline.run(sleep(LONG)).await.unwrap_err();
    let said = panic_of(async { deadline.reschedule(None) }).await;
    assert!(said.contains("has expired"), "{said}");
}

#[asyncio::test(clock = "virtual")]
async fn test_timeout_expiring() {
    let deadline = after(SHORT);
    let said = RefCell::new(String::new());
    let work = async {
        catch_cancel(sleep(LONG)).await.unwrap_err();
        said.replace(panic_of(async { deadline.reschedule(None) }).await);
    };
    assert_eq!(deadline.run(work).await, Ok(()));
    assert!(said.borrow().contains("has expired"), "{}", said.borrow());
}

#[test]
fn test_timeout_without_task() {
    let said = Rc::new(Cell::new(false));
    let outside = async {
        said.set(panic_of(timeout(SHORT, async {})).await.contains("needs a running event loop"));
    };
    assert!(outside.now_or_never().is_some());
    assert!(said.get());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_taskgroup() {
    // Of Python 3.12. What went wrong as the group was cleaned up wins over the deadline.
    let group = TaskGroup::scope(async |group| {
        group.create_task(async {
            catch_cancel(sleep(LONG)).await.unwrap_err();
            Err::<(), _>("division by zero")
        });
        sleep(LONG).await;
        Err::<(), _>("value error")
    });
    let errors = timeout(SHORT, group).await.unwrap().unwrap_err();
    assert_eq!(errors.errors(), ["division by zero"]);
}
