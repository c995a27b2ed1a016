//! `test_threads.py`, of Python 3.11.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asyncio::{ContextVar, TaskError, create_task, gather, to_thread};

/// Counts its calls.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn call(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[asyncio::test]
async fn test_to_thread() {
    assert_eq!(to_thread(|| [40, 2].iter().sum::<i32>()).await, 42);
}

#[asyncio::test]
async fn test_to_thread_exception() {
    let task = create_task(to_thread(|| panic!("test")));
    let Err(TaskError::Panicked(panicked)) = task.await else { panic!("the thread panicked") };
    assert_eq!(panicked.message(), "test");
}

#[asyncio::test]
async fn test_to_thread_once() {
    let calls = Calls::default();
    let inner = calls.clone();
    to_thread(move || inner.call()).await;
    assert_eq!(calls.count(), 1);
}

#[asyncio::test]
async fn test_to_thread_concurrent() {
    let calls = Calls::default();
    let futures = (0..10).map(|_| {
        let inner = calls.clone();
        to_thread(move || inner.call())
    });
    gather(futures).await;
    assert_eq!(calls.count(), 10);
}

#[asyncio::test]
async fn test_to_thread_args_kwargs() {
    let func = |word: &'static str, something: bool| (word, something);
    let (word, something) = ("test", true);
    assert_eq!(to_thread(move || func(word, something)).await, ("test", true));
}

#[asyncio::test]
async fn test_to_thread_contextvars() {
    static TEST_CTX: ContextVar<&str> = ContextVar::new("test_ctx");
    TEST_CTX.set("parrot");
    assert_eq!(to_thread(|| TEST_CTX.get()).await, Ok("parrot"));
}
