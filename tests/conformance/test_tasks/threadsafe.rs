//! `RunCoroutineThreadsafeTests`: `LoopHandle::spawn` is Python's `run_coroutine_threadsafe`.

use asyncio::{
    EventLoop, LoopHandle, RemoteTask, TaskError, current_task, new_event_loop, sleep, yield_now,
};
use futures::FutureExt;

use super::millis;

#[derive(Clone, Copy)]
enum Ends {
    Well,
    Failed,
    Cancelled,
}

/// Waits for 50 ms and adds two numbers up, unless it is to end otherwise.
async fn add(a: u32, b: u32, ends: Ends) -> u32 {
    sleep(millis(50)).await;
    match ends {
        Ends::Well => {}
        Ends::Failed => panic!("Fail!"),
        Ends::Cancelled => {
            current_task().unwrap().cancel();
            yield_now().await;
        }
    }
    a + b
}

fn submit(handle: &LoopHandle, ends: Ends) -> RemoteTask<u32> {
    handle.spawn(move || add(1, 2, ends)).unwrap()
}

/// What another thread gets of an `add` in a loop of this one.
fn from_a_thread(event_loop: &EventLoop, ends: Ends) -> Result<u32, TaskError> {
    let handle = event_loop.handle();
    let call = event_loop.run_in_executor(move || submit(&handle, ends).join());
    event_loop.run_until_complete(call)
}

#[test]
fn test_run_coroutine_threadsafe() {
    let event_loop = new_event_loop();
    assert_eq!(from_a_thread(&event_loop, Ends::Well).unwrap(), 3);
    event_loop.close();
}

#[test]
fn test_run_coroutine_threadsafe_with_exception() {
    let event_loop = new_event_loop();
    let TaskError::Panicked(panicked) = from_a_thread(&event_loop, Ends::Failed).unwrap_err()
    else {
        panic!("the task panicked");
    };
    assert_eq!(panicked.message(), "Fail!");
    event_loop.close();
}

#[test]
fn test_run_coroutine_threadsafe_with_timeout() {
    let event_loop = new_event_loop();
    let handle = event_loop.handle();
    let call = event_loop.run_in_executor(move || {
        let mut task = submit(&handle, Ends::Well);
        let at_once = (&mut task).now_or_never();
        task.cancel();
        at_once.is_none()
    });
    assert!(event_loop.run_until_complete(call));
    event_loop.run_until_complete(super::run_briefly());
    assert!(event_loop.all_tasks().is_empty());
    event_loop.close();
}

#[test]
fn test_run_coroutine_threadsafe_task_cancelled() {
    let event_loop = new_event_loop();
    assert!(from_a_thread(&event_loop, Ends::Cancelled).unwrap_err().is_cancelled());
    event_loop.close();
}
