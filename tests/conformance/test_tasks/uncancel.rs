//! `cancelling` and `uncancel`.

use std::cell::Cell;
use std::rc::Rc;

use asyncio::{catch_cancel, create_task, current_task, sleep, yield_now};

use super::{millis, run_briefly, with_loop};

#[test]
fn test_cancelling() {
    with_loop(|event_loop| {
        let task = event_loop.create_task(sleep(millis(10_000)));
        assert_eq!(task.cancelling(), 0);
        assert!(!format!("{task:?}").contains(" cancelling>"));
        assert!(task.cancel());
        assert!(task.cancelling() > 0);
        assert!(format!("{task:?}").contains(" cancelling>"));
        assert!(task.cancel());
        assert!(event_loop.run_until_complete(task).unwrap_err().is_cancelled());
    });
}

#[test]
fn test_uncancel_basic() {
    with_loop(|event_loop| {
        let mut task = event_loop.create_task(async {
            if catch_cancel(sleep(millis(10_000))).await.is_err() {
                current_task().unwrap().uncancel();
                sleep(millis(10_000)).await;
            }
        });
        event_loop.run_until_complete(async { sleep(millis(10)).await });

        // The first sleep is cancelled,
        assert!(task.cancel());
        assert!(format!("{task:?}").contains(" cancelling>"));
        assert_eq!(task.cancelling(), 1);
        assert!(!task.is_cancelled());
        event_loop.run_until_complete(async { sleep(millis(10)).await });

        // which is taken back,
        assert!(!format!("{task:?}").contains(" cancelling>"));
        assert_eq!(task.cancelling(), 0);
        assert!(!task.is_cancelled());

        // and the second.
        assert!(task.cancel());
        assert_eq!(task.cancelling(), 1);
        assert!(!task.is_cancelled());
        assert!(event_loop.run_until_complete(&mut task).unwrap_err().is_cancelled());
        assert!(task.is_cancelled());
        assert!(task.is_done());
        task.uncancel();
        assert!(task.is_cancelled());
        assert!(task.is_done());
    });
}

#[test]
fn test_uncancel_resets_must_cancel() {
    // Of Python 3.13.
    with_loop(|event_loop| {
        let future = event_loop.create_future();
        let awaited = future.clone();
        let task = event_loop.create_task(async move {
            awaited.await.unwrap();
            42
        });
        event_loop.run_until_complete(run_briefly());
        future.set_result(()).unwrap();
        task.cancel();
        assert_eq!(task.cancelling(), 1);
        task.uncancel();
        assert_eq!(task.cancelling(), 0);
        assert_eq!(event_loop.run_until_complete(task).unwrap(), 42);
    });
}

/// A deadline made by hand, of `cancel` and `uncancel`: whether it passed, the block was finished, and the
/// code behind it was reached.
async fn make_request_with_timeout(nap: u64, limit: u64) -> (bool, bool, bool) {
    let task = current_task().unwrap();
    let timed_out = Rc::new(Cell::new(false));
    let (cancels, fired) = (task.clone(), timed_out.clone());
    let timer = asyncio::get_running_loop().unwrap().call_later(millis(limit), move || {
        fired.set(true);
        cancels.cancel();
    });
    let mut finished = false;
    let block = catch_cancel(async {
        sleep(millis(nap)).await;
        finished = true;
    });
    let outcome = block.await;
    timer.cancel();
    if let Err(cancelled) = outcome {
        // Somebody else's cancellation goes on.
        if !timed_out.get() || task.uncancel() > 0 {
            cancelled.raise().await;
        }
    }
    yield_now().await;
    (timed_out.get(), finished, true)
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_uncancel_structured_blocks() {
    let mut late = create_task(make_request_with_timeout(10_000, 100));
    assert_eq!((&mut late).await.unwrap(), (true, false, true));
    assert_eq!(late.cancelling(), 0);

    let mut in_time = create_task(make_request_with_timeout(0, 10_000));
    assert_eq!((&mut in_time).await.unwrap(), (false, true, true));
    assert_eq!(in_time.cancelling(), 0);
}
