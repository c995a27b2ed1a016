//! `test_taskgroups.py`: of Python 3.11, and what 3.15 has on `cancel`.
//!
//! A `1 / 0` of Python's is the error `ZERO` here: errors are values.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    ExceptionGroup, TaskGroup, TaskRef, catch_cancel, create_task, current_task, sleep, yield_now,
};

const ZERO: &str = "division by zero";
const MINE: &str = "my own";

type Errors = ExceptionGroup<&'static str>;
type Group<'env> = TaskGroup<'env, &'static str>;

async fn millis(count: u64) {
    sleep(Duration::from_millis(count)).await;
}

async fn value_after(delay: u64, value: u32) -> Result<u32, &'static str> {
    millis(delay).await;
    Ok(value)
}

async fn crash_after(delay: u64) -> Result<(), &'static str> {
    millis(delay).await;
    Err(ZERO)
}

/// Waits to be cancelled, counts that, and passes it on.
async fn count_cancel(count: &Cell<u32>, step: u32) {
    let caught = catch_cancel(millis(10_000)).await;
    count.set(count.get() + step);
    caught.unwrap_err().raise().await;
}

/// Waits to be cancelled, and fails over it.
async fn fail_when_cancelled(error: &'static str) -> Result<(), &'static str> {
    let _ = catch_cancel(millis(10_000)).await;
    Err(error)
}

/// Runs `runner` as a task and cancels it after that many milliseconds.
async fn cancelled_after<T: 'static>(
    delay: u64,
    runner: impl Future<Output = T> + 'static,
) -> Result<T, asyncio::TaskError> {
    let task = create_task(runner);
    millis(delay).await;
    assert!(!task.is_done());
    task.cancel();
    task.await
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_01() {
    let values = TaskGroup::scope(async |group: Group<'_>| {
        let (first, second) =
            (group.create_task(value_after(100, 42)), group.create_task(value_after(200, 11)));
        Ok((first, second))
    });
    let (first, second) = values.await.unwrap().unwrap();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (42, 11));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_02() {
    let values = TaskGroup::scope(async |group: Group<'_>| {
        let first = group.create_task(value_after(100, 42));
        millis(150).await;
        Ok((first, group.create_task(value_after(200, 11))))
    });
    let (first, second) = values.await.unwrap().unwrap();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (42, 11));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_03() {
    let values = TaskGroup::scope(async |group: Group<'_>| {
        let first = group.create_task(value_after(1000, 42));
        millis(150).await;
        first.cancel();
        Ok((first, group.create_task(value_after(200, 11))))
    });
    let (first, second) = values.await.unwrap().unwrap();
    assert!(first.is_cancelled());
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(second.await.unwrap(), 11);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_04() {
    let count = Cell::new(0);
    let second = RefCell::new(None);
    let ended = TaskGroup::scope(async |group| {
        group.create_task(crash_after(100));
        second.replace(Some(TaskRef::clone(&group.create_task(count_cancel(&count, 1)))));
        Ok(())
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO]);
    assert_eq!(count.get(), 1);
    assert!(second.take().unwrap().is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancel_children_on_child_error() {
    let (child, body) = (Cell::new(0), Cell::new(0));
    let ended = TaskGroup::scope(async |group| {
        for _ in 0..3 {
            group.create_task(crash_after(100));
        }
        group.create_task(count_cancel(&child, 1));
        count_cancel(&body, 1).await;
    });
    let errors = ended.await.unwrap_err().into_errors();
    assert!((1..=3).contains(&errors.len()) && errors.iter().all(|error| *error == ZERO));
    assert_eq!((child.get(), body.get()), (1, 1));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancellation() {
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    let ended = cancelled_after(100, async move {
        TaskGroup::<Infallible>::scope(async |group| {
            for _ in 0..5 {
                group.create_task(count_cancel(&counter, 1));
            }
        })
        .await
    });
    assert!(ended.await.unwrap_err().is_cancelled());
    assert_eq!(count.get(), 5);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_07() {
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    let ended = cancelled_after(100, async move {
        TaskGroup::<Infallible>::scope(async |group| {
            for _ in 0..5 {
                group.create_task(count_cancel(&counter, 1));
            }
            count_cancel(&counter, 10).await;
        })
        .await
    });
    assert!(ended.await.unwrap_err().is_cancelled());
    assert_eq!(count.get(), 15);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_08() {
    let ended = cancelled_after(100, async {
        TaskGroup::scope(async |group| {
            for _ in 0..5 {
                group.create_task(fail_when_cancelled(ZERO));
            }
            millis(10_000).await;
        })
        .await
    });
    assert_eq!(ended.await.unwrap().unwrap_err().errors(), [ZERO; 5]);
}

/// What became of two children that run, when the body fails after that many milliseconds.
async fn children_of_a_failing_body(delay: u64) {
    let children = RefCell::new(Vec::new());
    let ended = TaskGroup::scope(async |group| {
        for delay in [1000, 2000] {
            let child = group.create_task(value_after(delay, 0));
            children.borrow_mut().push(TaskRef::clone(&child));
        }
        millis(delay).await;
        Err::<(), _>(ZERO)
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO]);
    assert!(children.take().iter().all(TaskRef::is_cancelled));
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_09() {
    children_of_a_failing_body(100).await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_10() {
    children_of_a_failing_body(0).await;
}

/// A group in a group, whose children fail when they are cancelled.
async fn failing_within(group: TaskGroup<'_, Errors>, with_sibling: bool) -> Result<(), Errors> {
    if with_sibling {
        group.create_task(millis(10_000));
    }
    let inner = TaskGroup::scope(async |inner| {
        for _ in 0..5 {
            inner.create_task(fail_when_cancelled(ZERO));
        }
        millis(10_000).await;
    });
    inner.await.map(drop)
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_11() {
    let ended =
        cancelled_after(100, TaskGroup::scope(async |group| failing_within(group, false).await));
    let outer = ended.await.unwrap().unwrap_err();
    assert_eq!(outer.errors().len(), 1);
    assert_eq!(outer.errors()[0].errors(), [ZERO; 5]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_12() {
    let ended =
        cancelled_after(100, TaskGroup::scope(async |group| failing_within(group, true).await));
    let outer = ended.await.unwrap().unwrap_err();
    assert_eq!(outer.errors().len(), 1);
    assert_eq!(outer.errors()[0].errors(), [ZERO; 5]);
}

/// A group in a group, each with a child that fails; `Err(None)` is the outer one's child.
async fn nested_crashes(outer: u64, inner: u64) -> Vec<Option<Errors>> {
    let ended = TaskGroup::scope(async |group| {
        group.create_task(async move { crash_after(outer).await.map_err(|_| None) });
        let within = TaskGroup::scope(async |group| {
            group.create_task(crash_after(inner));
        });
        within.await.map_err(Some).map(drop)
    });
    ended.await.unwrap_err().into_errors()
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_13() {
    assert_eq!(nested_crashes(100, 10_000).await, [None]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_14() {
    let errors = nested_crashes(10_000, 100).await;
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].as_ref().unwrap().errors(), [ZERO]);
}

/// The body is cancelled and cleans up; meanwhile a child fails.
async fn crash_during_cleanup() -> Result<Option<()>, Errors> {
    TaskGroup::scope(async |group| -> () {
        group.create_task(crash_after(300));
        let caught = catch_cancel(millis(10_000)).await;
        let cleanup = catch_cancel(millis(500)).await;
        cleanup.and(caught).unwrap_err().raise().await;
    })
    .await
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_15() {
    let ended = cancelled_after(100, crash_during_cleanup()).await;
    assert_eq!(ended.unwrap().unwrap_err().errors(), [ZERO]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_16() {
    let runner = async { create_task(crash_during_cleanup()).await.unwrap() };
    let ended = cancelled_after(100, runner).await;
    assert_eq!(ended.unwrap().unwrap_err().errors(), [ZERO]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_17() {
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    let ended = cancelled_after(100, async move {
        TaskGroup::<Infallible>::scope(async |_| count_cancel(&counter, 10).await).await
    });
    assert!(ended.await.unwrap_err().is_cancelled());
    assert_eq!(count.get(), 10);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_18() {
    let ended = cancelled_after(
        100,
        TaskGroup::scope(async |_: Group<'_>| fail_when_cancelled(MINE).await),
    );
    assert_eq!(ended.await.unwrap().unwrap_err().errors(), [MINE]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_19() {
    let ended = TaskGroup::scope(async |group| {
        group.create_task(crash_after(100));
        fail_when_cancelled(MINE).await
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO, MINE]);
}

#[test]
fn test_taskgroup_20() {
    // A panic is what a `KeyboardInterrupt` is there: it wins over the errors.
    let run = || {
        asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
            let ended = TaskGroup::scope(async |group| {
                group.create_task(crash_after(100));
                assert!(catch_cancel(millis(10_000)).await.is_ok(), "interrupt");
            });
            let _: Result<Option<()>, _> = ended.await;
        });
    };
    let payload = std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "interrupt");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_22() {
    let ended = cancelled_after(50, async {
        TaskGroup::<&str>::scope(async |group| {
            group.create_task(value_after(1000, 42));
            group.create_task(value_after(2000, 11));
        })
        .await
    });
    assert!(ended.await.unwrap_err().is_cancelled());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_23() {
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        for count in 0..10 {
            millis(100).await;
            group.create_task(millis(300));
            if count == 5 {
                // Main and the children; and what the group itself counts.
                assert!(asyncio::all_tasks().len() - 1 < 5);
                let shown = format!("{group:?}");
                assert!((0..5).any(|few| shown.ends_with(&format!(" tasks={few}>"))), "{shown}");
            }
        }
        millis(1350).await;
        assert_eq!(asyncio::all_tasks().len(), 1);
        assert!(format!("{group:?}").ends_with(" tasks=0>"));
    });
    ended.await.unwrap();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_24() {
    let ran = Cell::new(0);
    let child = async |delay| {
        millis(delay).await;
        ran.set(ran.get() + 1);
    };
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        let inner = group.clone();
        group.create_task(async move {
            millis(100).await;
            // The body has ended.
            inner.create_task(child(100));
            inner.create_task(child(200));
        });
    });
    ended.await.unwrap();
    assert_eq!(ran.get(), 2);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_25() {
    async fn hydra<'env>(group: Group<'env>, heads: &'env Cell<u32>) {
        heads.set(heads.get() + 1);
        millis(10).await;
        for _ in 0..2 {
            group.create_task(Box::pin(hydra(group.clone(), heads))
                as std::pin::Pin<Box<dyn Future<Output = ()> + 'env>>);
        }
    }
    let heads = Cell::new(0);
    let ended = TaskGroup::scope(async |group| {
        group.create_task(hydra(group.clone(), &heads));
        group.create_task(async {
            while heads.get() < 10 {
                millis(15).await;
            }
            Err::<(), _>(ZERO)
        });
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO]);
    assert!(heads.get() >= 10);
}

#[asyncio::test]
async fn test_taskgroup_task_name() {
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        assert_eq!(group.create_task(yield_now()).with_name("yolo").name(), "yolo");
    });
    ended.await.unwrap();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_no_create_task_after_failure() {
    let started = Cell::new(false);
    let seen = &started;
    let ended = TaskGroup::scope(async |group| {
        group.create_task(crash_after(1));
        let inner = group.clone();
        group.create_task(async move {
            catch_cancel(millis(1000)).await.unwrap_err();
            let late = inner.create_task(async { seen.set(true) });
            assert!(late.await.unwrap_err().is_cancelled());
        });
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO]);
    assert!(!started.get());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_context_manager_exit_raises() {
    let ended = TaskGroup::scope(async |group| {
        group.create_task(async { Err::<(), _>(ZERO) });
        fail_when_cancelled(MINE).await
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO, MINE]);
    assert_eq!(current_task().unwrap().cancelling(), 0);
}

#[test]
fn test_taskgroup_finished() {
    let run = || {
        asyncio::run(async {
            let kept = RefCell::new(None);
            let ended = TaskGroup::<Infallible>::scope(async |group| {
                kept.replace(Some(group));
            });
            ended.await.unwrap();
            kept.take().unwrap().create_task(async {});
        });
    };
    let payload = std::panic::catch_unwind(run).unwrap_err();
    assert!(payload.downcast::<&str>().unwrap().contains("is over"));
}

// TestTaskGroup.cancel, of 3.15

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_children() {
    let cancelled = Cell::new(0);
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        for _ in 0..2 {
            group.create_task(count_cancel(&cancelled, 1));
        }
        millis(100).await;
        group.cancel();
    });
    assert_eq!(ended.await, Ok(Some(())));
    assert_eq!(cancelled.get(), 2);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_body() {
    let cancelled = Cell::new(0);
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        group.cancel();
        count_cancel(&cancelled, 1).await;
    });
    assert_eq!(ended.await, Ok(None));
    assert_eq!(cancelled.get(), 1);
    assert_eq!(current_task().unwrap().cancelling(), 0);
    yield_now().await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_idempotent() {
    let kept = RefCell::new(None);
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        group.cancel();
        group.cancel();
        kept.replace(Some(group));
        millis(10).await;
    });
    assert_eq!(ended.await, Ok(None));
    kept.take().unwrap().cancel();
    yield_now().await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_after_error() {
    let ended = TaskGroup::scope(async |group: Group<'_>| {
        group.create_task(async { Err::<(), _>(ZERO) });
        let _ = catch_cancel(millis(10_000)).await;
        group.cancel();
        millis(10).await;
    });
    assert_eq!(ended.await.unwrap_err().errors(), [ZERO]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_error_in_children() {
    let ended = TaskGroup::scope(async |group| {
        group.create_task(fail_when_cancelled(MINE));
        millis(10).await;
        group.cancel();
    });
    assert_eq!(ended.await.unwrap_err().errors(), [MINE]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_taskgroup_cancel_swallows_no_outer_cancellation() {
    let runner = async {
        TaskGroup::<Infallible>::scope(async |group| {
            group.cancel();
            let _ = catch_cancel(millis(10_000)).await;
            millis(10_000).await; // cleans up, until it is cancelled from outside
        })
        .await
    };
    assert!(cancelled_after(100, runner).await.unwrap_err().is_cancelled());
}

// What 3.13 and 3.14 added.

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancelling_level_preserved() {
    let ended = TaskGroup::scope(async |group: Group<'_>| {
        group.create_task(async { Err::<(), _>(MINE) });
    });
    assert_eq!(ended.await.unwrap_err().errors(), [MINE]);
    assert_eq!(current_task().unwrap().cancelling(), 0);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_nested_groups_both_cancelled() {
    let ended = TaskGroup::scope(async |outer: Group<'_>| {
        let inner = TaskGroup::scope(async |inner: Group<'_>| {
            inner.create_task(async { Err::<(), _>(ZERO) });
            outer.create_task(async { Err::<(), _>(MINE) });
        });
        assert_eq!(inner.await.unwrap_err().errors(), [ZERO]);
    });
    assert_eq!(ended.await.unwrap_err().errors(), [MINE]);
    assert_eq!(current_task().unwrap().cancelling(), 0);
}

#[asyncio::test]
async fn test_name() {
    let name = RefCell::new(String::new());
    let ended = TaskGroup::<Infallible>::scope(async |group| {
        group
            .create_task(async { drop(name.replace(current_task().unwrap().name())) })
            .with_name("example name");
    });
    ended.await.unwrap();
    assert_eq!(*name.borrow(), "example name");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancels_task_if_created_during_creation() {
    let ran = Cell::new(false);
    let ended = TaskGroup::scope(async |group: Group<'_>| {
        let second = {
            let (group, ran) = (group.clone(), &ran);
            async move {
                group.create_task(async { Err::<(), _>("third task failed") });
                let slept = catch_cancel(millis(10_000)).await;
                ran.set(slept.is_err());
            }
        };
        group.create_task(second);
    });
    assert_eq!(ended.await.unwrap_err().errors(), ["third task failed"]);
    assert!(ran.get());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancellation_does_not_leak_out_of_tg() {
    let ended = TaskGroup::scope(async |group: Group<'_>| {
        group.create_task(async { Err::<(), _>(MINE) });
    });
    assert_eq!(ended.await.unwrap_err().errors(), [MINE]);
    // It would come out of here.
    assert!(catch_cancel(yield_now()).await.is_ok());
}
