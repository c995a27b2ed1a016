//! What a task is made of, and what comes out of it.

#![expect(clippy::unused_async, reason = "an `async fn` is what Python's case has")]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use asyncio::{Task, TaskError, TaskRef, catch_cancel, create_task, gather, new_event_loop, sleep};
use futures::FutureExt;

use super::{future, millis, run_briefly, with_loop};

async fn notmuch() -> &'static str {
    "ok"
}

#[test]
fn test_task_del_collect() {
    /// Uses the loop as it goes, where one runs.
    struct Evil;
    impl Drop for Evil {
        fn drop(&mut self) {
            if let Ok(event_loop) = asyncio::get_running_loop() {
                event_loop.create_task(async {}).detach();
            }
        }
    }
    with_loop(|event_loop| {
        let tasks: Vec<_> = (0..100).map(|_| event_loop.create_task(async { Evil })).collect();
        let values = event_loop.run_until_complete(gather(tasks));
        assert_eq!(values.len(), 100);
        assert!(values.iter().all(Result::is_ok));
        // As they are dropped in a run.
        event_loop.run_until_complete(async move { drop(values) });
    });
}

#[test]
fn test_other_loop_future() {
    // Python refuses it; see the book's page on differences.
    with_loop(|other| {
        let future = other.create_future();
        with_loop(|event_loop| {
            let setter = future.clone();
            event_loop.call_soon(move || setter.set_result("from another loop").unwrap());
            let value = event_loop.run_until_complete(future).unwrap();
            assert_eq!(value, "from another loop");
        });
    });
}

#[test]
fn test_task_awaits_on_itself() {
    with_loop(|event_loop| {
        let own: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let handle = own.clone();
        let task = event_loop.create_task(async move {
            let itself = handle.take().unwrap();
            itself.await.unwrap();
        });
        let seen = TaskRef::clone(&task);
        own.replace(Some(task));
        let messages = Rc::new(RefCell::new(Vec::new()));
        let handler = messages.clone();
        event_loop.set_exception_handler(move |context| {
            handler.borrow_mut().push(context.panicked().unwrap().message().to_owned());
        });
        event_loop.run_once();
        event_loop.run_once();
        assert!(seen.is_done());
        assert!(messages.borrow()[0].starts_with("a task cannot await itself"));
    });
}

#[test]
fn test_task_class() {
    with_loop(|event_loop| {
        let task = event_loop.create_task(notmuch());
        let handle = TaskRef::clone(&task);
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
        assert!(handle.is_done());
        // A task runs in the loop that made it, and is listed there.
        let other = new_event_loop();
        let task = other.create_task(notmuch());
        assert!(event_loop.all_tasks().is_empty());
        assert_eq!(other.all_tasks().len(), 1);
        assert_eq!(other.run_until_complete(task).unwrap(), "ok");
        other.close();
    });
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is made in a run is awaited in the next one")]
fn test_ensure_future_coroutine() {
    with_loop(|event_loop| {
        let task = event_loop.create_task(notmuch());
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");

        let outside = catch_unwind(|| create_task(notmuch())).unwrap_err();
        let message = outside.downcast::<String>().unwrap();
        assert!(message.contains("`create_task` needs a running event loop"), "{message}");

        let task = event_loop.run_until_complete(async { create_task(notmuch()) });
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");

        asyncio::set_event_loop(Some(event_loop.clone()));
        let task = asyncio::get_event_loop().create_task(notmuch());
        asyncio::set_event_loop(None);
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
    });
}

#[test]
fn test_ensure_future_awaitable() {
    struct Aw;
    impl IntoFuture for Aw {
        type Output = &'static str;
        type IntoFuture = Pin<Box<dyn Future<Output = &'static str>>>;

        fn into_future(self) -> Self::IntoFuture {
            Box::pin(notmuch())
        }
    }
    with_loop(|event_loop| {
        let task = event_loop.create_task(Aw.into_future());
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
        assert_eq!(event_loop.run_until_complete(Aw), "ok");
    });
}

#[asyncio::test(seeds = 20)]
async fn test_task_basics() {
    async fn inner1() -> u32 {
        42
    }
    async fn inner2() -> u32 {
        1000
    }
    let outer = async {
        let a = inner1().await;
        let b = inner2().await;
        a + b
    };
    assert_eq!(create_task(outer).await.unwrap(), 1042);
}

#[test]
fn test_stop_while_run_in_complete() {
    with_loop(|event_loop| {
        let began = event_loop.time();
        let x = Rc::new(Cell::new(0));
        let (counter, stopped) = (x.clone(), event_loop.clone());
        let mut task = event_loop.create_task(async move {
            while counter.get() < 10 {
                sleep(millis(100)).await;
                counter.set(counter.get() + 1);
                if counter.get() == 2 {
                    stopped.stop();
                }
            }
        });
        let run = AssertUnwindSafe(|| event_loop.run_until_complete(&mut task));
        let payload = catch_unwind(run).unwrap_err();
        let message = payload.downcast::<&str>().unwrap();
        assert!(message.starts_with("Event loop stopped before Future completed."), "{message}");
        assert!(!task.is_done());
        assert_eq!(x.get(), 2);
        assert_eq!(event_loop.time() - began, millis(200));
        task.cancel();
        assert!(event_loop.run_until_complete(task).unwrap_err().is_cancelled());
    });
}

#[asyncio::test(seeds = 20)]
async fn test_step_result_future() {
    let future = future();
    let awaited = future.clone();
    let result = Rc::new(Cell::new(None));
    let got = result.clone();
    let task = create_task(async move { got.set(Some(awaited.await.unwrap())) });
    run_briefly().await;
    let value = Rc::new("an object");
    future.set_result(Rc::as_ptr(&value)).unwrap();
    run_briefly().await;
    assert_eq!(result.get(), Some(Rc::as_ptr(&value)));
    assert!(task.is_done());
    task.await.unwrap();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_baseexception_during_cancel() {
    let task = create_task(async {
        let _ = catch_cancel(sleep(millis(10_000))).await;
        panic!("SystemExit");
    });
    run_briefly().await;
    task.cancel();
    assert!(!task.is_done());
    run_briefly().await;
    assert!(task.is_done());
    assert!(!task.is_cancelled());
    let TaskError::Panicked(panicked) = task.await.unwrap_err() else {
        panic!("the task panicked");
    };
    assert_eq!(panicked.message(), "SystemExit");
}

#[test]
fn test_coroutine_non_gen_function() {
    async fn func() -> &'static str {
        "test"
    }
    with_loop(|event_loop| assert_eq!(event_loop.run_until_complete(func()), "test"));
}

#[asyncio::test(seeds = 20)]
async fn test_coroutine_non_gen_function_return_future() {
    let future = future();
    let (returned, setter) = (future.clone(), future);
    let first = create_task(std::future::ready(returned));
    let second = create_task(async move { setter.set_result("test").unwrap() });
    let returned = first.await.unwrap();
    second.await.unwrap();
    assert_eq!(returned.result().unwrap().unwrap(), "test");
}

#[asyncio::test]
async fn test_create_task_with_async_function() {
    async fn coro() {}
    for _ in 0..2 {
        let task: Task<()> = create_task(coro());
        task.await.unwrap();
    }
}

#[test]
fn test_create_task_with_asynclike_function() {
    struct CoroLikeObject;
    impl Future for CoroLikeObject {
        type Output = u8;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
            Poll::Ready(42)
        }
    }
    with_loop(|event_loop| {
        for _ in 0..2 {
            let task = event_loop.create_task(CoroLikeObject);
            assert_eq!(event_loop.run_until_complete(task).unwrap(), 42);
        }
    });
}

#[asyncio::test]
async fn test_bare_create_task() {
    async fn inner() -> u8 {
        1
    }
    let task: Task<u8> = create_task(inner());
    assert_eq!(task.await.unwrap(), 1);
}

#[asyncio::test]
async fn test_bare_create_named_task() {
    let task = create_task(async {}).with_name("No-op");
    assert_eq!(task.name(), "No-op");
    task.await.unwrap();
}

#[asyncio::test]
async fn test_tb_logger_not_called_after_cancel() {
    // Python takes `cancel()` on a failed task for a look at its error; see the page on differences.
    let reports = Rc::new(RefCell::new(Vec::new()));
    let handler = reports.clone();
    asyncio::get_running_loop().unwrap().set_exception_handler(move |context| {
        handler.borrow_mut().push(context.panicked().unwrap().message().to_owned());
    });
    let task = create_task(async { panic!("TypeError") });
    run_briefly().await;
    assert!(!task.cancel());
    drop(task);
    assert_eq!(*reports.borrow(), ["TypeError"]);
}

#[asyncio::test]
async fn test_exception_traceback() {
    let task = create_task(async { panic!("division by zero") });
    let made_at = line!() - 1;
    run_briefly().await;
    let error = task.now_or_never().unwrap().unwrap_err().to_string();
    let place = format!("{}:{made_at}:", file!());
    assert!(error.contains(&place) && error.ends_with("panicked: division by zero"), "{error}");
}
