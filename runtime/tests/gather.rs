//! Several futures at once: values, order, errors, cancellation. See `GatherTestsBase` in Python's
//! `test_tasks`. What the futures are as tasks is in `children`.

mod support;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;

use asyncio::{TaskError, TaskRef, catch_cancel, create_task, gather, try_gather, yield_now};
use support::{Log, panic_of, poll_once, reports, seconds, turns};

#[asyncio::test(clock = "virtual")]
async fn values_come_in_input_order_whatever_the_order_of_ending() {
    let after = async |delay: u64| {
        seconds(delay).await;
        delay
    };
    let start = support::running_loop().time();
    assert_eq!(gather([3, 1, 2].map(after)).await, [3, 1, 2]);
    let (a, b, c) = asyncio::gather!(after(3), async { "text" }, after(1)).await;
    assert_eq!((a, b, c), (3, "text", 1));
    let took = support::running_loop().time() - start;
    assert_eq!(took.as_secs(), 6, "as long as the longest, twice");
}

#[asyncio::test]
async fn the_empty_gather_is_ready_at_once() {
    let none: [std::future::Ready<u8>; 0] = [];
    let nothing: [std::future::Ready<Result<u8, ()>>; 0] = [];
    assert_eq!(poll_once(pin!(gather(none))).await, Some(vec![]));
    assert_eq!(poll_once(pin!(try_gather(nothing))).await, Some(Ok(vec![])));
    assert_eq!(poll_once(pin!(asyncio::gather!())).await, Some(()));
}

#[asyncio::test]
async fn nothing_starts_before_it_is_awaited() {
    let log = Log::new();
    let both = asyncio::gather!(async { log.push("ran") });
    turns(2).await;
    assert_eq!(log.take(), "");
    both.await;
    assert_eq!(log.take(), "ran");
    drop(asyncio::gather!(async { log.push("never") }));
    turns(2).await;
    assert_eq!(log.take(), "");
}

#[asyncio::test]
async fn what_is_gathered_may_borrow_and_change_what_lives_outside() {
    let words = ["one".to_owned(), "two".to_owned()];
    let count = Cell::new(0);
    let mut counter = 0;
    let lengths = gather(words.iter().map(async |word| {
        count.set(count.get() + 1);
        yield_now().await;
        word.len()
    }));
    let (lengths, ()) = asyncio::gather!(lengths, async { counter += 1 }).await;
    assert_eq!((lengths, count.get(), counter), (vec![3, 3], 2, 1));
}

#[asyncio::test]
async fn sixteen_of_different_types_and_any_number_of_one_type() {
    macro_rules! ready { ($($value:expr),*) => { asyncio::gather!($(async { $value }),*).await } }
    let values = ready!(0, "1", 2.0, '3', 4_u8, [5], (6,), 7, 8, 9, 10, 11, 12, 13, 14, "last");
    assert_eq!((values.0, values.1, values.15), (0, "1", "last"));
    assert_eq!(gather((0..5000).map(async |n| n)).await, (0..5000).collect::<Vec<_>>());
}

#[asyncio::test]
async fn task_handles_are_awaited_like_anything_else() {
    let task = create_task(async { 1 });
    let panics = create_task(async { panic!("its own") });
    let (value, error) = asyncio::gather!(task, panics).await;
    let Err(TaskError::Panicked(panicked)) = error else { unreachable!() };
    assert_eq!((value.unwrap(), panicked.message()), (1, "its own"));
}

#[asyncio::test]
async fn the_first_error_in_time_comes_back_at_once() {
    let fails_after = async |count: usize| {
        turns(count).await;
        Err::<(), _>(count)
    };
    assert_eq!(try_gather([9, 3, 5].map(fails_after)).await, Err(3));
    let all = asyncio::try_gather!(async { Ok::<_, usize>("fine") }, fails_after(2), async {
        pending::<Result<(), usize>>().await
    });
    assert_eq!(all.await, Err(2));
    let fine = asyncio::try_gather!(async { Ok::<_, ()>(1) }, async { Ok::<_, ()>("two") });
    assert_eq!(fine.await, Ok((1, "two")));
}

#[asyncio::test]
async fn after_an_error_futures_are_dropped_and_tasks_go_on() {
    let log = Log::new();
    let in_task = log.clone();
    let by_handle = create_task(async move {
        turns(5).await;
        in_task.push("handle's task");
        Ok::<(), &str>(())
    });
    let in_task = log.clone();
    let waited_for = create_task(async move {
        turns(5).await;
        in_task.push("task of a dropped future");
    });
    let owned = async {
        let _dropped = log.on_drop("dropped");
        waited_for.await.unwrap();
        Ok(())
    };
    let handle = async { by_handle.await.unwrap() };
    let fails = async {
        turns(2).await;
        Err::<(), _>("failed")
    };
    assert_eq!(asyncio::try_gather!(handle, owned, fails).await, Err("failed"));
    assert_eq!(log.take(), "dropped");
    turns(6).await;
    assert_eq!(log.take(), "handle's task, task of a dropped future");
}

/// After it, handles are what they were: one that is dropped while it is awaited cancels.
#[asyncio::test]
async fn an_error_frees_no_other_handles_than_those_inside() {
    assert_eq!(try_gather([async { Err::<(), _>("failed") }]).await, Err("failed"));
    let mut awaited = create_task(pending::<()>());
    assert!(poll_once(pin!(&mut awaited)).await.is_none());
    let watch = TaskRef::clone(&awaited);
    drop(awaited);
    yield_now().await;
    assert!(watch.is_cancelled());
}

#[asyncio::test]
async fn a_cancellation_goes_to_all_and_comes_out_when_the_last_has_ended() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let cleans_up = async |count: usize| {
            let caught = catch_cancel(pending::<()>()).await.unwrap_err();
            turns(count).await;
            in_task.push(format!("{count} {caught}"));
        };
        let ended = catch_cancel(gather([3, 1, 2].map(cleans_up))).await;
        in_task.push(ended.unwrap_err());
    });
    turns(2).await;
    task.cancel_with("stop");
    task.await.unwrap();
    assert_eq!(
        log.take(),
        "1 cancelled: stop, 2 cancelled: stop, 3 cancelled: stop, cancelled: stop"
    );
}

#[asyncio::test]
async fn a_cancellation_goes_through_nested_gathers_and_the_tasks_they_await() {
    let log = Log::new();
    let task = create_task(pending::<()>());
    let watch = TaskRef::clone(&task);
    let [a, b] = [log.on_drop("a"), log.on_drop("b")];
    let outer = create_task(async move {
        let deep = async move {
            let _a = a;
            pending::<()>().await;
        };
        let deeper = async move {
            let _b = b;
            gather([async { task.await.unwrap() }]).await;
        };
        asyncio::gather!(asyncio::gather!(deep, deeper), yield_now()).await
    });
    turns(6).await;
    outer.cancel_with("all");
    assert_eq!(outer.await.unwrap_err().to_string(), "cancelled: all");
    assert!(watch.is_cancelled());
    assert_eq!(log.take(), "a, b");
}

#[asyncio::test]
async fn a_cancellation_counts_though_every_child_caught_it() {
    let catches = async || catch_cancel(pending::<()>()).await.is_err();
    let task = create_task(async move { gather([catches(), catches()]).await });
    turns(2).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[asyncio::test]
async fn an_error_that_comes_while_the_children_are_cancelled_wins() {
    let fails = async || {
        catch_cancel(pending::<()>()).await.unwrap_err();
        Err::<(), _>("failed in the cleanup")
    };
    let task = create_task(async move { try_gather([fails()]).await });
    turns(2).await;
    task.cancel();
    assert_eq!(task.await.unwrap(), Err("failed in the cleanup"));
}

#[asyncio::test]
async fn a_gather_can_be_cancelled_again_while_it_waits_for_cleanups() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        gather([async {
            catch_cancel(pending::<()>()).await.unwrap_err();
            catch_cancel(pending::<()>()).await.unwrap_err();
            in_task.push("told twice");
        }])
        .await
    });
    turns(2).await;
    task.cancel();
    turns(2).await;
    assert!(!task.is_done());
    task.cancel_with("really");
    assert_eq!(task.await.unwrap_err().to_string(), "cancelled: really");
    assert_eq!(log.take(), "told twice");
}

#[asyncio::test]
async fn a_panic_comes_out_at_once_and_the_others_are_dropped() {
    let reports = reports();
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let task = create_task(async move {
        let waits = async move {
            let _dropped = dropped;
            pending::<()>().await;
        };
        let panics = async {
            yield_now().await;
            panic!("one of them");
        };
        asyncio::gather!(waits, panics).await
    });
    let Err(TaskError::Panicked(panicked)) = task.await else { unreachable!() };
    assert_eq!(panicked.message(), "one of them");
    assert_eq!((log.take(), reports.take()), ("dropped".to_owned(), String::new()));
    assert_eq!(asyncio::all_tasks().len(), 1, "no child is left in the table");
}

#[test]
fn a_panic_in_a_gather_of_main_comes_out_of_run() {
    let main = async {
        asyncio::gather!(yield_now(), async { panic!("in main's gather") }).await;
    };
    assert_eq!(panic_of(|| asyncio::run(main)), "in main's gather");
}

#[asyncio::test]
async fn a_gather_in_a_gather_in_a_gather_gives_all_values() {
    let leaf = async |n: u32| {
        turns(n as usize % 3).await;
        n
    };
    let sums = gather((0..4).map(async |a| {
        let inner = gather((0..4).map(async |b| {
            gather((0..4).map(|c| leaf(a * 16 + b * 4 + c))).await.iter().sum::<u32>()
        }));
        inner.await.iter().sum::<u32>()
    }));
    assert_eq!(sums.await.iter().sum::<u32>(), (0..64).sum::<u32>());
}

#[asyncio::test]
async fn futures_of_one_that_is_done_are_dropped_while_the_others_go_on() {
    let log = Log::new();
    let order = RefCell::new(Vec::new());
    asyncio::gather!(
        async {
            let _dropped = log.on_drop("first dropped");
        },
        async {
            turns(3).await;
            order.borrow_mut().push(log.take());
        }
    )
    .await;
    assert_eq!(*order.borrow(), ["first dropped"]);
}
