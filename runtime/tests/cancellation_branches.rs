//! A cancellation of a task that is suspended in several places at once, by means of the futures
//! crate. Python has no such tasks: there each branch is a task of its own.

mod support;

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use asyncio::{TaskRef, catch_cancel, create_task, yield_now};
use futures::future::{Either, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use support::{Log, poll_once, turns};

/// Waits to be cancelled, then `cleanup` turns, and says so.
async fn caught(log: &Log, name: impl std::fmt::Display, cleanup: usize) {
    catch_cancel(pending::<()>()).await.unwrap_err();
    turns(cleanup).await;
    log.push(name);
}

#[asyncio::test]
async fn each_branch_of_a_join_catches_it_in_its_innermost_catcher() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let outer = catch_cancel(async {
            let nested = async {
                let outer = catch_cancel(caught(&in_task, "inner", 2)).await;
                assert!(outer.is_ok(), "the inner one has caught it");
            };
            futures::join!(caught(&in_task, "a", 0), nested, caught(&in_task, "b", 1));
        });
        assert!(outer.await.is_ok(), "the branches have caught it");
        "went on"
    });
    yield_now().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), "went on");
    assert_eq!(log.take(), "a, b, inner");
}

#[asyncio::test]
async fn a_branch_without_a_catcher_goes_on_beside_one_that_catches() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let plain = async {
            turns(5).await;
            in_task.push("plain");
        };
        futures::join!(plain, caught(&in_task, "catcher", 0));
    });
    turns(2).await;
    task.cancel();
    task.await.unwrap();
    assert_eq!(log.take(), "catcher, plain");
}

#[asyncio::test]
async fn a_branch_that_raises_ends_the_whole_task() {
    let log = Log::new();
    let (in_task, dropped) = (log.clone(), log.on_drop("dropped"));
    let task = create_task(async move {
        let raises = async {
            let caught = catch_cancel(pending::<()>()).await.unwrap_err();
            match caught.raise().await {}
        };
        let plain = async {
            let _dropped = dropped;
            pending::<()>().await;
        };
        futures::join!(caught(&in_task, "not reached", 1), plain, raises);
    });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test]
async fn what_a_branch_raises_is_caught_around_the_join() {
    let task = create_task(async {
        let raises = || async {
            let caught = catch_cancel(pending::<()>()).await.unwrap_err();
            match caught.raise().await {}
        };
        catch_cancel(async { futures::join!(raises(), raises()) }).await.is_err()
    });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn each_branch_of_a_select_catches_it() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let (left, right) = (pin!(caught(&in_task, "left", 2)), pin!(caught(&in_task, "right", 0)));
        match select(left, right).await {
            Either::Left(((), right)) => right.await,
            Either::Right(((), left)) => left.await,
        }
    });
    yield_now().await;
    task.cancel();
    task.await.unwrap();
    assert_eq!(log.take(), "right, left");
}

#[asyncio::test]
async fn the_select_macro_catches_it_in_the_branch_that_can() {
    let task = create_task(async {
        let mut catcher = pin!(futures::FutureExt::fuse(catch_cancel(pending::<()>())));
        let mut other = pin!(futures::FutureExt::fuse(turns(9)));
        futures::select! {
            caught = catcher => caught.is_err(),
            () = other => false,
        }
    });
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn each_branch_of_futures_unordered_catches_it() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let mut all: FuturesUnordered<_> =
            (0..100).map(|number| caught(&in_task, number, 0)).collect();
        let mut count = 0;
        while let Some(()) = all.next().await {
            count += 1;
        }
        count
    });
    yield_now().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), 100);
}

/// `FuturesUnordered` gives way after a few branches that woke themselves; the rest are polled later.
#[asyncio::test]
async fn branches_that_are_polled_late_catch_it_too() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        join_all((0..100).map(|number| caught(&in_task, number, 3))).await.len()
    });
    yield_now().await;
    task.cancel();
    turns(400).await;
    assert!(task.is_done(), "caught by: {}", log.take());
    assert_eq!(task.await.unwrap(), 100);
}

#[asyncio::test]
async fn a_catcher_that_is_not_awaited_is_passed_over() {
    let task = create_task(async {
        let mut left_aside = pin!(catch_cancel(pending::<()>()));
        assert!(poll_once(left_aside.as_mut()).await.is_none());
        let caught = catch_cancel(pending::<()>()).await.is_err();
        yield_now().await;
        // It was not what the task was suspended in, so it goes on.
        let untold = poll_once(left_aside.as_mut()).await.is_none();
        (caught, untold)
    });
    yield_now().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), (true, true));
}

#[asyncio::test]
async fn with_all_catchers_left_aside_the_task_ends() {
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let task = create_task(async move {
        let _dropped = dropped;
        let mut left_aside = pin!(catch_cancel(pending::<()>()));
        assert!(poll_once(left_aside.as_mut()).await.is_none());
        pending::<()>().await;
    });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test]
async fn the_catcher_around_one_that_is_left_aside_gets_it() {
    let task = create_task(async {
        catch_cancel(async {
            let mut left_aside = pin!(catch_cancel(pending::<()>()));
            assert!(poll_once(left_aside.as_mut()).await.is_none());
            pending::<()>().await;
        })
        .await
        .is_err()
    });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap());
}

/// The task is cancelled in the turn in which the other branch of its select is ready.
#[asyncio::test]
async fn a_cancellation_meant_for_a_branch_that_is_dropped_is_not_lost() {
    let goes_on = Rc::new(Cell::new(false));
    let reached = goes_on.clone();
    let task = create_task(async move {
        drop(select(pin!(turns(2)), Box::pin(catch_cancel(pending::<()>()))).await);
        reached.set(true);
        pending::<()>().await;
    });
    let finishes = create_task(async move {
        drop(select(pin!(turns(2)), Box::pin(catch_cancel(pending::<()>()))).await);
    });
    let caught = create_task(async move {
        catch_cancel(async {
            drop(select(pin!(turns(2)), create_task(pending::<()>())).await);
            pending::<()>().await;
        })
        .await
        .is_err()
    });
    turns(2).await;
    task.cancel();
    finishes.cancel();
    caught.cancel();
    turns(3).await;
    assert!(goes_on.get() && task.is_done() && finishes.is_done() && caught.is_done());
    assert!(task.is_cancelled() && finishes.is_cancelled());
    assert!(caught.await.unwrap());
}

#[asyncio::test]
async fn a_catcher_left_aside_once_is_told_when_it_is_awaited_again() {
    let task = create_task(async {
        let mut catcher = pin!(catch_cancel(pending::<()>()));
        assert!(poll_once(catcher.as_mut()).await.is_none());
        catch_cancel(pending::<()>()).await.unwrap_err();
        yield_now().await;
        catcher.await.is_err()
    });
    turns(2).await;
    task.cancel();
    turns(4).await;
    assert!(!task.is_done(), "the first one was caught elsewhere");
    task.cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn an_awaited_task_in_a_branch_gets_it_and_the_catcher_of_the_other_branch_too() {
    let log = Log::new();
    let in_task = log.clone();
    let inner = create_task(pending::<()>());
    let watch = TaskRef::clone(&inner);
    let task = create_task(async move {
        let awaits = async { catch_cancel(inner).await.is_err() };
        let (told, ()) = futures::join!(awaits, caught(&in_task, "catcher", 0));
        told
    });
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap());
    assert!(watch.is_cancelled());
    assert_eq!(log.take(), "catcher");
}

/// A future that is polled by hand with the waker of the task, not in the order of its branches.
#[asyncio::test]
async fn a_branch_that_ends_and_is_dropped_takes_its_points_along() {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let task = create_task(async move {
        let mut branches: Vec<Option<Pin<Box<dyn Future<Output = bool>>>>> = Vec::new();
        for _ in 0..3 {
            branches.push(Some(Box::pin(async { catch_cancel(pending::<()>()).await.is_err() })));
        }
        let mut told = 0;
        poll_fn(move |cx| {
            count.set(count.get() + 1);
            for branch in &mut branches {
                if let Some(future) = branch
                    && let Poll::Ready(caught) = future.as_mut().poll(cx)
                {
                    told += u32::from(caught);
                    *branch = None;
                }
            }
            if told == 3 { Poll::Ready(told) } else { Poll::Pending }
        })
        .await
    });
    yield_now().await;
    assert_eq!(polls.get(), 1);
    task.cancel();
    assert_eq!(task.await.unwrap(), 3);
    assert_eq!(polls.get(), 2, "one poll delivers it to all");
}

/// What has let its cancellation out may be polled once more before the catcher drops it: here the set
/// that it is in goes round again, since another branch of it is busy.
async fn beside_a_busy_branch(future: impl Future<Output = ()>) -> bool {
    let caught = catch_cancel(async {
        let mut set: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + '_>>> =
            (0..4).map(|_| Box::pin(pending()) as _).collect();
        set.push(Box::pin(async {
            let busy = async {
                loop {
                    yield_now().await;
                }
            };
            futures::future::join(future, busy).await;
        }));
        set.next().await;
    });
    caught.await.is_err()
}

#[asyncio::test]
async fn a_gather_that_let_a_cancellation_out_gives_nothing_more() {
    let task = create_task(beside_a_busy_branch(async {
        asyncio::gather([pending::<()>()]).await;
        unreachable!("its child was cancelled");
    }));
    turns(3).await;
    asyncio::all_tasks().last().unwrap().cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn an_awaited_task_that_let_a_cancellation_out_gives_nothing_more() {
    let task = create_task(beside_a_busy_branch(async {
        drop(create_task(pending::<()>()).await);
        unreachable!("the await was cancelled");
    }));
    turns(3).await;
    task.cancel();
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn an_awaited_future_that_let_a_cancellation_out_gives_nothing_more() {
    let future = asyncio::get_running_loop().unwrap().create_future::<()>();
    let task = create_task(beside_a_busy_branch(async move {
        drop(future.await);
        unreachable!("the await was cancelled");
    }));
    turns(3).await;
    task.cancel();
    assert!(task.await.unwrap());
}
