//! `asyncio::Future`: set once, seen by all who wait, cancelled through them.

mod support;

use std::cell::{Cell, RefCell};
use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use asyncio::{Future, FutureError, InvalidStateError, catch_cancel, create_task, yield_now};
use support::reports;

fn future<T>() -> Future<T> {
    asyncio::get_running_loop().unwrap().create_future()
}

#[test]
fn a_result_is_set_once() {
    asyncio::run(async {
        let future = future();
        assert_eq!(future.result().unwrap_err(), InvalidStateError::NotDone);
        assert!(!future.is_done());
        future.set_result(1).unwrap();
        assert_eq!(future.set_result(2), Err(InvalidStateError::AlreadyDone));
        assert_eq!(
            future.set_exception(io::Error::other("x")),
            Err(InvalidStateError::AlreadyDone)
        );
        assert!(!future.cancel());
        assert!(future.is_done() && !future.is_cancelled());
        assert_eq!(future.result().unwrap().unwrap(), 1);
        assert_eq!(future.await.unwrap(), 1);
    });
}

#[test]
fn an_error_reaches_everyone_who_awaits_it() {
    asyncio::run(async {
        let future = future::<()>();
        future.set_exception(io::Error::from(io::ErrorKind::NotFound)).unwrap();
        for awaiting in [future.clone(), future] {
            let Err(FutureError::Exception(error)) = awaiting.await else { panic!("no error") };
            let error = error.downcast_ref::<io::Error>().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
    });
}

#[asyncio::test]
async fn an_error_nobody_looked_at_is_reported_once_when_the_last_handle_goes() {
    let reports = reports();
    let (lost, seen, unwanted) = (future::<()>(), future::<()>(), future::<()>());
    for future in [&lost, &seen, &unwanted] {
        future.set_exception(io::Error::other("disk on fire")).unwrap();
    }
    assert!(seen.clone().await.is_err());
    assert!(!unwanted.cancel());
    drop((seen, unwanted));
    let clone = lost.clone();
    drop(lost);
    assert_eq!(reports.take(), "");
    drop(clone);
    assert_eq!(reports.take(), "a future was given an error and nobody looked at it: disk on fire");
}

#[test]
fn a_cancelled_future_gives_its_message() {
    asyncio::run(async {
        let future = future::<()>();
        assert!(future.cancel_with("no more"));
        assert!(future.is_cancelled() && future.is_done());
        let Err(FutureError::Cancelled(cancelled)) = future.await else { panic!("not cancelled") };
        assert_eq!(cancelled.message(), Some("no more"));
    });
}

#[test]
fn a_future_can_be_awaited_again_and_again() {
    asyncio::run(async {
        let mut future = future();
        future.set_result("same").unwrap();
        for _ in 0..3 {
            assert_eq!((&mut future).await.unwrap(), "same");
        }
    });
}

#[test]
fn callbacks_wait_for_the_next_turn_and_keep_their_order() {
    asyncio::run(async {
        let (future, order) = (future(), Rc::new(RefCell::new(Vec::new())));
        let note = |what| {
            let order = order.clone();
            move || order.borrow_mut().push(what)
        };
        future.add_done_callback(note(1));
        let removed = future.add_done_callback(|| unreachable!("it was taken back"));
        future.add_done_callback(note(2));
        assert!(future.remove_done_callback(removed));
        assert!(!future.remove_done_callback(removed));

        future.set_result(()).unwrap();
        let late = future.add_done_callback(note(3));
        assert!(!future.remove_done_callback(late), "it is on its way");
        assert!(order.borrow().is_empty(), "never called at once");
        yield_now().await;
        assert_eq!(*order.borrow(), [1, 2, 3]);
    });
}

#[asyncio::test]
async fn those_who_await_go_on_in_their_places_among_the_callbacks() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let future = future();
    let noting = |name: &'static str| {
        let log = log.clone();
        move || log.borrow_mut().push(name)
    };
    let awaiting = |name| {
        let (future, note) = (future.clone(), noting(name));
        create_task(async move {
            future.await.unwrap();
            note();
        })
    };
    future.add_done_callback(noting("callback 1"));
    let first = awaiting("awaiter 1");
    yield_now().await;
    future.add_done_callback(noting("callback 2"));
    let second = awaiting("awaiter 2");
    yield_now().await;
    future.add_done_callback(noting("callback 3"));
    future.set_result(()).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    yield_now().await;
    let expected = ["callback 1", "awaiter 1", "callback 2", "awaiter 2", "callback 3"];
    assert_eq!(*log.borrow(), expected);
}

#[test]
fn a_cancelled_future_calls_its_callbacks_too() {
    asyncio::run(async {
        let (future, called) = (future::<()>(), Rc::new(Cell::new(false)));
        let (this, setter) = (future.clone(), called.clone());
        future.add_done_callback(move || setter.set(this.is_cancelled()));
        future.cancel();
        yield_now().await;
        assert!(called.get());
    });
}

#[test]
fn all_who_wait_get_the_result_in_the_order_they_came() {
    asyncio::run(async {
        let (future, order) = (future(), Rc::new(RefCell::new(Vec::new())));
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (future, order) = (future.clone(), order.clone());
                create_task(async move {
                    assert_eq!(future.await.unwrap(), "go");
                    order.borrow_mut().push(number);
                })
            })
            .collect();
        yield_now().await;
        future.set_result("go").unwrap();
        asyncio::gather(tasks).await;
        assert_eq!(*order.borrow(), (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn one_who_leaves_does_not_let_a_later_one_jump_the_line() {
    asyncio::run(async {
        let (future, order) = (future(), Rc::new(RefCell::new(Vec::new())));
        let wait = |name| {
            let (future, order) = (future.clone(), order.clone());
            create_task(async move {
                future.await.unwrap();
                order.borrow_mut().push(name);
            })
        };
        let mut leaves = pin!(future.clone());
        assert!(leaves.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let first = wait("first");
        yield_now().await;
        leaves.set(future.clone());
        let second = wait("second");
        yield_now().await;

        future.set_result(()).unwrap();
        asyncio::gather([first, second]).await;
        assert_eq!(*order.borrow(), ["first", "second"]);
    });
}

#[test]
fn an_await_that_is_dropped_leaves_the_future_to_the_others() {
    asyncio::run(async {
        let future = future();
        {
            let mut dropped = pin!(future.clone());
            assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let waits = create_task(future.clone());
        yield_now().await;
        future.set_result(1).unwrap();
        assert_eq!(waits.await.unwrap().unwrap(), 1);
    });
}

#[test]
fn cancelling_a_task_cancels_the_future_it_awaits() {
    asyncio::run(async {
        let future = future::<()>();
        let (task, other) = (create_task(future.clone()), create_task(future.clone()));
        yield_now().await;
        task.cancel_with("stop");
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(future.is_cancelled());
        assert_eq!(other.await.unwrap().unwrap_err().to_string(), "cancelled: stop");
    });
}

#[test]
fn a_catcher_around_the_await_gets_the_cancellation() {
    asyncio::run(async {
        let future = future::<()>();
        let awaited = future.clone();
        let task = create_task(async move {
            let caught = catch_cancel(awaited).await.unwrap_err();
            yield_now().await;
            caught.to_string()
        });
        yield_now().await;
        task.cancel_with("stop");
        assert_eq!(task.await.unwrap(), "cancelled: stop");
        assert!(future.is_cancelled());
    });
}

#[test]
fn a_cancellation_that_meets_the_result_on_its_way_wins() {
    asyncio::run(async {
        let future = future();
        let task = create_task(future.clone());
        yield_now().await;
        future.set_result(1).unwrap();
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(future.result().unwrap().unwrap(), 1, "the future keeps its result");
    });
}

/// Wakers of other crates may do anything, and each waiter brings its own.
#[test]
fn a_waker_that_panics_keeps_no_other_waiter_from_being_woken() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("in a waker");
        }
    }

    asyncio::run(async {
        let event_loop = asyncio::get_running_loop().unwrap();
        let reports = Rc::new(Cell::new(0));
        let count = reports.clone();
        event_loop.set_exception_handler(move |_| count.set(count.get() + 1));

        let future = future();
        let waker = Waker::from(Arc::new(Bomb));
        let mut foreign = pin!(future.clone());
        assert!(foreign.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let waits = create_task(future.clone());
        yield_now().await;

        future.set_result(1).unwrap();
        assert_eq!(waits.await.unwrap().unwrap(), 1);
        assert_eq!(reports.get(), 1);
    });
}

/// A waker's destructor is foreign code too, and may come back to the future.
#[test]
fn a_waiters_old_waker_may_touch_the_future_as_it_goes() {
    thread_local! {
        static TOUCHED: RefCell<Option<Future<u8>>> = const { RefCell::new(None) };
    }
    struct Touches;
    impl Wake for Touches {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Touches {
        fn drop(&mut self) {
            TOUCHED.with_borrow(|future| future.as_ref().unwrap().set_result(1)).unwrap();
        }
    }

    asyncio::run(async {
        let future = future();
        TOUCHED.set(Some(future.clone()));
        let mut awaiting = pin!(future.clone());
        let waker = Waker::from(Arc::new(Touches));
        assert!(awaiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        // The next poll brings another waker; dropping the first one sets the result.
        let polled = awaiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending | Poll::Ready(Ok(1))));
        assert_eq!(awaiting.await.unwrap(), 1);
        TOUCHED.set(None);
    });
}

#[test]
fn a_future_made_before_the_run_and_set_by_a_callback_is_seen() {
    let event_loop = asyncio::new_event_loop();
    let future = event_loop.create_future();
    let setter = future.clone();
    event_loop.call_later(std::time::Duration::from_millis(1), move || {
        setter.set_result("late").unwrap();
    });
    assert_eq!(event_loop.run_until_complete(future).unwrap(), "late");
    event_loop.close();
}

#[test]
fn a_future_outlives_its_loop() {
    let event_loop = asyncio::new_event_loop();
    let future = event_loop.create_future();
    let task = event_loop.create_task(future.clone());
    event_loop.run_once();
    event_loop.close();
    future.set_result(1).unwrap();
    assert_eq!(future.result().unwrap().unwrap(), 1);
    assert!(task.is_cancelled());
}

/// A callback that the closed loop will never run must not be kept, or it would keep the loop.
#[test]
fn a_callback_for_a_closed_loop_is_dropped() {
    let event_loop = asyncio::new_event_loop();
    let held = Rc::new(());
    let (future, in_callback) = (event_loop.create_future(), held.clone());
    future.add_done_callback(move || drop(in_callback));
    let this = event_loop.clone();
    future.add_done_callback(move || drop(this));
    event_loop.close();
    future.set_result(()).unwrap();
    drop((future, event_loop));
    assert_eq!(Rc::strong_count(&held), 1);
}
