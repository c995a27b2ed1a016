//! `FutureTests`: what another thread computes, as something to await. Python wraps a future of
//! `concurrent.futures`; here that is what `run_in_executor` gives.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use asyncio::new_event_loop;
use futures::FutureExt;

#[test]
fn test_wrap_future() {
    let event_loop = new_event_loop();
    let call = event_loop.run_in_executor(|| ("oi", thread::current().id()));
    let (word, ident) = event_loop.run_until_complete(call);
    assert_eq!(word, "oi");
    assert_ne!(ident, thread::current().id());
    event_loop.close();
}

#[test]
fn test_wrap_future_without_loop() {
    let outside = || asyncio::to_thread(|| "oi").now_or_never();
    let payload = catch_unwind(AssertUnwindSafe(outside)).unwrap_err();
    assert!(payload.downcast::<String>().unwrap().contains("no running event loop"));
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is made in a run is awaited in the next one")]
fn test_wrap_future_use_running_loop() {
    let event_loop = new_event_loop();
    let call = event_loop.run_until_complete(async {
        asyncio::get_running_loop().unwrap().run_in_executor(|| "oi")
    });
    assert_eq!(event_loop.run_until_complete(call), "oi");
    event_loop.close();
}

#[test]
fn test_wrap_future_use_global_loop() {
    let event_loop = new_event_loop();
    asyncio::set_event_loop(Some(event_loop.clone()));
    let call = asyncio::get_event_loop().run_in_executor(|| "oi");
    asyncio::set_event_loop(None);
    assert_eq!(event_loop.run_until_complete(call), "oi");
    event_loop.close();
}
