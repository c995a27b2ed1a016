//! `current_task` and `all_tasks`.

use asyncio::{TaskRef, When, create_task, current_task, new_event_loop, wait};

use super::{future, with_loop};

#[test]
fn test_current_task() {
    with_loop(|event_loop| {
        assert!(current_task().is_none());
        let task = event_loop.create_task(async { current_task().unwrap() });
        let handle = TaskRef::clone(&task);
        assert_eq!(event_loop.run_until_complete(task).unwrap(), handle);
        assert!(current_task().is_none());
    });
}

#[asyncio::test(seeds = 20)]
async fn test_current_task_with_interleaving_tasks() {
    let main = current_task().unwrap();
    let (first, second) = (future(), future());
    let (waits1, sets2) = (first.clone(), second.clone());
    let task1 = create_task(async move {
        let this = current_task().unwrap();
        waits1.await.unwrap();
        assert_eq!(current_task().unwrap(), this);
        sets2.set_result(true).unwrap();
        this
    });
    let task2 = create_task(async move {
        let this = current_task().unwrap();
        first.set_result(true).unwrap();
        second.await.unwrap();
        assert_eq!(current_task().unwrap(), this);
        this
    });
    let handles = [TaskRef::clone(&task1), TaskRef::clone(&task2)];
    let (done, pending) = wait([task1, task2], When::AllCompleted).await;
    assert!(pending.is_empty());
    for (task, handle) in done.into_iter().zip(handles) {
        assert_eq!(task.await.unwrap(), handle);
    }
    assert_eq!(current_task().unwrap(), main);
}

#[test]
fn test_current_task_no_running_loop() {
    with_loop(|_| assert!(current_task().is_none()));
}

#[test]
fn test_current_task_with_implicit_loop() {
    let event_loop = new_event_loop();
    asyncio::set_event_loop(Some(event_loop.clone()));
    let task = asyncio::get_event_loop().create_task(async { current_task().unwrap() });
    let handle = TaskRef::clone(&task);
    assert_eq!(event_loop.run_until_complete(task).unwrap(), handle);
    assert!(current_task().is_none());
    asyncio::set_event_loop(None);
    event_loop.close();
}
