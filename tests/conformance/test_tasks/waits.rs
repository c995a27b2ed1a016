//! `wait`, `as_completed` and `shield`.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use asyncio::{
    Task, TaskRef, When, as_completed, catch_cancel, create_task, gather, get_running_loop, shield,
    sleep, try_wait, wait, yield_now,
};
use futures::FutureExt;

use super::{future, millis, now, run_briefly, value_after};

/// What the tasks said.
async fn values<T: Ord + 'static>(tasks: Vec<Task<T>>) -> Vec<T> {
    let mut values: Vec<T> = gather(tasks).await.into_iter().map(Result::unwrap).collect();
    values.sort();
    values
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait() {
    let began = now();
    let (a, b) = (value_after(100, 'a'), value_after(150, 'b'));
    let (done, pending) = wait([b, a], When::AllCompleted).await;
    assert!(pending.is_empty());
    assert_eq!(now() - began, millis(150));
    let (done, pending) = wait(done, When::AllCompleted).await;
    assert!(pending.is_empty());
    assert_eq!(now() - began, millis(150));
    assert_eq!(values(done).await, ['a', 'b']);
}

#[test]
fn test_wait_errors() {
    let nothing = || asyncio::run(async { wait::<()>([], When::AllCompleted).await });
    let payload = std::panic::catch_unwind(nothing).err().unwrap();
    assert!(payload.downcast::<&str>().unwrap().contains("wait() was given no task"));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_first_completed() {
    let began = now();
    let (a, b) = (value_after(10_000, 'a'), value_after(100, 'b'));
    let (done, pending) = wait([b, a], When::FirstCompleted).await;
    assert_eq!(now() - began, millis(100));
    assert_eq!(values(done).await, ['b']);
    assert!(!pending[0].is_done());
    assert_eq!(values(pending).await, ['a']);
}

#[asyncio::test]
async fn test_wait_really_done() {
    let a = create_task(yield_now());
    let b = create_task(async {
        yield_now().await;
        yield_now().await;
    });
    let (done, pending) = wait([b, a], When::FirstCompleted).await;
    assert_eq!((done.len(), pending.len()), (2, 0));
}

/// Waits for one that fails after that many milliseconds beside one that takes long.
async fn first_exception(delay: u64) {
    let began = now();
    let a = value_after(10_000, Ok(()));
    let b = value_after(delay, Err("division by zero"));
    let (done, pending) = try_wait([b, a], When::FirstError).await;
    assert_eq!(now() - began, millis(delay));
    assert_eq!(values(done).await, [Err("division by zero")]);
    assert!(!pending[0].is_done());
    assert_eq!(values(pending).await, [Ok(())]);
    assert_eq!(now() - began, millis(10_000));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_first_exception() {
    first_exception(0).await;
    // A cancelled task is no failed one.
    let (a, b) = (value_after(100, 'a'), create_task(pending()));
    b.cancel();
    let (done, pending) = wait([a, b], When::FirstError).await;
    assert_eq!((done.len(), pending.len()), (2, 0));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_first_exception_in_wait() {
    first_exception(10).await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_with_exception() {
    let began = now();
    let (a, b) = (value_after(100, Ok(())), value_after(150, Err("really")));
    let (done, pending) = try_wait([b, a], When::AllCompleted).await;
    assert!(pending.is_empty());
    assert_eq!(now() - began, millis(150));
    assert_eq!(values(done).await, [Ok(()), Err("really")]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_with_timeout() {
    let began = now();
    let (a, b) = (value_after(100, 'a'), value_after(150, 'b'));
    let (done, pending) = wait([b, a], When::AllCompleted).timeout(millis(110)).await;
    assert_eq!(now() - began, millis(110));
    assert_eq!((values(done).await, values(pending).await), (vec!['a'], vec!['b']));
}

#[asyncio::test(clock = "virtual")]
async fn test_wait_concurrent_complete() {
    let (a, b) = (value_after(100, 'a'), value_after(150, 'b'));
    yield_now().await; // Python's test makes the tasks before its loop runs.
    let (done, pending) = wait([b, a], When::AllCompleted).timeout(millis(100)).await;
    assert_eq!((values(done).await, values(pending).await), (vec!['a'], vec!['b']));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_wait_with_iterator_of_tasks() {
    let tasks = ['b', 'a'].into_iter().map(|name| value_after(100, name));
    let (done, pending) = wait(tasks, When::AllCompleted).await;
    assert!(pending.is_empty());
    assert_eq!(values(done).await, ['a', 'b']);
}

#[asyncio::test(seeds = 20)]
async fn test_wait_generator() {
    // Of Python 3.12.
    let tasks = (0..10).map(|number| create_task(async move { number }));
    let (done, pending) = wait(tasks, When::AllCompleted).await;
    assert_eq!((done.len(), pending.len()), (10, 0));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_as_completed() {
    let began = now();
    let mut done =
        as_completed([value_after(10, 'b'), value_after(150, 'c'), value_after(10, 'a')]);
    let mut order = Vec::new();
    while let Some(value) = done.next().await {
        order.push(value.unwrap());
    }
    assert_eq!(now() - began, millis(150));
    assert_eq!(order[2], 'c');
    order.sort_unstable();
    assert_eq!(order, ['a', 'b', 'c']);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_as_completed_with_timeout() {
    let began = now();
    let (a, b) = (value_after(100, 'a'), value_after(150, 'b'));
    let late = TaskRef::clone(&b);
    let mut done = as_completed([a, b]).timeout(millis(120));
    assert_eq!(done.next().await.unwrap().unwrap().unwrap(), 'a');
    assert_eq!(done.next().await.unwrap().unwrap_err().after(), millis(120));
    assert!(done.next().await.is_none());
    assert_eq!(now() - began, millis(120));
    drop(done);
    sleep(millis(50)).await;
    assert!(late.is_done() && !late.is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_as_completed_with_unused_timeout() {
    let mut done = as_completed([value_after(10, 'a')]).timeout(millis(1000));
    assert_eq!(done.next().await.unwrap().unwrap().unwrap(), 'a');
    assert!(done.next().await.is_none());
}

#[asyncio::test(seeds = 20)]
async fn test_as_completed_resume_iterator() {
    // Of Python 3.13.
    let mut done = as_completed((0..4).map(|number| create_task(async move { number })));
    let mut collected = Vec::new();
    while let Some(value) = done.next().await {
        collected.push(value.unwrap());
        if collected.len() == 2 {
            break;
        }
    }
    while let Some(value) = done.next().await {
        collected.push(value.unwrap());
    }
    collected.sort_unstable();
    assert_eq!(collected, [0, 1, 2, 3]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_as_completed_concurrent() {
    let mut done = as_completed([value_after(50, 'a'), value_after(50, 'b')]);
    let mut all = [done.next().await.unwrap().unwrap(), done.next().await.unwrap().unwrap()];
    all.sort_unstable();
    assert_eq!(all, ['a', 'b']);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_yield_wait_does_not_shield_cancel() {
    let proof = Rc::new(Cell::new(0));
    let (inner, outer) = (proof.clone(), proof.clone());
    let waiter = get_running_loop().unwrap().create_future::<()>();
    let waited = waiter.clone();
    let task = create_task(async move {
        let inner = create_task(async move {
            waited.await.unwrap();
            inner.set(inner.get() + 1);
        });
        wait([inner], When::AllCompleted).await;
        outer.set(outer.get() + 100);
    });
    sleep(millis(1)).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    waiter.set_result(()).unwrap();
    sleep(millis(1)).await;
    assert_eq!(proof.get(), 1);
}

#[asyncio::test]
async fn test_shield_result() {
    assert_eq!(shield(create_task(async { 42 })).await.unwrap(), 42);
}

#[asyncio::test]
async fn test_shield_exception() {
    let failed = shield(create_task(async { Err::<(), _>("expected") })).await.unwrap();
    assert_eq!(failed, Err("expected"));
    let panicked = shield(create_task(async { panic!("expected") })).await;
    assert!(panicked.unwrap_err().to_string().ends_with("panicked: expected"));
}

#[asyncio::test]
async fn test_shield_cancel_inner() {
    let inner = create_task(pending::<()>());
    let handle = TaskRef::clone(&inner);
    let outer = create_task(shield(inner));
    yield_now().await;
    handle.cancel();
    assert!(outer.await.unwrap().unwrap_err().is_cancelled());
}

#[asyncio::test]
async fn test_shield_cancel_outer() {
    let inner = create_task(pending::<()>());
    let handle = TaskRef::clone(&inner);
    let outer = create_task(shield(inner));
    yield_now().await;
    outer.cancel();
    assert!(outer.await.unwrap_err().is_cancelled());
    assert!(!handle.is_done() && handle.cancelling() == 0);
}

/// Waits for a task through a shield, is cancelled, and lets the task end: what the loop reports then.
async fn reported_after_a_cancelled_shield(ends: impl FnOnce() + 'static) -> Vec<String> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let handler = reports.clone();
    get_running_loop().unwrap().set_exception_handler(move |context| {
        handler.borrow_mut().push(context.panicked().unwrap().message().to_owned());
    });
    let ending = future::<()>();
    let awaited = ending.clone();
    let inner = create_task(async move {
        awaited.await.unwrap();
        ends();
    });
    let outer = create_task(shield(inner));
    run_briefly().await;
    outer.cancel();
    run_briefly().await;
    assert!(outer.is_cancelled());
    ending.set_result(()).unwrap();
    run_briefly().await;
    reports.take()
}

#[asyncio::test(seeds = 20)]
async fn test_shield_cancel_outer_result() {
    // This and the next are of Python 3.14.
    assert!(reported_after_a_cancelled_shield(|| {}).await.is_empty());
}

#[asyncio::test(seeds = 20)]
async fn test_shield_cancel_outer_exception() {
    assert_eq!(reported_after_a_cancelled_shield(|| panic!("foo")).await, ["foo"]);
}

#[asyncio::test]
async fn test_shield_shortcut() {
    let done = create_task(async { 42 });
    yield_now().await;
    assert_eq!(shield(done).now_or_never().unwrap().unwrap(), 42);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_shield_effect() {
    let proof = Rc::new(Cell::new(0));
    let (inner, outer) = (proof.clone(), proof.clone());
    let task = create_task(async move {
        let inner = create_task(async move {
            sleep(millis(10)).await;
            inner.set(inner.get() + 1);
        });
        shield(inner).await.unwrap();
        outer.set(outer.get() + 100);
    });
    sleep(millis(1)).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    sleep(millis(20)).await;
    assert_eq!(proof.get(), 1);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_shield_gather() {
    let children = [value_after(10, 1), value_after(10, 2)];
    let ended = Rc::new(Cell::new(0));
    let sum = ended.clone();
    let parent = create_task(async move {
        sum.set(gather(children).await.into_iter().map(Result::unwrap).sum());
    });
    let outer = create_task(shield(parent));
    sleep(millis(1)).await;
    outer.cancel();
    assert!(outer.await.unwrap_err().is_cancelled());
    sleep(millis(20)).await;
    assert_eq!(ended.get(), 3);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_gather_shield() {
    let (child1, child2) = (value_after(10, 1), value_after(10, 2));
    let children = [TaskRef::clone(&child1), TaskRef::clone(&child2)];
    let parent = create_task(async { asyncio::gather!(shield(child1), shield(child2)).await });
    sleep(millis(1)).await;
    parent.cancel();
    assert!(parent.await.unwrap_err().is_cancelled());
    assert!(children.iter().all(|child| !child.is_done()));
    sleep(millis(20)).await;
    assert!(children.iter().all(|child| child.is_done() && !child.is_cancelled()));
}

#[asyncio::test(clock = "virtual")]
async fn test_shield_coroutine_without_loop() {
    // Of a future: `create_task` says what is wrong.
    let caught = std::thread::spawn(|| {
        let outside = AssertUnwindSafe(async { shield(create_task(async { 42 })).await.unwrap() });
        outside.catch_unwind().now_or_never().unwrap().is_err()
    });
    assert!(caught.join().unwrap());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancel_wait_for_shield() {
    // `WaitForShieldTests` of test_waitfor.py, 3.12: `test_shielded_timeout`.
    let task = value_after(100, 1);
    let handle = TaskRef::clone(&task);
    asyncio::wait_for(shield(task), millis(10)).await.unwrap_err();
    assert!(!handle.is_done());
    catch_cancel(sleep(millis(100))).await.unwrap();
    assert!(handle.is_done() && !handle.is_cancelled());
}
