//! Deadlines: what of a task they end, and what they leave alone.

mod support;

use std::cell::Cell;
use std::future::pending;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    TaskRef, Timeout, TimeoutError, catch_cancel, create_task, current_task, gather, timeout,
    with_cleanup, yield_now,
};
use futures::stream::{FuturesUnordered, StreamExt};
use proptest::prelude::*;
use support::{Log, panic_of, running_loop, seconds, turns, virtual_runner};

const SECOND: Duration = Duration::from_secs(1);

#[asyncio::test(clock = "virtual")]
async fn a_value_in_time_comes_through() {
    let value = async {
        seconds(1).await;
        42
    };
    assert_eq!(timeout(2 * SECOND, value).await, Ok(42));
}

#[asyncio::test(clock = "virtual")]
async fn the_error_says_how_long_it_waited() {
    let error = timeout(90 * SECOND, pending::<()>()).await.unwrap_err();
    assert_eq!(error.to_string(), "timed out after 90s");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
}

// On the real clock, where a moment goes by between the call and the first poll.
#[asyncio::test]
async fn the_error_says_the_time_that_was_given() {
    let given = Duration::from_millis(1);
    assert_eq!(timeout(given, pending::<()>()).await.unwrap_err().after(), given);
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn an_inner_timeout_is_not_the_outer_one() {
    let inner = timeout(2 * SECOND, timeout(SECOND, pending::<()>())).await;
    assert!(matches!(inner, Ok(Err(_))));
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn of_nested_timeouts_with_one_deadline_the_outer_reports() {
    let log = Log::new();
    let nested = async {
        let _ended = log.on_drop("inner dropped");
        let inner = timeout(SECOND, pending::<()>()).await;
        log.push(format!("inner says {inner:?}"));
    };
    assert!(timeout(SECOND, nested).await.is_err());
    assert_eq!(log.take(), "inner dropped");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn an_outer_cancellation_wins_over_the_deadline() {
    let log = Log::new();
    let cleanup = log.clone();
    let task = create_task(async move {
        let work = with_cleanup(pending::<()>(), async {
            seconds(5).await;
            cleanup.push("cleaned up");
        });
        timeout(SECOND, work).await
    });
    seconds(2).await;
    task.cancel(); // The deadline has passed, and the cleanup runs.
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "cleaned up");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_cancellation_before_the_deadline_comes_out_at_once() {
    let task = create_task(timeout(9 * SECOND, pending::<()>()));
    seconds(1).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[asyncio::test(clock = "virtual")]
async fn a_timer_set_in_the_first_poll_comes_after_the_deadlines_own() {
    let log = Log::new();
    let event_loop = running_loop();
    let work = async {
        let log = log.clone();
        event_loop.call_later(SECOND, move || log.push("callback"));
        pending::<()>().await;
    };
    timeout(SECOND, work).await.unwrap_err();
    log.push("timeout");
    yield_now().await;
    assert_eq!(log.take(), "timeout, callback");
}

#[asyncio::test]
async fn with_no_time_it_runs_to_its_first_suspension() {
    assert_eq!(timeout(Duration::ZERO, async { 42 }).await, Ok(42));
    assert!(timeout(Duration::ZERO, yield_now()).await.is_err());
}

#[asyncio::test(clock = "virtual")]
async fn what_ran_is_dropped_before_the_error_is_there() {
    let log = Log::new();
    let held = log.on_drop("dropped");
    let ended = timeout(SECOND, async {
        let _held = held;
        pending::<()>().await;
    });
    ended.await.unwrap_err();
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test(clock = "virtual")]
async fn the_inner_cleanup_is_waited_for() {
    let began = running_loop().time();
    let work = with_cleanup(pending::<()>(), seconds(3));
    assert!(timeout(SECOND, work).await.is_err());
    assert_eq!(running_loop().time() - began, 4 * SECOND);
}

#[asyncio::test(clock = "virtual")]
async fn a_value_after_the_deadline_counts() {
    let deadline = Timeout::new(running_loop().time() + SECOND);
    let stubborn = async { catch_cancel(pending::<()>()).await.map_or("caught", |()| "ended") };
    assert_eq!(deadline.run(stubborn).await, Ok("caught"));
    assert!(deadline.is_expired());
}

#[asyncio::test(clock = "virtual")]
async fn a_deadline_is_told_once() {
    let count = Cell::new(0);
    let work = async {
        for _ in 0..2 {
            if catch_cancel(seconds(10)).await.is_err() {
                count.set(count.get() + 1);
            }
        }
    };
    assert!(timeout(SECOND, work).await.is_ok());
    assert_eq!(count.get(), 1);
}

#[asyncio::test(clock = "virtual")]
async fn a_cleanup_may_have_a_deadline_of_its_own() {
    let log = Log::new();
    let cleanup = log.clone();
    let task = create_task(with_cleanup(pending::<()>(), async move {
        let caught = timeout(SECOND, catch_cancel(pending::<()>())).await;
        cleanup.push(format!("caught: {}", caught.unwrap().is_err()));
        let hangs = timeout(SECOND, pending::<()>()).await;
        cleanup.push(hangs.unwrap_err());
    }));
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "caught: true, timed out after 1s");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_task_behind_a_handle_is_cancelled_and_waited_for() {
    let log = Log::new();
    let cleanup = log.clone();
    let task = create_task(with_cleanup(pending::<()>(), async move {
        turns(3).await;
        cleanup.push("cleaned up");
    }));
    let seen = TaskRef::clone(&task);
    assert!(timeout(SECOND, task).await.is_err());
    assert!(seen.is_cancelled());
    assert_eq!(log.take(), "cleaned up");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn the_children_of_a_gather_are_cancelled_and_waited_for() {
    let log = Log::new();
    let child = |name: &'static str| {
        with_cleanup(pending::<()>(), {
            let log = log.clone();
            async move {
                turns(2).await;
                log.push(name);
            }
        })
    };
    assert!(timeout(SECOND, gather([child("a"), child("b")])).await.is_err());
    assert_eq!(log.take().len(), "a, b".len());
}

#[asyncio::test(clock = "virtual")]
async fn it_leaves_alone_what_runs_beside_it_in_the_task() {
    let beside = catch_cancel(seconds(5));
    let (ended, beside) = futures::join!(timeout(SECOND, pending::<()>()), beside);
    assert!(ended.is_err());
    assert!(beside.is_ok(), "the other branch was cancelled too");
    assert_eq!(current_task().unwrap().cancelling(), 0);
}

#[asyncio::test(clock = "virtual")]
async fn two_deadlines_of_one_task_are_told_apart() {
    let slow = |delay| timeout(delay, with_cleanup(pending::<()>(), seconds(5)));
    let (a, b) = futures::join!(slow(SECOND), slow(2 * SECOND));
    assert_eq!(a.unwrap_err().after(), SECOND);
    assert_eq!(b.unwrap_err().after(), 2 * SECOND);
}

#[asyncio::test(clock = "virtual")]
async fn deadlines_work_under_wakers_of_somebody_elses() {
    let mut all: FuturesUnordered<_> =
        (1..=40).map(|number| timeout(number * SECOND, catch_cancel(seconds(20)))).collect();
    let (mut late, mut done) = (0, 0);
    while let Some(ended) = all.next().await {
        match ended {
            Ok(Err(_)) => late += 1,
            Ok(Ok(())) => done += 1,
            Err(_) => unreachable!("the cancellation is caught within"),
        }
    }
    assert_eq!((late, done), (20, 20), "where both are due at once, the deadline was made first");
}

#[asyncio::test(clock = "virtual")]
async fn a_catcher_that_is_not_awaited_does_not_take_it() {
    let work = async {
        let mut left_behind = pin!(catch_cancel(pending::<()>()));
        assert!(support::poll_once(left_behind.as_mut()).await.is_none());
        pending::<()>().await;
    };
    assert!(timeout(SECOND, work).await.is_err());
}

#[asyncio::test(clock = "virtual")]
async fn a_deadline_moved_by_another_task_holds() {
    let deadline = Timeout::new(running_loop().time() + SECOND);
    let mover = deadline.clone();
    let event_loop = running_loop();
    let sooner = running_loop().time() + 3 * SECOND;
    create_task(async move {
        mover.reschedule(None);
        seconds(2).await;
        mover.reschedule(Some(sooner));
    })
    .detach();
    assert_eq!(deadline.run(pending::<()>()).await.unwrap_err().after(), 3 * SECOND);
    assert_eq!(event_loop.time(), sooner);
}

#[test]
fn a_panic_comes_through_and_leaves_nothing_behind() {
    let mut runner = virtual_runner();
    let said = panic_of(|| {
        runner.run(async {
            let panics = async { panic!("boom") };
            let _: Result<(), TimeoutError> = timeout(SECOND, panics).await;
        });
    });
    assert_eq!(said, "boom");
}

/// Deadlines, one within the other; the log says which of them reported what, and when.
fn nested(limits: &[u64], work: u64, log: &Log) -> Pin<Box<dyn Future<Output = ()>>> {
    let Some((limit, within)) = limits.split_first() else { return Box::pin(seconds(work)) };
    let (inner, limit, log) = (nested(within, work, log), *limit, log.clone());
    Box::pin(async move {
        let began = running_loop().time();
        let ended = timeout(Duration::from_secs(limit), with_cleanup(inner, turns(2))).await;
        let took = (running_loop().time() - began).as_secs();
        let how = if ended.is_ok() { "value" } else { "timeout" };
        log.push(format!("{limit}: {how} at {took}"));
    })
}

/// The first deadline reports, what is within it is gone, what is around it goes on.
fn model(limits: &[u64], work: u64) -> Vec<String> {
    let end = limits.iter().copied().fold(work, u64::min);
    let first = limits.iter().position(|limit| *limit == end);
    let ended_within = first.map_or(limits.len(), |first| first + 1);
    let how = |limit: u64| if limit == end { "timeout" } else { "value" };
    let reports = limits[..ended_within].iter().rev();
    reports.map(|limit| format!("{limit}: {} at {end}", how(*limit))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// All times differ: the tests above have those that fall on one moment.
    #[test]
    fn nested_deadlines_report_as_the_model_does(
        seed in any::<u64>(),
        limits in prop::collection::hash_set(1_u64..50, 1..6),
        work in 1_u64..60,
    ) {
        let limits: Vec<u64> = limits.into_iter().map(|limit| 2 * limit).collect();
        let work = 2 * work + 1;
        let log = Log::new();
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(nested(&limits, work, &log));
        prop_assert_eq!(log.take(), model(&limits, work).join(", "));
    }

    /// However a task is cancelled around its deadline: it ends, once, as one or the other.
    #[test]
    fn a_deadline_and_a_cancellation_make_one_end(
        seed in any::<u64>(),
        limit in 0_u64..6,
        cancelled_at in 0_u64..6,
        work in 0_u64..6,
        cleanup in 0_u64..3,
    ) {
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(async {
            let cleaned = Rc::new(Cell::new(0));
            let inner = cleaned.clone();
            let task = create_task(timeout(
                Duration::from_secs(limit),
                with_cleanup(seconds(work), async move {
                    seconds(cleanup).await;
                    inner.set(inner.get() + 1);
                }),
            ));
            yield_now().await;
            seconds(cancelled_at).await;
            let was_running = task.cancel();
            let ended = task.await;
            assert_eq!(cleaned.get(), 1, "a cleanup runs once");
            if was_running {
                assert!(ended.unwrap_err().is_cancelled(), "a cancellation wins");
            } else {
                assert!(ended.unwrap().is_err() || work <= limit);
            }
        });
    }
}
