//! Where a cancellation goes, and who may answer it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use asyncio::{
    FutureError, Task, TaskError, TaskRef, catch_cancel, create_task, current_task, sleep,
    yield_now,
};

use super::{future, millis, now, run_briefly, with_loop};

#[test]
fn test_cancel() {
    with_loop(|event_loop| {
        let mut task = event_loop.create_task(async {
            sleep(millis(10_000)).await;
            12
        });
        let (began, handle) = (event_loop.time(), TaskRef::clone(&task));
        event_loop.call_soon(move || assert!(handle.cancel()));
        let handle = TaskRef::clone(&task);
        assert!(event_loop.run_until_complete(&mut task).unwrap_err().is_cancelled());
        assert_eq!(event_loop.time(), began);
        assert!(handle.is_done());
        assert!(handle.is_cancelled());
        assert!(!handle.cancel());
    });
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_yield() {
    let task = create_task(async {
        yield_now().await;
        yield_now().await;
        12
    });
    let handle = TaskRef::clone(&task);
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(handle.is_done());
    assert!(handle.is_cancelled());
    assert!(!handle.cancel());
}

/// Awaits `future`, and hands a cancellation of it on, as Python's interpreter does.
async fn awaiting(future: asyncio::Future<u8>) -> u8 {
    match future.await {
        Ok(value) => value,
        Err(FutureError::Cancelled(cancelled)) => cancelled.raise().await,
        Err(error) => panic!("{error}"),
    }
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_inner_future() {
    let future = future();
    let task = create_task(awaiting(future.clone()));
    let handle = TaskRef::clone(&task);
    run_briefly().await;
    future.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(future.is_cancelled());
    assert!(handle.is_cancelled());
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_both_task_and_inner_future() {
    let future = future();
    let task = create_task(awaiting(future.clone()));
    let handle = TaskRef::clone(&task);
    run_briefly().await;
    future.cancel();
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(handle.is_done());
    assert!(future.is_cancelled());
    assert!(handle.is_cancelled());
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_task_catching() {
    let (first, second) = (future(), future::<()>());
    let (awaited, caught) = (first.clone(), second.clone());
    let task = create_task(async move {
        awaited.await.unwrap();
        match catch_cancel(caught).await {
            Ok(_) => 0,
            Err(_) => 42,
        }
    });
    let handle = TaskRef::clone(&task);
    run_briefly().await;
    first.set_result(()).unwrap();
    run_briefly().await;
    task.cancel();
    run_briefly().await; // Python cancels the future inside `cancel()`.
    assert!(second.is_cancelled());
    assert_eq!(task.await.unwrap(), 42);
    assert!(!handle.is_cancelled());
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_task_ignoring() {
    let (first, second, third) = (future(), future::<()>(), future());
    let (awaited, ignored, last) = (first.clone(), second.clone(), third.clone());
    let task = create_task(async move {
        awaited.await.unwrap();
        let _ = catch_cancel(ignored).await;
        last.await.unwrap()
    });
    let handle = TaskRef::clone(&task);
    run_briefly().await;
    first.set_result(()).unwrap();
    run_briefly().await;
    task.cancel();
    run_briefly().await;
    assert!(second.is_cancelled());
    assert!(!task.is_done());
    third.set_result(42).unwrap();
    assert_eq!(task.await.unwrap(), 42);
    assert!(!third.is_cancelled());
    assert!(!handle.is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancel_current_task() {
    let began = now();
    let task = create_task(async {
        assert!(current_task().unwrap().cancel());
        sleep(millis(100_000)).await;
        12
    });
    let handle = TaskRef::clone(&task);
    assert!(!handle.is_cancelled());
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(now(), began);
    assert!(handle.is_done());
    assert!(handle.is_cancelled());
    assert!(!handle.cancel());
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_at_end() {
    let task = create_task(async {
        assert!(current_task().unwrap().cancel());
        12
    });
    let handle = TaskRef::clone(&task);
    assert!(!handle.is_cancelled());
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(handle.is_done());
    assert!(handle.is_cancelled());
    assert!(!handle.cancel());
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_awaited_task() {
    let future = future();
    let (awaited, nested) = (future.clone(), Rc::new(RefCell::new(None)));
    let seen = nested.clone();
    let task = create_task(async move {
        let nested = create_task(awaiting(awaited));
        seen.replace(Some(TaskRef::clone(&nested)));
        yield_now().await;
        yield_now().await;
        current_task().unwrap().cancel();
        nested.await.unwrap();
    });
    let handle = TaskRef::clone(&task);
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(handle.is_cancelled());
    assert!(nested.take().unwrap().is_cancelled());
    assert!(future.is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_task_cancel_sleeping_task() {
    let began = now();
    let doer = async {
        let sleeper = create_task(sleep(millis(5_000_000)));
        let handle = TaskRef::clone(&sleeper);
        let cancel = move || assert!(handle.cancel());
        asyncio::get_running_loop().unwrap().call_later(millis(100), cancel);
        match sleeper.await {
            Err(TaskError::Cancelled(_)) => "cancelled",
            _ => "slept in",
        }
    };
    assert_eq!(doer.await, "cancelled");
    assert_eq!(now() - began, millis(100));
}

#[asyncio::test(seeds = 20)]
async fn test_task_cancel_waiter_future() {
    let future = future();
    let task = create_task(awaiting(future.clone()));
    run_briefly().await;
    task.cancel();
    run_briefly().await;
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(future.is_cancelled());
}

#[asyncio::test(seeds = 20)]
async fn test_yield_future_passes_cancel() {
    let proof = Rc::new(Cell::new(0));
    let waiter = future::<u8>();
    let (inner_proof, outer_proof, waited) = (proof.clone(), proof.clone(), waiter.clone());
    let inner = async move {
        let Err(cancelled) = catch_cancel(waited).await else { panic!("got past the await") };
        inner_proof.set(inner_proof.get() + 1);
        cancelled.raise().await
    };
    let task: Task<()> = create_task(async move {
        let passed = catch_cancel(inner).await;
        let step = if passed.is_err() { 100 } else { 10 };
        outer_proof.set(outer_proof.get() + step);
    });
    run_briefly().await;
    task.cancel();
    task.await.unwrap();
    assert_eq!(proof.get(), 101);
    assert!(waiter.is_cancelled());
}
