//! Task groups: what of theirs ends when, who hears of it, and what is left.

mod support;

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::pending;
use std::pin::{Pin, pin};
use std::rc::Rc;

use asyncio::{
    TaskGroup, TaskRef, all_tasks, catch_cancel, create_task, current_task, gather, with_cleanup,
    yield_now,
};
use futures::stream::{FuturesUnordered, StreamExt};
use proptest::prelude::*;
use support::{Bomb, Log, panic_of, poll_once, reports, seconds, turns, virtual_runner};

/// A group without errors.
type Group<'env> = TaskGroup<'env, Infallible>;

#[asyncio::test]
async fn an_empty_group_gives_the_bodys_value() {
    assert_eq!(TaskGroup::<()>::scope(async |_| Ok(42)).await, Ok(Some(42)));
}

#[asyncio::test]
async fn children_may_borrow_and_change_what_is_outside() {
    let words = ["a".to_owned(), "b".to_owned()];
    let mut count = 0;
    let mut lengths = Vec::new();
    let ended = Group::scope(async |group| {
        group.create_task(async { count += words.len() });
        for word in &words {
            lengths.push(group.create_task(async { Ok(word.len()) }));
        }
    });
    ended.await.unwrap();
    assert_eq!((count, gather(lengths).await.len()), (2, 2));
}

#[asyncio::test]
async fn children_the_body_and_others_run_first_in_first_out() {
    let log = Log::new();
    let other = log.clone();
    let say = async |name: &str| {
        for number in 0..3 {
            log.push(format!("{name}{number}"));
            yield_now().await;
        }
    };
    create_task(async move {
        for number in 0..3 {
            other.push(format!("other{number}"));
            yield_now().await;
        }
    })
    .detach();
    let ended = Group::scope(async |group| {
        group.create_task(say("a"));
        group.create_task(say("b"));
        yield_now().await;
        say("body").await;
    });
    ended.await.unwrap();
    assert_eq!(log.take(), "other0, a0, b0, body0, other1, a1, b1, body1, other2, a2, b2, body2");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn the_group_waits_for_children_that_clean_up() {
    let log = Log::new();
    let ended = TaskGroup::scope(async |group| {
        group.create_task(with_cleanup(pending::<()>(), async {
            seconds(5).await;
            log.push("cleaned up");
        }));
        yield_now().await;
        yield_now().await;
        Err::<(), _>("boom")
    });
    assert_eq!(ended.await.unwrap_err().errors(), ["boom"]);
    assert_eq!(log.take(), "cleaned up");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_child_that_the_body_awaits_is_told_once() {
    let told = Cell::new(0);
    let ended = TaskGroup::scope(async |group| {
        let awaited = group.create_task(async {
            for _ in 0..2 {
                if catch_cancel(seconds(10)).await.is_err() {
                    told.set(told.get() + 1);
                }
            }
        });
        group.create_task(async {
            seconds(1).await;
            Err::<(), _>("boom")
        });
        drop(awaited.await);
    });
    assert_eq!(ended.await.unwrap_err().errors(), ["boom"]);
    assert_eq!(told.get(), 1);
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_failed_childs_handle_says_that_there_is_no_value() {
    let handle = RefCell::new(None);
    let ended = TaskGroup::scope(async |group| {
        let child = group.create_task(async { Err::<u8, _>("boom") });
        handle.replace(Some(child));
    });
    ended.await.unwrap_err();
    let child = handle.take().unwrap();
    assert!(!TaskRef::clone(&child).is_cancelled());
    assert!(child.await.unwrap_err().is_cancelled());
}

#[asyncio::test]
async fn children_that_are_ready_when_one_fails_still_have_their_turn() {
    let ended = TaskGroup::scope(async |group| {
        for number in 0..3 {
            group.create_task(async move { Err::<(), _>(number) });
        }
    });
    assert_eq!(ended.await.unwrap_err().errors(), [0, 1, 2]);
}

/// What a run panics with.
fn panic_of_run<R>(main: impl AsyncFnOnce() -> R) -> String {
    panic_of(|| virtual_runner().run(main()))
}

#[test]
fn a_child_that_panics_takes_the_group_along_after_the_others_ended() {
    let log = Log::new();
    let said = panic_of_run(async || {
        let ended = TaskGroup::scope(async |group| {
            group.create_task(with_cleanup(pending::<()>(), async {
                seconds(1).await;
                log.push("cleaned up");
            }));
            group.create_task(async {
                yield_now().await;
                panic!("boom")
            });
            group.create_task(async {
                let _ = catch_cancel(pending::<()>()).await;
                Err::<(), _>("lost beside the panic")
            });
            with_cleanup(pending::<()>(), async { log.push("body") }).await;
        });
        let _: Result<_, _> = ended.await;
    });
    assert_eq!(said, "boom");
    assert_eq!(log.take(), "body, cleaned up");
}

#[test]
fn a_body_that_panics_takes_the_group_along_after_the_children_ended() {
    let log = Log::new();
    let said = panic_of_run(async || {
        let ended = Group::scope(async |group| {
            group.create_task(with_cleanup(pending::<()>(), async { log.push("cleaned up") }));
            turns(3).await;
            assert_eq!(1, 2, "boom");
        });
        let _: Result<_, _> = ended.await;
    });
    assert!(said.contains("boom"), "{said}");
    assert_eq!(log.take(), "cleaned up");
}

#[asyncio::test]
async fn of_two_panics_the_second_is_reported() {
    let reports = reports();
    let group = async {
        let ended = Group::scope(async |group| {
            for word in ["first", "second"] {
                group.create_task(async move {
                    let _ = catch_cancel(turns(2)).await;
                    panic!("{word}")
                });
            }
        });
        ended.await.unwrap();
    };
    let caught = create_task(futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(group)));
    let caught = caught.await;
    let payload = caught.unwrap().unwrap_err();
    assert_eq!(*payload.downcast::<String>().unwrap(), "first");
    assert_eq!(reports.take(), "second");
}

#[asyncio::test]
async fn a_childs_destructor_that_panics_is_reported() {
    let reports = reports();
    let ended = Group::scope(async |group| {
        let bomb = Bomb("tick");
        let child = group.create_task(async move {
            let _bomb = bomb;
            pending::<()>().await;
        });
        yield_now().await;
        child.cancel();
    });
    ended.await.unwrap();
    assert_eq!(reports.take(), "tick");
}

#[asyncio::test]
async fn a_dropped_scope_drops_its_children() {
    let log = Log::new();
    {
        let scope = Group::scope(async |group| {
            for name in ["a", "b"] {
                let held = log.on_drop(name);
                group.create_task(async move {
                    let _held = held;
                    pending::<()>().await;
                });
            }
            pending::<()>().await;
        });
        let mut scope = pin!(scope);
        assert!(poll_once(scope.as_mut()).await.is_none());
        assert_eq!(all_tasks().len(), 3);
    }
    assert_eq!(log.take(), "a, b");
    assert_eq!(all_tasks().len(), 1);
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_cancellation_reaches_the_body_though_a_child_has_its_turn() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let ended = Group::scope(async |group| {
            group.create_task(turns(20));
            let caught = catch_cancel(pending::<()>()).await;
            in_task.push("body");
            caught.unwrap_err().raise().await;
        });
        ended.await
    });
    turns(5).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "body");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_body_that_catches_the_cancellation_leaves_the_children_alone() {
    let task = create_task(async {
        let ended = TaskGroup::<()>::scope(async |group| {
            let child = group.create_task(async {
                seconds(2).await;
                Ok("done")
            });
            catch_cancel(pending::<()>()).await.unwrap_err();
            Ok(child.await.unwrap())
        });
        ended.await.unwrap().unwrap()
    });
    seconds(1).await;
    task.cancel();
    assert_eq!(task.await.unwrap(), "done");
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn a_group_leaves_alone_what_runs_beside_it_in_the_task() {
    let failing = TaskGroup::scope(async |group| {
        group.create_task(async { Err::<(), _>("boom") });
        pending::<()>().await;
    });
    let (ended, beside) = futures::join!(failing, catch_cancel(seconds(2)));
    assert!(ended.is_err());
    assert!(beside.is_ok());
    assert_eq!(current_task().unwrap().cancelling(), 0);
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn groups_work_under_wakers_of_somebody_elses() {
    let mut groups: FuturesUnordered<_> = (0..40)
        .map(|number| async move {
            let ended = TaskGroup::scope(async |group| {
                for child in 0..3 {
                    group.create_task(async move {
                        turns(child + 1).await;
                        if (number + child) % 5 == 0 { Err(number) } else { Ok(()) }
                    });
                }
                turns(number).await;
            });
            ended.await.is_err()
        })
        .collect();
    let mut failed = 0;
    while let Some(has_failed) = groups.next().await {
        failed += usize::from(has_failed);
    }
    assert_eq!(failed, 24);
    assert_eq!(all_tasks().len(), 1);
}

/// A tree of groups: in each node the children are nodes.
fn tree<'env>(
    group: TaskGroup<'env, &'static str>,
    depth: u32,
    count: &'env Cell<u32>,
) -> Pin<Box<dyn Future<Output = ()> + 'env>> {
    Box::pin(async move {
        count.set(count.get() + 1);
        for _ in 0..depth {
            group.create_task(tree(group.clone(), depth - 1, count));
            yield_now().await;
        }
    })
}

#[asyncio::test(seeds = 20)]
async fn children_make_children_while_the_group_is_ending() {
    let count = Cell::new(0);
    let ended = TaskGroup::scope(async |group| tree(group, 5, &count).await);
    ended.await.unwrap();
    // A node of depth n has n children of depth n - 1: 1 + 5 + 20 + 60 + 120 + 120.
    assert_eq!(count.get(), 326);
}

#[test]
fn a_group_outside_a_task_says_what_to_do() {
    let said = panic_of(|| {
        let mut scope = pin!(Group::scope(async |_| ()));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = scope.as_mut().poll(&mut cx);
    });
    assert!(said.contains("`TaskGroup::scope` needs a running event loop"), "{said}");
}

#[derive(Clone, Copy, Debug)]
enum Plan {
    Finish,
    Fail,
    CancelledByItself,
    /// Fails when it is cancelled.
    Stubborn,
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        Just(Plan::Finish),
        Just(Plan::Fail),
        Just(Plan::CancelledByItself),
        Just(Plan::Stubborn)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever the children, the body and others do: every child that began comes to one end, each
    /// error of a child comes back, no child is left, and the scope's end is the one it should be.
    #[test]
    fn every_child_ends_once_and_every_error_comes_back(
        seed in any::<u64>(),
        children in prop::collection::vec((plan(), 0_usize..6, 0_usize..3), 0..6),
        body_turns in 0_usize..6,
        body_fails in any::<bool>(),
        cancelled_at in prop::option::of(0_usize..10),
        group_cancelled_at in prop::option::of(0_usize..8),
    ) {
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(async {
            let begun = Rc::new(Cell::new(0));
            let over = Rc::new(Cell::new(0));
            let failed = Rc::new(RefCell::new(Vec::new()));
            let wants = children.clone();
            let (in_begun, in_over, in_failed) = (begun.clone(), over.clone(), failed.clone());
            let task = create_task(async move {
                let (begun, over, failed) = (&in_begun, &in_over, &in_failed);
                let ended = TaskGroup::scope(async |group| {
                    for (number, (plan, delay, cleanup)) in wants.into_iter().enumerate() {
                        let fail = move || {
                            failed.borrow_mut().push(number);
                            Err(number)
                        };
                        let child = group.create_task(async move {
                            begun.set(begun.get() + 1);
                            let _over = support::OnDrop::new({
                                let over = over.clone();
                                move || over.set(over.get() + 1)
                            });
                            if let Plan::CancelledByItself = plan {
                                current_task().unwrap().cancel();
                            }
                            if let Err(cancelled) = catch_cancel(turns(delay)).await {
                                turns(cleanup).await;
                                if let Plan::Stubborn = plan {
                                    return fail();
                                }
                                cancelled.raise().await;
                            }
                            if let Plan::Fail = plan { fail() } else { Ok(()) }
                        });
                        drop(child);
                    }
                    if let Some(at) = group_cancelled_at {
                        let stop = group.clone();
                        group.create_task(async move {
                            turns(at).await;
                            stop.cancel();
                            Ok(())
                        });
                    }
                    turns(body_turns).await;
                    if body_fails {
                        failed.borrow_mut().push(99);
                        return Err(99);
                    }
                    Ok(())
                });
                ended.await.map_err(asyncio::ExceptionGroup::into_errors)
            });
            let was_running = match cancelled_at {
                Some(at) => {
                    turns(at).await;
                    task.cancel()
                }
                None => false,
            };
            let ended = task.await;
            assert_eq!(begun.get(), over.get(), "a child is left");
            assert_eq!(all_tasks().len(), 1);
            let failed = failed.take();
            match ended {
                Ok(Err(mut errors)) => {
                    let mut failed = failed;
                    errors.sort_unstable();
                    failed.sort_unstable();
                    assert_eq!(errors, failed);
                }
                Ok(Ok(value)) => {
                    assert!(failed.is_empty());
                    assert!(value.is_some() || group_cancelled_at.is_some());
                }
                // An error may have been lost by a cancellation in the task's very last step alone.
                Err(error) => assert!(error.is_cancelled() && was_running),
            }
        });
    }
}
