//! Tasks: how they start, what their handles do, who sees them. See `test_tasks` of Python.

mod support;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use asyncio::{TaskRef, all_tasks, create_task, current_task, sleep, yield_now};
use futures::FutureExt;
use support::{Log, OnDrop, panic_of, poll_once, running_loop, seconds, turns};

fn names(tasks: &[TaskRef]) -> Vec<String> {
    tasks.iter().map(TaskRef::name).collect()
}

#[asyncio::test]
async fn tasks_start_in_the_next_turn_first_in_first_out() {
    let log = Log::new();
    for name in ["a", "b", "c"] {
        let log = log.clone();
        create_task(async move { log.push(name) }).detach();
    }
    log.push("main");
    yield_now().await;
    assert_eq!(log.take(), "main, a, b, c");
}

#[asyncio::test]
async fn a_task_started_by_a_task_waits_for_the_next_turn() {
    let log = Log::new();
    let (outer, inner) = (log.clone(), log.clone());
    create_task(async move {
        create_task(async move { inner.push("inner") }).detach();
        outer.push("outer");
    })
    .detach();
    let sibling = log.clone();
    create_task(async move { sibling.push("sibling") }).detach();
    turns(2).await;
    assert_eq!(log.take(), "outer, sibling, inner");
}

#[asyncio::test]
async fn tasks_that_give_way_take_turns() {
    let log = Log::new();
    let tasks = ["a", "b"].map(|name| {
        let log = log.clone();
        create_task(async move {
            for round in 1..=3 {
                log.push(format!("{name}{round}"));
                yield_now().await;
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(log.take(), "a1, b1, a2, b2, a3, b3");
}

#[asyncio::test]
async fn awaiting_a_task_gives_its_value_and_lets_it_run_meanwhile() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        in_task.push("task");
        6 * 7
    });
    log.push("main");
    assert_eq!(task.await.unwrap(), 42);
    assert_eq!(log.take(), "main, task");
}

#[asyncio::test]
async fn awaiting_a_task_that_is_done_takes_no_turn() {
    let done = create_task(async { 1 });
    yield_now().await;
    let log = Log::new();
    let other = log.clone();
    create_task(async move { other.push("other") }).detach();
    done.await.unwrap();
    assert_eq!(log.take(), "");
}

#[asyncio::test]
async fn a_value_needs_to_be_neither_send_nor_clone() {
    let shared = Rc::new(Cell::new(1));
    let task = create_task({
        let shared = shared.clone();
        async move {
            shared.set(2);
            shared
        }
    });
    assert!(Rc::ptr_eq(&task.await.unwrap(), &shared));
    assert_eq!(shared.get(), 2);
}

#[asyncio::test]
async fn a_future_is_dropped_before_its_awaiter_goes_on() {
    let log = Log::new();
    let dropped = log.on_drop("dropped");
    let task = create_task(async move {
        let _dropped = dropped;
        yield_now().await;
    });
    task.await.unwrap();
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test]
async fn the_loop_owns_its_tasks_so_one_without_a_handle_goes_on() {
    let log = Log::new();
    let in_task = log.clone();
    drop(create_task(async move {
        turns(3).await;
        in_task.push("done");
    }));
    turns(4).await;
    assert_eq!(log.take(), "done");
}

#[asyncio::test]
async fn a_handle_that_was_being_awaited_cancels_its_task_when_dropped() {
    let mut task = Box::pin(create_task(pending::<()>()));
    assert!(poll_once(task.as_mut()).await.is_none());
    let watch = TaskRef::clone(&task);
    drop(task);
    turns(1).await;
    assert!(watch.is_cancelled());
}

#[asyncio::test]
async fn an_awaited_handle_that_is_detached_lets_its_task_go_on() {
    let mut task = create_task(async { turns(2).await });
    assert!(poll_once(std::pin::pin!(&mut task)).await.is_none());
    let watch = TaskRef::clone(&task);
    task.detach();
    turns(3).await;
    assert!(watch.is_done() && !watch.is_cancelled());
}

#[asyncio::test]
async fn a_handle_polled_again_after_its_value_says_so() {
    let mut task = create_task(async {});
    (&mut task).await.unwrap();
    let again = create_task(async move { task.await.is_ok() });
    let error = again.await.unwrap_err().to_string();
    assert!(error.contains("was polled again after it gave the value"), "{error}");
}

#[asyncio::test]
async fn a_task_that_awaits_itself_is_told_so() {
    let slot = Rc::new(RefCell::new(None::<asyncio::Task<()>>));
    let own = slot.clone();
    let task = create_task(async move {
        let itself = own.take().unwrap();
        itself.await.unwrap();
    });
    let watch = TaskRef::clone(&task);
    let log = support::reports();
    slot.replace(Some(task));
    yield_now().await;
    assert!(watch.is_done());
    assert!(log.take().contains("a task cannot await itself"));
}

#[asyncio::test]
async fn a_finished_task_stays_finished() {
    let task = create_task(async { 7 });
    yield_now().await;
    assert!(task.is_done() && !task.is_cancelled());
    assert!(!task.cancel());
    assert!(!task.cancel_with("too late"));
    assert_eq!(task.await.unwrap(), 7);
}

#[asyncio::test]
async fn a_task_is_named_after_its_number_until_it_is_given_a_name() {
    let (one, two) = (create_task(pending::<()>()), create_task(pending::<()>()));
    assert_eq!([one.name(), two.name()], ["Task-2", "Task-3"]);
    two.set_name("fetch");
    assert_eq!([one.name(), two.name()], ["Task-2", "fetch"]);
    assert_eq!(create_task(async {}).with_name("write").name(), "write");
    assert_eq!(create_task(async {}).name(), "Task-5");
}

#[asyncio::test]
async fn no_two_tasks_have_one_id_though_places_are_used_again() {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let task = create_task(async {});
        assert!(seen.insert(task.id()));
        task.await.unwrap();
    }
}

#[asyncio::test]
async fn the_debug_form_shows_name_place_and_state() {
    let finished = create_task(async {}).with_name("one");
    let cancelled = create_task(pending::<()>()).with_name("two");
    assert!(format!("{finished:?}").starts_with("<task 'one' spawned at "));
    assert!(format!("{finished:?}").contains("tasks.rs:"));
    assert!(format!("{finished:?}").ends_with(" pending>"));
    cancelled.cancel();
    assert!(format!("{cancelled:?}").ends_with(" cancelling>"));
    yield_now().await;
    assert!(format!("{finished:?}").ends_with(" finished>"));
    assert!(format!("{cancelled:?}").ends_with(" cancelled>"));
}

#[asyncio::test]
async fn all_tasks_lists_those_that_are_not_done_in_creation_order() {
    let short = create_task(async {});
    // One whose place the next one takes.
    let gone = create_task(async {});
    gone.await.unwrap();
    let long = create_task(pending::<()>());
    let cancelled = create_task(pending::<()>());
    cancelled.cancel();
    assert_eq!(names(&all_tasks()), ["Task-1", "Task-4", "Task-5"]);
    yield_now().await;
    assert_eq!(names(&all_tasks()), ["Task-1", "Task-4"]);
    assert!(short.is_done() && !long.is_done());
}

#[asyncio::test]
async fn the_current_task_is_the_one_that_runs() {
    let name = || current_task().map(|task| task.name());
    let log = Log::new();
    let in_callback = log.clone();
    running_loop().call_soon(move || in_callback.push(format!("{:?}", name())));
    let dropped = log.clone();
    let on_drop = OnDrop::new(move || dropped.push(name().unwrap()));
    let task = create_task(async move {
        let _on_drop = on_drop;
        yield_now().await;
        let before = name();
        create_task(async {}).await.unwrap();
        (before, name())
    })
    .with_name("other");
    assert_eq!(name().unwrap(), "Task-1");
    let other = Some("other".to_owned());
    assert_eq!(task.await.unwrap(), (other.clone(), other));
    assert_eq!(name().unwrap(), "Task-1");
    assert_eq!(log.take(), "None, other");
}

#[test]
fn what_needs_a_loop_says_so_outside() {
    assert!(
        panic_of(|| create_task(async {})).contains("`create_task` needs a running event loop")
    );
    assert!(panic_of(all_tasks).contains("`all_tasks` needs a running event loop"));
    assert!(current_task().is_none());
    let message = panic_of(|| sleep(Duration::from_secs(1)).now_or_never());
    assert!(message.contains("`sleep` needs a running event loop"), "{message}");
    let message = panic_of(|| asyncio::gather!(async {}).now_or_never());
    assert!(message.contains("`gather` needs a running event loop"), "{message}");
}

#[asyncio::test]
async fn done_callbacks_run_in_the_order_they_were_added_in_the_turn_after() {
    let log = Log::new();
    let task = create_task(async {});
    for name in ["a", "b", "c"] {
        let log = log.clone();
        task.add_done_callback(move || log.push(name));
    }
    yield_now().await;
    assert!(task.is_done());
    assert_eq!(log.take(), "");
    yield_now().await;
    assert_eq!(log.take(), "a, b, c");
}

#[asyncio::test]
async fn an_awaiter_goes_on_in_its_place_among_the_done_callbacks() {
    let log = Log::new();
    let task = create_task(async { turns(2).await });
    let seen = TaskRef::clone(&task);
    let add = |name: &'static str| {
        let log = log.clone();
        seen.add_done_callback(move || log.push(name))
    };
    let removed = add("taken back");
    add("before");
    let in_awaiter = log.clone();
    let awaiter = create_task(async move {
        task.await.unwrap();
        in_awaiter.push("awaiter");
    });
    yield_now().await;
    add("after");
    assert!(seen.remove_done_callback(removed));
    awaiter.await.unwrap();
    yield_now().await;
    assert_eq!(log.take(), "before, awaiter, after");
}

#[asyncio::test]
async fn a_done_callback_added_to_a_task_that_is_done_runs_in_the_next_turn() {
    let task = create_task(async {});
    yield_now().await;
    let log = Log::new();
    let in_callback = log.clone();
    let callback = task.add_done_callback(move || in_callback.push("called"));
    assert!(!task.remove_done_callback(callback));
    assert_eq!(log.take(), "");
    yield_now().await;
    assert_eq!(log.take(), "called");
}

#[asyncio::test]
async fn a_done_callback_that_is_taken_back_is_dropped_and_never_runs() {
    let log = Log::new();
    let task = create_task(async {});
    let others = [log.clone(), log.clone()];
    let [first, last] = others;
    task.add_done_callback(move || first.push("first"));
    let dropped = log.on_drop("dropped");
    let middle = task.add_done_callback(move || {
        let _dropped = dropped;
        unreachable!("it was taken back");
    });
    task.add_done_callback(move || last.push("last"));
    assert!(task.remove_done_callback(middle));
    assert!(!task.remove_done_callback(middle));
    assert_eq!(log.take(), "dropped");
    turns(2).await;
    assert_eq!(log.take(), "first, last");
}

#[asyncio::test]
async fn a_done_callback_hears_of_a_cancelled_task_too() {
    let log = Log::new();
    let task = create_task(pending::<()>());
    let (in_callback, this) = (log.clone(), TaskRef::clone(&task));
    task.add_done_callback(move || in_callback.push(this.is_cancelled()));
    task.cancel();
    turns(2).await;
    assert_eq!(log.take(), "true");
}

#[asyncio::test(clock = "virtual")]
async fn sleeps_end_by_deadline_and_equal_ones_in_the_order_they_began() {
    let log = Log::new();
    for (name, delay) in [("c", 3), ("a", 1), ("b1", 2), ("b2", 2)] {
        let log = log.clone();
        create_task(async move {
            seconds(delay).await;
            log.push(name);
        })
        .detach();
    }
    seconds(4).await;
    assert_eq!(log.take(), "a, b1, b2, c");
}

#[asyncio::test(clock = "virtual")]
async fn a_sleep_of_zero_or_until_the_past_gives_way_for_one_turn() {
    let event_loop = running_loop();
    let start = event_loop.time();
    let log = Log::new();
    let other = log.clone();
    create_task(async move {
        for turn in 1..=3 {
            other.push(turn);
            yield_now().await;
        }
    })
    .detach();
    sleep(Duration::ZERO).await;
    assert_eq!(log.take(), "1");
    asyncio::sleep_until(start).await;
    assert_eq!(log.take(), "2");
    yield_now().await;
    assert_eq!(log.take(), "3");
    assert_eq!(event_loop.time(), start);
}

#[asyncio::test]
async fn a_task_woken_while_it_is_polled_runs_once_more_in_the_next_turn() {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    create_task(poll_fn(move |cx| {
        count.set(count.get() + 1);
        if count.get() == 1 {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    }))
    .detach();
    yield_now().await;
    assert_eq!(polls.get(), 1);
    turns(3).await;
    assert_eq!(polls.get(), 2);
}

#[asyncio::test]
async fn a_waker_that_outlives_its_task_wakes_nobody() {
    let kept = Rc::new(Cell::new(None));
    let keep = kept.clone();
    create_task(poll_fn(move |cx| {
        keep.set(Some(cx.waker().clone()));
        Poll::Ready(())
    }))
    .await
    .unwrap();
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    // It takes the place of the task that is gone.
    create_task(async move { support::counted_pending(&count).await }).detach();
    yield_now().await;
    kept.take().unwrap().wake();
    turns(2).await;
    assert_eq!(polls.get(), 1);
}

#[asyncio::test]
async fn a_destructor_may_start_a_task() {
    let log = Log::new();
    let in_task = log.clone();
    let on_drop = OnDrop::new(move || {
        let log = in_task.clone();
        create_task(async move { log.push("started by a destructor") }).detach();
    });
    create_task(async move { drop(on_drop) }).await.unwrap();
    turns(2).await;
    assert_eq!(log.take(), "started by a destructor");
}
