//! `FutureTests`: what a future is told, and what it answers.

use std::fmt;
use std::io;

use asyncio::{FutureError, InvalidStateError, new_event_loop};

use super::future;

#[asyncio::test]
async fn test_initial_state() {
    let future = future::<()>();
    assert!(!future.is_cancelled());
    assert!(!future.is_done());
    future.cancel();
    assert!(future.is_cancelled());
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is made in a run is awaited in the next one")]
fn test_constructor_use_running_loop() {
    let event_loop = new_event_loop();
    let future = event_loop.run_until_complete(async { future() });
    let setter = future.clone();
    event_loop.call_soon(move || setter.set_result("of this loop").unwrap());
    assert_eq!(event_loop.run_until_complete(future).unwrap(), "of this loop");
    event_loop.close();
}

#[test]
fn test_future_cancel_message_getter() {
    let event_loop = new_event_loop();
    let future = event_loop.create_future::<()>();
    assert!(future.result().is_err());
    future.cancel_with("my message");
    let FutureError::Cancelled(cancelled) =
        event_loop.run_until_complete(future.clone()).unwrap_err()
    else {
        panic!("the future was cancelled");
    };
    assert_eq!(cancelled.message(), Some("my message"));
    let FutureError::Cancelled(cancelled) = future.result().unwrap().unwrap_err() else {
        panic!("the future was cancelled");
    };
    assert_eq!(cancelled.message(), Some("my message"));
    event_loop.close();
}

#[asyncio::test]
async fn test_cancel() {
    let future = future::<()>();
    assert!(future.cancel());
    assert!(future.is_cancelled());
    assert!(future.is_done());
    assert!(matches!(future.result(), Ok(Err(FutureError::Cancelled(_)))));
    assert_eq!(future.set_result(()), Err(InvalidStateError::AlreadyDone));
    assert_eq!(future.set_exception(fmt::Error), Err(InvalidStateError::AlreadyDone));
    assert!(!future.cancel());
}

#[asyncio::test]
async fn test_result() {
    let future = future();
    assert_eq!(future.result().unwrap_err(), InvalidStateError::NotDone);
    future.set_result(42).unwrap();
    assert!(!future.is_cancelled());
    assert!(future.is_done());
    assert_eq!(future.result().unwrap().unwrap(), 42);
    assert_eq!(future.set_result(43), Err(InvalidStateError::AlreadyDone));
    assert_eq!(future.set_exception(fmt::Error), Err(InvalidStateError::AlreadyDone));
    assert!(!future.cancel());
    assert_eq!(future.result().unwrap().unwrap(), 42);
}

#[asyncio::test]
async fn test_exception() {
    let future = future::<()>();
    assert_eq!(future.result().unwrap_err(), InvalidStateError::NotDone);
    future.set_exception(io::Error::other("of this kind")).unwrap();
    assert!(!future.is_cancelled());
    assert!(future.is_done());
    let Err(FutureError::Exception(error)) = future.result().unwrap() else {
        panic!("the future has an error");
    };
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().to_string(), "of this kind");
    assert_eq!(future.set_result(()), Err(InvalidStateError::AlreadyDone));
    assert_eq!(future.set_exception(fmt::Error), Err(InvalidStateError::AlreadyDone));
    assert!(!future.cancel());
    assert!(!future.is_cancelled());
}

#[asyncio::test(seeds = 20)]
async fn test_yield_from_twice() {
    let future = future();
    let waiter = future.clone();
    let twice = asyncio::create_task(async move { (waiter.clone().await, waiter.await) });
    asyncio::yield_now().await;
    future.set_result(42).unwrap();
    let (first, second) = twice.await.unwrap();
    assert_eq!((first.unwrap(), second.unwrap()), (42, 42));
    // The second await of one that is done takes no turn.
    let again = futures::FutureExt::now_or_never(future);
    assert_eq!(again.unwrap().unwrap(), 42);
}

#[asyncio::test]
async fn test_future_repr() {
    let (pending, cancelled, finished) = (future::<()>(), future::<()>(), future());
    assert_eq!(format!("{pending:?}"), "<future pending>");
    cancelled.cancel();
    assert_eq!(format!("{cancelled:?}"), "<future cancelled>");
    finished.set_result(4).unwrap();
    assert_eq!(format!("{finished:?}"), "<future finished>");
    let failed = future::<()>();
    failed.set_exception(fmt::Error).unwrap();
    assert_eq!(format!("{failed:?}"), "<future finished>");
    failed.result().unwrap().unwrap_err();
    pending.add_done_callback(|| {});
    pending.cancel();
    assert_eq!(format!("{pending:?}"), "<future cancelled>");
}

#[asyncio::test]
async fn test_set_result_unless_cancelled() {
    let future = future();
    future.cancel();
    let _ = future.set_result(2);
    assert!(future.is_cancelled());
}

#[asyncio::test]
async fn test_future_stop_iteration_args() {
    let future = future();
    future.set_result((1, 2)).unwrap();
    assert_eq!(future.await.unwrap(), (1, 2));
}

#[asyncio::test]
async fn test_future_del_collect() {
    /// Uses the loop as it goes.
    #[derive(Clone)]
    struct Evil;
    impl Drop for Evil {
        fn drop(&mut self) {
            future::<()>().cancel();
            asyncio::get_running_loop().unwrap().call_soon(|| {});
        }
    }
    for _ in 0..100 {
        future().set_result(Evil).unwrap();
    }
    asyncio::yield_now().await;
}
