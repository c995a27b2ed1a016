//! `test_pep492.py`, of Python 3.11.

#![expect(clippy::unused_async, reason = "an `async fn` is what Python's case has")]

use std::time::Duration;

use asyncio::{BoundedSemaphore, Condition, Lock, Semaphore, StreamReader, new_event_loop, sleep};

async fn nap() {
    sleep(Duration::from_millis(10)).await;
}

/// Holds a primitive over a nap: it is locked as long, and free before and after.
macro_rules! held_in_a_block {
    ($primitive:expr) => {
        let primitive = $primitive;
        nap().await;
        assert!(!primitive.is_locked());
        {
            let _held = primitive.acquire().await;
            assert!(primitive.is_locked());
            nap().await;
            assert!(primitive.is_locked());
        }
        assert!(!primitive.is_locked());
    };
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_context_manager_async_with() {
    held_in_a_block!(Lock::new(()));
    held_in_a_block!(Semaphore::new(1));
    held_in_a_block!(BoundedSemaphore::new(1));
    // A condition's lock is the one given to it.
    let (lock, condition) = (Lock::new(()), Condition::new());
    {
        let mut guard = lock.acquire().await;
        condition.wait_for(&mut guard, |()| true).await;
        assert!(lock.is_locked());
    }
    assert!(!lock.is_locked());
}

#[asyncio::test]
async fn test_readline() {
    let mut stream = StreamReader::from_async_read(&b"line1\nline2\nline3"[..]);
    let mut lines = stream.lines();
    let mut data = Vec::new();
    while let Some(line) = lines.next().await {
        data.push(String::from_utf8(line.unwrap()).unwrap());
    }
    assert_eq!(data, ["line1\n", "line2\n", "line3"]);
}

#[test]
fn test_async_def_coroutines() {
    async fn bar() -> &'static str {
        "spam"
    }
    async fn foo() -> &'static str {
        bar().await
    }
    let event_loop = new_event_loop();
    assert_eq!(event_loop.run_until_complete(foo()), "spam");
    event_loop.set_debug(true);
    assert_eq!(event_loop.run_until_complete(foo()), "spam");
    event_loop.close();
}
