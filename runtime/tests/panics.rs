//! Whatever panics in a task, a callback, a destructor or a waker: the loop and the others go on.
//!
//! Python has one half of this: `Task` keeps the exception, `Handle._run` reports it.

mod support;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{catch_unwind, panic_any};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use asyncio::{Task, TaskError, catch_cancel, create_task, yield_now};
use support::{Bomb, Log, OnDrop, panic_of, poll_once, reports, running_loop, turns};

/// Panics with this message when it wakes.
struct BadWaker(&'static str);

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        panic!("{}", self.0);
    }
}

/// Awaits `future`, which gets a waker that panics. The task is polled again when it is woken for
/// another reason.
async fn with_bad_waker<F: Future>(message: &'static str, future: F) -> F::Output {
    let waker = Waker::from(Arc::new(BadWaker(message)));
    let mut future = pin!(future);
    poll_fn(|_| future.as_mut().poll(&mut Context::from_waker(&waker))).await
}

/// Shows that the loop still runs tasks and callbacks.
async fn assert_alive() {
    let log = Log::new();
    let in_callback = log.clone();
    running_loop().call_soon(move || in_callback.push("callback"));
    let in_task = log.clone();
    create_task(async move { in_task.push("task") }).await.unwrap();
    assert_eq!(log.take(), "callback, task");
}

fn panicked<T>(outcome: Result<T, TaskError>) -> asyncio::Panicked {
    match outcome {
        Err(TaskError::Panicked(panicked)) => panicked,
        Err(error) => panic!("the task was to panic: {error}"),
        Ok(_) => panic!("the task was to panic, and gave a value"),
    }
}

#[asyncio::test]
async fn a_panic_in_a_task_is_its_awaiters_error_with_name_place_and_payload() {
    let reports = reports();
    let text = create_task(async { panic!("out of {}", "cheese") }).with_name("shop");
    let payload = create_task(async { panic_any(7_u8) });
    let panicked_text = panicked::<()>(text.await);
    let shown = panicked_text.to_string();
    assert!(shown.starts_with("task 'shop' spawned at "), "{shown}");
    assert!(shown.contains("panics.rs:") && shown.ends_with(" panicked: out of cheese"), "{shown}");
    let panicked_payload = panicked::<()>(payload.await);
    assert_eq!(panicked_payload.message(), "(a payload that is no text)");
    assert_eq!(*panicked_payload.into_payload().downcast::<u8>().unwrap(), 7);
    assert_eq!(reports.take(), "", "the awaiter has seen them");
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_nobody_looked_at_is_reported_once_whenever_the_handle_goes() {
    let reports = reports();
    drop(create_task(async { panic!("dropped before") }));
    yield_now().await;
    assert_eq!(reports.take(), "dropped before");

    let task = create_task(async { panic!("dropped after") });
    yield_now().await;
    assert_eq!(reports.take(), "");
    drop::<Task<()>>(task);
    assert_eq!(reports.take(), "dropped after");

    let mut task = create_task(async { panic!("never asked again") });
    assert!(poll_once(pin!(&mut task)).await.is_none());
    yield_now().await;
    drop::<Task<()>>(task);
    assert_eq!(reports.take(), "never asked again");
    turns(2).await;
    assert_eq!(reports.take(), "", "each is reported once");
}

#[asyncio::test]
async fn a_report_says_what_happened_and_whose_it_was() {
    let log = Log::new();
    let writer = log.clone();
    running_loop().set_exception_handler(move |context| writer.push(context));
    create_task(async { panic!("boom") }).with_name("worker").detach();
    running_loop().call_soon(|| panic!("bang"));
    yield_now().await;
    let shown = log.take();
    assert!(
        shown.starts_with("a task panicked and nobody awaited it: task 'worker' spawned at "),
        "{shown}"
    );
    assert!(shown.contains(" panicked: boom, "), "{shown}");
    assert!(shown.contains("unhandled panic: callback scheduled at "), "{shown}");
    assert!(shown.ends_with(" panicked: bang"), "{shown}");
}

#[test]
fn a_report_of_a_task_that_a_run_left_says_so() {
    let log = Log::new();
    asyncio::run(async {
        let writer = log.clone();
        running_loop().set_exception_handler(move |context| writer.push(context));
        create_task(async {
            asyncio::catch_cancel(std::future::pending::<()>()).await.unwrap_err();
            panic!("boom");
        })
        .detach();
        yield_now().await;
    });
    let shown = log.take();
    assert!(shown.starts_with("a task panicked during asyncio::run() shutdown: task 'Task-2'"));
    assert!(shown.ends_with(" panicked: boom"), "{shown}");
}

#[asyncio::test]
async fn a_panic_in_a_callback_is_reported_and_the_others_run() {
    let reports = reports();
    let log = Log::new();
    let (before, after) = (log.clone(), log.clone());
    running_loop().call_soon(move || before.push("before"));
    running_loop().call_soon(|| panic!("in a callback"));
    running_loop().call_soon(move || after.push("after"));
    let task = create_task(async {});
    task.add_done_callback(|| panic!("in a done callback"));
    turns(2).await;
    assert_eq!(log.take(), "before, after");
    assert_eq!(reports.take(), "in a callback, in a done callback");
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_in_a_futures_destructor_is_reported_and_the_outcome_stays() {
    let reports = reports();
    let finished = create_task(async {
        let guard = Bomb("after the value");
        // Held by the future until it is dropped.
        poll_once(pin!(async {})).await;
        std::mem::forget(guard);
        let kept = Bomb("kept by the future");
        let mut value = Some(5);
        return poll_fn(move |_| {
            let _kept = &kept;
            std::task::Poll::Ready(value.take())
        })
        .await;
    });
    // `async` blocks drop what they hold when they return, so this one is dropped in the poll.
    assert_eq!(panicked(finished.await).message(), "kept by the future");

    let by_hand = create_task(Held { _bomb: Bomb("dropped after its value") });
    assert_eq!(by_hand.await.unwrap(), 6);
    assert_eq!(reports.take(), "dropped after its value");

    let bomb = Bomb("dropped by a cancellation");
    let cancelled = create_task(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    yield_now().await;
    cancelled.cancel();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    assert_eq!(reports.take(), "dropped by a cancellation");
    assert_alive().await;
}

/// A future that is ready at once, and panics when it is dropped.
struct Held {
    _bomb: Bomb,
}

impl Future for Held {
    type Output = u8;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> std::task::Poll<u8> {
        std::task::Poll::Ready(6)
    }
}

#[asyncio::test]
async fn a_panic_in_the_destructor_of_a_value_nobody_wants_is_reported() {
    let reports = reports();
    create_task(async { Bomb("a detached task's value") }).detach();
    turns(2).await;
    assert_eq!(reports.take(), "a detached task's value");
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_in_the_destructor_of_a_value_reaches_whoever_drops_the_handle() {
    let task = create_task(async { Bomb("an unread value") });
    yield_now().await;
    assert_eq!(panic_of(|| drop(task)), "an unread value");
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_in_the_destructor_of_what_a_callback_captured_is_reported() {
    let reports = reports();
    let bomb = Bomb("captured");
    running_loop().call_soon(move || drop(bomb));
    let bomb = Bomb("captured and unused");
    running_loop().call_soon(move || {
        let _bomb = &bomb;
    });
    yield_now().await;
    assert_eq!(reports.take(), "captured, captured and unused");
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_in_the_destructor_of_a_payload_is_contained() {
    let reports = reports();
    running_loop().call_soon(|| panic_any(Bomb("a callback's payload")));
    create_task(async { panic_any(Bomb("a task's payload")) }).detach();
    turns(2).await;
    let told = "(a payload that is no text)";
    assert!(reports.take().starts_with(told));
    assert_alive().await;
}

#[asyncio::test]
async fn a_waker_that_panics_at_the_end_of_a_task_is_reported() {
    let reports = reports();
    let ends = create_task(yield_now());
    let awaiter = create_task(with_bad_waker("an awaiter's waker", ends));
    turns(3).await;
    assert_eq!(reports.take(), "an awaiter's waker");
    assert!(!awaiter.is_done());
    assert_alive().await;
}

#[asyncio::test(clock = "virtual")]
async fn a_waker_that_panics_at_a_deadline_is_reported_and_other_timers_fire() {
    let reports = reports();
    create_task(with_bad_waker("a sleeper's waker", support::seconds(1))).detach();
    let other = create_task(support::seconds(1));
    support::seconds(2).await;
    assert_eq!(reports.take(), "a sleeper's waker");
    assert!(other.is_done());
    assert_alive().await;
}

#[asyncio::test]
async fn a_waker_that_panics_when_a_future_is_set_keeps_no_other_from_being_woken() {
    let reports = reports();
    let future = running_loop().create_future::<u8>();
    create_task(with_bad_waker("a waiter's waker", future.clone())).detach();
    let other = create_task(future.clone());
    turns(2).await;
    future.set_result(3).unwrap();
    assert_eq!(other.await.unwrap().unwrap(), 3);
    assert_eq!(reports.take(), "a waiter's waker");
}

#[asyncio::test]
async fn a_waker_that_panics_in_a_cancellation_keeps_nobody_from_being_cancelled() {
    let reports = reports();
    let caught = with_bad_waker("a catcher's waker", catch_cancel(pending::<()>()));
    let task = create_task(async { caught.await.is_err() });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap());
    assert_eq!(reports.take(), "a catcher's waker");
    assert_alive().await;
}

#[asyncio::test]
async fn a_waker_that_panics_in_a_childs_turn_is_reported() {
    let reports = reports();
    let task = create_task(with_bad_waker("a parent's waker", asyncio::gather!(yield_now())));
    turns(3).await;
    assert_eq!(reports.take(), "a parent's waker");
    task.cancel();
    assert_alive().await;
}

#[asyncio::test]
async fn a_panic_in_a_childs_destructor_is_reported_and_its_siblings_go_on() {
    let reports = reports();
    let (six, seven) = asyncio::gather!(Held { _bomb: Bomb("a child's") }, async {
        turns(2).await;
        7
    })
    .await;
    assert_eq!((six, seven), (6, 7));
    assert_eq!(reports.take(), "a child's");
}

#[asyncio::test]
async fn an_exception_handler_that_panics_stops_nothing() {
    let told = Log::new();
    let writer = told.clone();
    running_loop().set_exception_handler(move |context| {
        writer.push(context.panicked().unwrap().message());
        panic!("the handler");
    });
    running_loop().call_soon(|| panic!("one"));
    create_task(async { panic!("two") }).detach();
    yield_now().await;
    assert_eq!(told.take(), "one, two");
    assert_alive().await;
}

#[test]
fn what_main_panics_with_comes_out_after_everything_is_cleaned_up() {
    let log = Log::new();
    let dropped = log.on_drop("main's local");
    let in_task = log.clone();
    let task = async move {
        asyncio::with_cleanup(pending::<()>(), async move {
            turns(2).await;
            in_task.push("leftover cleaned up");
        })
        .await;
    };
    let panic = panic_of(|| {
        asyncio::run(async {
            let _dropped = dropped;
            create_task(task).detach();
            yield_now().await;
            panic!("main");
        })
    });
    assert_eq!(panic, "main");
    assert_eq!(log.take(), "main's local, leftover cleaned up");
    assert!(asyncio::get_running_loop().is_err());
    assert_eq!(asyncio::run(async { 1 }), 1);
}

#[test]
fn a_payload_of_any_type_comes_out_of_run() {
    let payload = catch_unwind(|| asyncio::run(async { panic_any(7_u8) })).unwrap_err();
    assert_eq!(*payload.downcast::<u8>().unwrap(), 7);
}

#[test]
fn a_panic_in_mains_destructor_comes_out_and_the_leftovers_are_cleaned_up() {
    let log = Log::new();
    let leftover = log.on_drop("leftover dropped");
    let main = async {
        create_task(async move {
            let _leftover = leftover;
            pending::<()>().await;
        })
        .detach();
        yield_now().await;
        Held { _bomb: Bomb("main's") }.await
    };
    assert_eq!(panic_of(|| asyncio::run(main)), "main's");
    assert_eq!(log.take(), "leftover dropped");
    assert!(asyncio::get_running_loop().is_err());
}

#[test]
fn a_panic_in_a_destructor_at_the_close_lets_the_rest_be_dropped() {
    let log = Log::new();
    let event_loop = asyncio::new_event_loop();
    let reports = support::reports_of(&event_loop);
    let bomb = Bomb("a task's");
    event_loop.create_task(async move { drop(bomb) }).detach();
    let bomb = Bomb("a callback's");
    event_loop.call_soon(move || drop(bomb));
    let bomb = Bomb("a timer's");
    event_loop.call_later(std::time::Duration::from_secs(1), move || drop(bomb));
    let (task, callback) = (log.on_drop("task"), log.on_drop("callback"));
    event_loop.create_task(async move { drop(task) }).detach();
    event_loop.call_soon(move || drop(callback));
    event_loop.close();
    assert_eq!(reports.take(), "a task's, a callback's, a timer's");
    assert_eq!(log.take(), "task, callback");
}

#[test]
fn a_panic_in_the_destructor_of_the_exception_handler_does_not_reach_close() {
    let event_loop = asyncio::new_event_loop();
    let bomb = Bomb("the handler's");
    event_loop.set_exception_handler(move |_| {
        let _bomb = &bomb;
    });
    event_loop.close();
    assert!(event_loop.is_closed());
}

#[test]
fn what_a_destructor_asks_of_a_closed_loop_is_refused_and_reported() {
    let event_loop = asyncio::new_event_loop();
    let reports = support::reports_of(&event_loop);
    let this = event_loop.clone();
    let on_drop = OnDrop::new(move || drop(this.call_soon(|| unreachable!("it is closed"))));
    event_loop.create_task(async move { drop(on_drop) }).detach();
    event_loop.close();
    assert!(reports.take().starts_with("Event loop is closed"));
}

#[test]
fn a_panic_of_a_leftover_is_reported_though_its_handle_lives_on() {
    let kept = RefCell::new(None);
    let reports = Rc::new(RefCell::new(Log::new()));
    asyncio::run(async {
        reports.replace(support::reports());
        kept.replace(Some(create_task(async {
            catch_cancel(pending::<()>()).await.unwrap_err();
            panic!("in the cleanup");
        })));
        yield_now().await;
    });
    assert_eq!(reports.borrow().take(), "in the cleanup");
    drop(kept);
    assert_eq!(reports.borrow().take(), "", "once is enough");
}
