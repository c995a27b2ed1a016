//! The futures of a gather are tasks: they have names, turns of their own, and can be cancelled. And
//! they are inside a future, which may be dropped, moved, or polled by something else than a task.

#![allow(clippy::async_yields_async, reason = "a gather moves from one task to another in here")]

mod support;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::{Pin, pin};
use std::rc::Rc;

use asyncio::{TaskRef, all_tasks, catch_cancel, create_task, current_task, gather, yield_now};
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use support::{Log, poll_once, seconds, turns};

fn names() -> Vec<String> {
    all_tasks().iter().map(TaskRef::name).collect()
}

fn task_named(name: &str) -> TaskRef {
    all_tasks().into_iter().find(|task| task.name() == name).expect("it is not done")
}

/// Says each of its turns.
async fn talk(log: Log, name: &str, rounds: usize) {
    for round in 1..=rounds {
        log.push(format!("{name}{round}"));
        yield_now().await;
    }
}

#[asyncio::test]
async fn children_and_tasks_run_first_in_first_out() {
    let log = Log::new();
    let before = create_task(talk(log.clone(), "before", 3));
    let in_parent = log.clone();
    let parent = create_task(async move {
        // Its children start in the next turn, behind what is ready by then.
        asyncio::gather!(talk(in_parent.clone(), "x", 2), talk(in_parent, "y", 2)).await;
    });
    let after = create_task(talk(log.clone(), "after", 3));
    parent.await.unwrap();
    before.await.unwrap();
    after.await.unwrap();
    assert_eq!(log.take(), "before1, after1, before2, x1, y1, after2, before3, x2, y2, after3");
}

#[asyncio::test]
async fn a_siblings_wakes_do_not_poll_a_child() {
    let polls = Cell::new(0);
    let idle = support::counted_pending(&polls);
    let busy = turns(10);
    let mut both = pin!(asyncio::gather!(idle, busy));
    for _ in 0..20 {
        assert!(poll_once(both.as_mut()).await.is_none());
        yield_now().await;
    }
    assert_eq!(polls.get(), 1);
}

/// Where two children's turns follow each other, the task around them is polled once for both; not if the
/// first one woke something in that task.
#[asyncio::test]
async fn what_a_child_wakes_beside_it_is_polled_before_the_next_child() {
    for is_told in [true, false] {
        let log = Log::new();
        let (tell, told) = futures::channel::oneshot::channel();
        let first = async {
            log.push("first");
            let kept = if is_told { tell.send(()).map(|()| None).unwrap() } else { Some(tell) };
            yield_now().await;
            drop(kept);
        };
        let children =
            gather!(first, talk(log.clone(), "second", 1), talk(log.clone(), "third", 1));
        let beside = async {
            let _ = told.await;
            log.push("beside");
        };
        futures::join!(children, beside);
        let expected = if is_told {
            "first, beside, second1, third1"
        } else {
            "first, second1, third1, beside"
        };
        assert_eq!(log.take(), expected);
    }
}

#[asyncio::test]
async fn a_child_that_ends_the_gather_keeps_the_next_from_its_turn() {
    let log = Log::new();
    let failing = async {
        log.push("failing");
        Err::<(), _>("failed")
    };
    let next = async {
        log.push("next");
        Ok(())
    };
    assert_eq!(asyncio::try_gather!(async { Ok(()) }, failing, next).await, Err("failed"));
    assert_eq!(log.take(), "failing");
}

/// The turn of a child polls the task around it, which has run in this turn already.
#[asyncio::test]
async fn a_yield_beside_a_gather_gives_way_for_a_whole_turn() {
    let log = Log::new();
    let other = create_task(talk(log.clone(), "turn", 4));
    let yields = async {
        for yielded in 1..=3 {
            yield_now().await;
            log.push(format!("yield{yielded}"));
        }
    };
    futures::join!(yields, gather((0..3).map(|_| turns(3))));
    other.await.unwrap();
    assert_eq!(log.take(), "turn1, yield1, turn2, yield2, turn3, yield3, turn4");
}

#[asyncio::test]
async fn children_are_tasks_with_names_and_places_in_all_tasks() {
    let seen = RefCell::new(Vec::new());
    let (first, second) = asyncio::gather!(
        async {
            let this = current_task().unwrap();
            this.set_name("fetch");
            seen.borrow_mut().extend(names());
            yield_now().await;
            assert_eq!(current_task().unwrap(), this);
            this.id()
        },
        async { current_task().unwrap().id() }
    )
    .await;
    assert_ne!(first, second);
    assert_eq!(*seen.borrow(), ["Task-1", "fetch", "Task-3"]);
    assert_eq!(names(), ["Task-1"]);
    assert_eq!(current_task().unwrap().name(), "Task-1");
}

#[asyncio::test]
async fn a_child_cancelled_by_itself_cancels_the_awaiting_task_and_drops_its_siblings() {
    let log = Log::new();
    let sibling = log.on_drop("sibling dropped");
    let parent = create_task(async move {
        let waits = async move {
            let _sibling = sibling;
            pending::<()>().await;
        };
        asyncio::gather!(pending::<()>(), waits).await
    });
    turns(2).await;
    task_named("Task-3").cancel_with("this one");
    assert_eq!(parent.await.unwrap_err().to_string(), "cancelled: this one");
    assert_eq!(log.take(), "sibling dropped");
    assert_eq!(names(), ["Task-1"]);
}

#[asyncio::test]
async fn the_catcher_around_a_gather_gets_what_cancelled_one_child() {
    let parent = create_task(async {
        let both = asyncio::gather!(pending::<()>(), pending::<()>());
        catch_cancel(both).await.unwrap_err().to_string()
    });
    turns(2).await;
    task_named("Task-4").cancel_with("this one");
    assert_eq!(parent.await.unwrap(), "cancelled: this one");
    assert_eq!(names(), ["Task-1"]);
}

#[asyncio::test]
async fn a_child_that_catches_its_own_cancellation_harms_nobody() {
    let parent = create_task(async {
        asyncio::gather!(async { catch_cancel(pending::<()>()).await.is_err() }, async {
            turns(4).await;
            "sibling"
        })
        .await
    });
    turns(2).await;
    task_named("Task-3").cancel();
    assert_eq!(parent.await.unwrap(), (true, "sibling"));
}

#[asyncio::test]
async fn children_cancelled_before_their_first_turn_never_run() {
    let log = Log::new();
    let in_task = log.clone();
    let parent = create_task(async move {
        gather(["a", "b"].map(async |name| in_task.push(name))).await;
    });
    yield_now().await;
    parent.cancel();
    assert!(parent.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "");
}

#[asyncio::test]
async fn a_gather_dropped_by_a_select_leaves_no_child() {
    let log = Log::new();
    let watched = RefCell::new(Vec::new());
    let children = Box::pin(gather((0..3).map(async |number| {
        let _dropped = log.on_drop(number);
        watched.borrow_mut().push(current_task().unwrap());
        pending::<()>().await;
    })));
    let Either::Right(((), children)) = select(children, pin!(turns(3))).await else {
        unreachable!()
    };
    assert_eq!(names().len(), 4);
    let callback = log.clone();
    watched.borrow()[0].add_done_callback(move || callback.push("told"));
    drop(children);
    assert_eq!(names(), ["Task-1"]);
    assert!(watched.borrow().iter().all(TaskRef::is_cancelled));
    turns(2).await;
    assert_eq!(log.take(), "0, 1, 2, told");
}

#[asyncio::test(clock = "virtual")]
async fn gathers_in_futures_unordered_get_their_turns() {
    let mut all: FuturesUnordered<_> = (1..=40_u64)
        .map(|n| {
            gather([2 * n, n].map(async |delay| {
                turns(2).await;
                seconds(delay).await;
                delay
            }))
        })
        .collect();
    let mut ended = Vec::new();
    while let Some(delays) = all.next().await {
        ended.push(delays[1]);
    }
    assert_eq!(ended, (1..=40).collect::<Vec<_>>());
}

/// All of them are due by the time `FuturesUnordered` polls the gather.
#[asyncio::test]
async fn children_of_a_gather_in_futures_unordered_run_first_in_first_out() {
    let log = Log::new();
    let mut all: FuturesUnordered<_> =
        [gather(["a", "b", "c"].map(|name| talk(log.clone(), name, 2)))].into_iter().collect();
    all.next().await.unwrap();
    assert_eq!(log.take(), "a1, b1, c1, a2, b2, c2");
}

#[asyncio::test]
async fn a_cancellation_reaches_gathers_in_futures_unordered() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let mut all: FuturesUnordered<_> = (0..20)
            .map(|number| {
                let log = in_task.clone();
                catch_cancel(gather([async move {
                    catch_cancel(pending::<()>()).await.unwrap_err();
                    turns(2).await;
                    log.push(number);
                }]))
            })
            .collect();
        let mut told = 0;
        while let Some(outcome) = all.next().await {
            told += usize::from(outcome.is_err());
        }
        told
    });
    turns(3).await;
    task.cancel();
    assert_eq!(task.await.unwrap(), 20);
    assert_eq!(log.take().split(", ").count(), 20);
}

#[asyncio::test]
async fn a_gather_moved_to_another_task_goes_on_there() {
    let log = Log::new();
    let in_children = log.clone();
    let mut both = Box::pin(gather((0..2).map(move |number| {
        let log = in_children.clone();
        async move {
            log.push(format!("{number} begins"));
            turns(9).await;
            log.push(format!("{number} ends"));
            number
        }
    })));
    for _ in 0..3 {
        assert!(poll_once(both.as_mut()).await.is_none());
        yield_now().await;
    }
    assert_eq!(log.take(), "0 begins, 1 begins");
    let next = create_task(async move {
        for _ in 0..3 {
            assert!(poll_once(both.as_mut()).await.is_none());
            yield_now().await;
        }
        both
    });
    let both = next.await.unwrap();
    assert_eq!(create_task(both).await.unwrap(), [0, 1]);
    assert_eq!(log.take(), "0 ends, 1 ends");
}

#[asyncio::test]
async fn a_moved_gather_is_cancelled_with_the_task_it_is_in_now() {
    let mut both = Box::pin(asyncio::gather!(pending::<()>(), pending::<()>()));
    assert!(poll_once(both.as_mut()).await.is_none());
    let task = create_task(both);
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(names(), ["Task-1"]);
}

#[asyncio::test]
async fn children_that_ended_before_the_gather_moved_keep_their_values() {
    let mut both = Box::pin(asyncio::gather!(async { "early" }, async {
        turns(8).await;
        "late"
    }));
    for _ in 0..3 {
        assert!(poll_once(both.as_mut()).await.is_none());
        yield_now().await;
    }
    assert_eq!(create_task(both).await.unwrap(), ("early", "late"));
}

type Kept = Rc<RefCell<Option<Pin<Box<dyn Future<Output = ((),)>>>>>>;

#[test]
fn a_gather_that_outlives_its_task_does_not_hold_up_the_end_of_the_run() {
    let kept: Kept = Rc::default();
    let keep = kept.clone();
    asyncio::run(async {
        create_task(async move {
            let mut inner = Box::pin(asyncio::gather!(pending::<()>()));
            assert!(poll_once(inner.as_mut()).await.is_none());
            keep.replace(Some(inner));
        })
        .await
        .unwrap();
        assert_eq!(names().len(), 2);
    });
    drop(kept);
}

#[asyncio::test]
async fn a_child_of_a_gather_left_aside_ends_when_it_is_cancelled() {
    let mut aside = Box::pin(asyncio::gather!(pending::<()>()));
    let parent = create_task(async move {
        assert!(poll_once(aside.as_mut()).await.is_none());
        aside
    });
    let aside = parent.await.unwrap();
    let child = task_named("Task-3");
    child.cancel();
    turns(2).await;
    drop(aside);
    assert!(child.is_cancelled());
    assert_eq!(names(), ["Task-1"]);
}
