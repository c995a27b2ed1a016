//! `test_eager_task_factory.py`, of Python 3.12, for `create_eager_task`.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    ContextVar, TaskError, TaskGroup, TaskRef, all_tasks, create_eager_task, create_task,
    current_task, gather, get_running_loop, sleep, timeout, yield_now,
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
    let future = get_running_loop().unwrap().create_future();
    let setter = future.clone();
    let task = create_eager_task(async move { setter.set_result("my message").unwrap() });
    assert!(task.is_done());
    assert_eq!(future.await.unwrap(), "my message");
}

#[asyncio::test]
async fn test_eager_completion() {
    let task = create_eager_task(async { "hello" });
    assert!(task.is_done());
    assert_eq!(task.await.unwrap(), "hello");
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
    let mut task = create_eager_task(async { "finished without blocking" });
    assert!(!task.cancel());
    assert_eq!((&mut task).await.unwrap(), "finished without blocking");
    assert!(!task.is_cancelled());
}

#[asyncio::test(clock = "virtual")]
async fn test_cancellation_after_eager_step_blocks() {
    let task = create_eager_task(pending::<()>());
    assert!(task.cancel_with("cancellation message"));
    assert!(task.cancelling() > 0);
    let Err(TaskError::Cancelled(cancelled)) = task.await else { panic!("it was cancelled") };
    assert_eq!(cancelled.message(), Some("cancellation message"));
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
    let task = create_eager_task(async { all_tasks() });
    let this = TaskRef::clone(&task);
    assert!(!all_tasks().contains(&this));
    assert!(task.await.unwrap().contains(&this));
}

#[asyncio::test(seeds = 20)]
async fn test_all_tasks_with_blocking() {
    let event_loop = get_running_loop().unwrap();
    let (first, second) = (event_loop.create_future(), event_loop.create_future());
    let (waits, sets) = (first.clone(), second.clone());
    let captured = Rc::new(RefCell::new(Vec::new()));
    let seen = captured.clone();
    let task = create_eager_task(async move {
        seen.replace(all_tasks());
        waits.await.unwrap();
        sets.set_result(()).unwrap();
    });
    let this = TaskRef::clone(&task);
    assert!(captured.borrow().contains(&this));
    assert!(all_tasks().contains(&this));
    first.set_result(()).unwrap();
    second.await.unwrap();
    assert!(!all_tasks().contains(&this));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_context_vars() {
    static CV: ContextVar<u8> = ContextVar::with_default("cv", || 0);
    let steps = Rc::new(Cell::new(0));
    let ran = steps.clone();
    CV.set(1);
    let task = create_eager_task(async move {
        assert_eq!(CV.get(), Ok(1));
        CV.set(2);
        assert_eq!(CV.get(), Ok(2));
        ran.set(1);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(CV.get(), Ok(2));
        CV.set(3);
        assert_eq!(CV.get(), Ok(3));
        ran.set(2);
    });
    assert_eq!(steps.get(), 1);
    assert_eq!(CV.get(), Ok(1));
    task.await.unwrap();
    assert_eq!(steps.get(), 2);
    assert_eq!(CV.get(), Ok(1));
}

#[asyncio::test]
async fn test_eager_start_true() {
    let name = Rc::new(RefCell::new(String::new()));
    let seen = name.clone();
    let task = create_eager_task(async move {
        seen.replace(current_task().unwrap().name());
    })
    .with_name("example");
    assert!(task.is_done());
    assert_eq!(*name.borrow(), "Task-2"); // In Python: "example".
    assert_eq!(task.name(), "example");
    task.await.unwrap();
}

#[asyncio::test]
async fn test_eager_start_false() {
    // Of Python 3.14, and of its test_tasks.py.
    let name = Rc::new(RefCell::new(None));
    let seen = name.clone();
    let task = create_task(async move {
        seen.replace(Some(current_task().unwrap().name()));
    })
    .with_name("example");
    assert!(!task.is_done());
    assert_eq!(*name.borrow(), None);
    task.await.unwrap();
    assert_eq!(name.borrow().as_deref(), Some("example"));
}

/// `NonEagerTests`: how many tasks there were so far, which their numbers tell.
fn count_of_tasks() -> u32 {
    let next = create_task(async {});
    let count = next.id().to_string().parse::<u32>().unwrap() - 1;
    next.detach();
    count
}

type Recursion<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[asyncio::test]
async fn test_awaitables_chain() {
    fn awaitable_chain(depth: u32) -> Recursion<'static, u32> {
        Box::pin(async move { if depth == 0 { 0 } else { 1 + awaitable_chain(depth - 1).await } })
    }
    assert_eq!(awaitable_chain(100).await, 100);
    assert_eq!(count_of_tasks(), 1);
}

#[asyncio::test(seeds = 20)]
async fn test_recursive_taskgroups() {
    fn recursive(width: u32, depth: u32) -> Recursion<'static, ()> {
        Box::pin(async move {
            if depth == 0 {
                return;
            }
            let children = TaskGroup::scope(async |group: TaskGroup<'_>| {
                for _ in 0..width {
                    group.create_task(recursive(width, depth - 1));
                }
            });
            children.await.unwrap();
        })
    }
    recursive(5, 4).await;
    assert_eq!(count_of_tasks(), 781); // 1 + 5 + 5² + 5³ + 5⁴
}

#[asyncio::test(seeds = 20)]
async fn test_recursive_gather() {
    fn recursive(width: u32, depth: u32) -> Recursion<'static, ()> {
        Box::pin(async move {
            if depth > 0 {
                gather((0..width).map(|_| recursive(width, depth - 1))).await;
            }
        })
    }
    recursive(5, 4).await;
    assert_eq!(count_of_tasks(), 781);
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
