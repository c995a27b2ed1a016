//! `test_eager_task_factory.py`, of Python 3.12, for `create_eager_task`.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    all_tasks, create_eager_task, create_task, current_task, gather, timeout, yield_now,
};

#[asyncio::test]
async fn test_eager_task_factory_set() {
    let ran = Rc::new(Cell::new(false));
    let inner = ran.clone();
    let task = create_eager_task(async move { inner.set(true) });
    assert!(ran.get() && task.is_done());
    task.await.unwrap();
}

#[asyncio::test]
async fn test_await_future_during_eager_step() {
    let future = asyncio::get_running_loop().unwrap().create_future();
    let awaited = future.clone();
    let task = create_eager_task(async move { awaited.await.unwrap() });
    assert!(!task.is_done());
    future.set_result("ok").unwrap();
    assert_eq!(task.await.unwrap(), "ok");
}

#[asyncio::test]
async fn test_eager_completion() {
    assert_eq!(create_eager_task(async { "hello" }).await.unwrap(), "hello");
}

#[asyncio::test(seeds = 20)]
async fn test_block_after_eager_step() {
    let task = create_eager_task(async {
        yield_now().await;
        "hello"
    });
    assert!(!task.is_done());
    assert_eq!(task.await.unwrap(), "hello");
}

#[asyncio::test]
async fn test_cancellation_after_eager_completion() {
    let task = create_eager_task(async { "finished without blocking" });
    assert!(!task.cancel());
    assert_eq!(task.await.unwrap(), "finished without blocking");
}

#[asyncio::test(clock = "virtual")]
async fn test_cancellation_after_eager_step_blocks() {
    let task = create_eager_task(pending::<()>());
    assert!(task.cancel());
    assert!(task.await.unwrap_err().is_cancelled());
}

#[asyncio::test]
async fn test_current_task() {
    let names = Rc::new(RefCell::new(Vec::new()));
    let inner = names.clone();
    let note = move || inner.borrow_mut().push(current_task().unwrap().name());
    note();
    let task = create_eager_task({
        let note = note.clone();
        async move {
            note();
            yield_now().await;
            note();
        }
    });
    note();
    task.await.unwrap();
    note();
    assert_eq!(*names.borrow(), ["Task-1", "Task-2", "Task-1", "Task-2", "Task-1"]);
}

#[asyncio::test]
async fn test_all_tasks_with_eager_completion() {
    let task = create_eager_task(async { all_tasks().len() });
    assert_eq!(all_tasks().len(), 1);
    assert_eq!(task.await.unwrap(), 2);
}

#[asyncio::test]
async fn test_all_tasks_with_blocking() {
    let task = create_eager_task(async {
        yield_now().await;
        all_tasks().len()
    });
    assert_eq!(all_tasks().len(), 2);
    assert_eq!(task.await.unwrap(), 2);
}

#[asyncio::test]
async fn test_context_vars_of_eager_steps_nest() {
    // Recursively spawned eager tasks: each is the current one while it runs.
    fn nested(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = u32>>> {
        Box::pin(async move {
            let name = current_task().unwrap().name();
            if depth == 0 {
                return 0;
            }
            let below = create_eager_task(nested(depth - 1)).await.unwrap();
            assert_eq!(current_task().unwrap().name(), name);
            below + 1
        })
    }
    assert_eq!(create_eager_task(nested(20)).await.unwrap(), 20);
}

#[asyncio::test]
async fn test_eager_panic() {
    let task = create_eager_task(async { panic!("test") });
    assert!(task.is_done());
    assert!(task.await.unwrap_err().to_string().ends_with("panicked: test"));
}

#[asyncio::test(clock = "virtual")]
async fn test_eager_tasks_run_before_others() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let say = |word: &'static str| {
        let log = log.clone();
        async move {
            log.borrow_mut().push(word);
            yield_now().await;
            log.borrow_mut().push(word);
        }
    };
    let tasks = [create_task(say("plain")), create_eager_task(say("eager"))];
    timeout(Duration::from_secs(1), gather(tasks)).await.unwrap();
    assert_eq!(*log.borrow(), ["eager", "plain", "eager", "plain"]);
}
