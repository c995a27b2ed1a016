//! The message that a cancellation carries.

use std::error::Error;
use std::fmt;
use std::future::pending;

use asyncio::{
    Cancelled, Task, TaskError, TaskRef, When, create_task, gather, sleep, wait, yield_now,
};

use super::{future, millis};

/// What a task was cancelled with.
fn cancelled_with<T>(outcome: Result<T, TaskError>) -> Option<String> {
    match outcome {
        Err(TaskError::Cancelled(cancelled)) => cancelled.message().map(str::to_owned),
        Err(TaskError::Panicked(panicked)) => panic!("{panicked}"),
        Ok(_) => panic!("the task was not cancelled"),
    }
}

fn cancel(task: &TaskRef, message: Option<&'static str>) -> bool {
    match message {
        Some(message) => task.cancel_with(message),
        None => task.cancel(),
    }
}

/// Raises what a cancelled task ended with, as `task.result()` does.
async fn raise<T: 'static>(task: Task<T>) -> T {
    match task.await {
        Ok(value) => value,
        Err(TaskError::Cancelled(cancelled)) => cancelled.raise().await,
        Err(error) => panic!("{error}"),
    }
}

#[asyncio::test]
async fn test_task_cancel_message_getter() {
    let task = create_task(async {});
    task.cancel_with("my message");
    assert_eq!(cancelled_with(task.await).as_deref(), Some("my message"));
    // None was given, and the last one given counts.
    let task = create_task(async {});
    task.cancel();
    assert_eq!(cancelled_with(task.await), None);
    let task = create_task(async {});
    task.cancel_with("my message");
    task.cancel_with("my new message");
    assert_eq!(cancelled_with(task.await).as_deref(), Some("my new message"));
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_with_message_then_future_result() {
    for message in [None, Some("my message")] {
        let outer = create_task(async move {
            let task = create_task(pending::<()>());
            yield_now().await;
            cancel(&task, message);
            let (mut done, pending) = wait([task], When::AllCompleted).await;
            assert!(pending.is_empty());
            raise(done.remove(0)).await;
        });
        assert_eq!(cancelled_with(outer.await).as_deref(), message);
    }
}

#[asyncio::test(seeds = 20)]
async fn test_cancel_with_message_before_starting_task() {
    let outer = create_task(async {
        let task = create_task(pending::<()>());
        task.cancel_with("my message");
        let (mut done, _) = wait([task], When::AllCompleted).await;
        raise(done.remove(0)).await;
    });
    assert_eq!(cancelled_with(outer.await).as_deref(), Some("my message"));
}

#[asyncio::test(seeds = 20)]
async fn test_cancellation_exception_context() {
    #[derive(Debug)]
    struct ValueError(TaskError);
    impl fmt::Display for ValueError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cancelled")
        }
    }
    impl Error for ValueError {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let started = future();
    let starts = started.clone();
    let task = create_task(async move {
        let inner = create_task(async move {
            starts.set_result(()).unwrap();
            pending::<()>().await;
        });
        started.await.unwrap();
        let handle = TaskRef::clone(&inner);
        asyncio::get_running_loop().unwrap().call_soon(move || assert!(handle.cancel_with("msg")));
        inner.await.map_err(ValueError)
    });
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "cancelled");
    let innermost = error.source().unwrap().source().unwrap();
    assert_eq!(innermost.downcast_ref::<Cancelled>().unwrap().message(), Some("msg"));
    assert!(innermost.source().is_none());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancel_gather_2() {
    for message in [None, Some("my message")] {
        let outer = create_task(async move {
            let gathering = create_task(async {
                for _ in 0..20 {
                    gather([sleep(millis(50))]).await;
                }
            });
            sleep(millis(210)).await;
            cancel(&gathering, message);
            raise(gathering).await;
        });
        assert_eq!(cancelled_with(outer.await).as_deref(), message);
    }
}
