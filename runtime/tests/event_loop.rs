//! The event loop by hand: run it, stop it, close it, ask for it. Mirrors what Python's own tests ask of
//! `BaseEventLoop`.

mod journal;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use asyncio::{EventLoop, LoopClosed, get_event_loop, new_event_loop, set_event_loop, sleep};
use journal::Journal;

/// What `misuse` panics with.
fn panic_message<T>(misuse: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(misuse)).map(drop).expect_err("it must panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("the message is text")).to_owned(),
    }
}

#[test]
fn run_until_complete_gives_the_futures_value() {
    let event_loop = new_event_loop();
    let borrowed = String::from("abc");
    assert_eq!(event_loop.run_until_complete(async { borrowed.len() }), 3);
    let task = event_loop.create_task(async { 4 });
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 4);
    event_loop.close();
}

#[test]
fn tasks_that_are_left_go_on_in_the_next_run() {
    let event_loop = new_event_loop();
    let task = event_loop.create_task(async {
        for _ in 0..5 {
            asyncio::yield_now().await;
        }
        "done"
    });
    event_loop.run_until_complete(async {});
    assert!(!task.is_done());
    assert_eq!(event_loop.run_until_complete(task).unwrap(), "done");
    event_loop.close();
}

#[test]
fn a_panic_of_the_future_comes_out_of_the_run_and_leaves_the_loop_usable() {
    let event_loop = new_event_loop();
    assert_eq!(panic_message(|| event_loop.run_until_complete(async { panic!("boom") })), "boom");
    assert!(!event_loop.is_running());
    assert_eq!(event_loop.run_until_complete(async { 1 }), 1);
    event_loop.close();
}

#[test]
fn stop_lets_the_turn_finish_and_keeps_what_comes_after_for_the_next_run() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (this, later) = (event_loop.clone(), journal.clone());
    event_loop.call_soon(move || {
        this.stop();
        later.note("stop");
        this.call_soon(later.noting("next run"));
    });
    event_loop.call_soon(journal.noting("same turn"));
    event_loop.run_forever();
    assert_eq!(journal.take(), ["stop", "same turn"]);

    event_loop.run_once();
    assert_eq!(journal.take(), ["next run"]);
    event_loop.close();
}

#[test]
fn stop_before_a_run_gives_it_one_turn() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (this, second) = (event_loop.clone(), journal.noting("second turn"));
    event_loop.call_soon(move || drop(this.call_soon(second)));
    event_loop.call_soon(journal.noting("first turn"));
    event_loop.stop();
    event_loop.run_forever();
    assert_eq!(journal.take(), ["first turn"]);

    event_loop.stop();
    event_loop.stop();
    event_loop.run_forever();
    assert_eq!(journal.take(), ["second turn"], "stopping twice is stopping once");
    event_loop.close();
}

#[test]
fn a_run_that_is_stopped_before_its_future_is_done_says_so() {
    let event_loop = new_event_loop();
    let this = event_loop.clone();
    event_loop.call_soon(move || this.stop());
    let message = panic_message(|| event_loop.run_until_complete(std::future::pending::<()>()));
    assert_eq!(message, "Event loop stopped before Future completed.");
    assert!(event_loop.all_tasks().is_empty(), "the future is gone, so its task is");
    event_loop.close();
}

#[test]
fn a_future_that_stops_the_loop_as_it_ends_gives_its_value_and_the_next_run_is_not_cut_short() {
    let event_loop = new_event_loop();
    let this = event_loop.clone();
    let value = event_loop.run_until_complete(async move {
        this.stop();
        1
    });
    assert_eq!(value, 1);
    assert_eq!(
        event_loop.run_until_complete(async {
            sleep(Duration::from_millis(1)).await;
            2
        }),
        2
    );
    event_loop.close();
}

#[test]
fn the_turn_in_which_main_ends_and_the_one_after_it_run_whole() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (this, inner) = (event_loop.clone(), journal.clone());
    event_loop.run_until_complete(async move {
        this.call_soon(inner.noting("after main"));
    });
    assert_eq!(journal.take(), ["after main"]);
    event_loop.close();
}

#[test]
fn run_once_runs_what_is_due_and_does_not_wait() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    event_loop.call_later(Duration::from_secs(3600), journal.noting("in an hour"));
    event_loop.call_later(Duration::ZERO, journal.noting("due"));
    event_loop.run_once();
    event_loop.run_once();
    assert_eq!(journal.take(), ["due"]);
    event_loop.close();
}

#[test]
fn run_once_takes_what_io_has_ready() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let note = journal.noting("readable");
    event_loop
        .create_task(async move {
            async_io::Async::new(theirs).unwrap().readable().await.unwrap();
            note();
        })
        .detach();
    event_loop.run_once();
    assert!(journal.take().is_empty());

    drop(ours);
    // The reactor may be in the hands of its helper thread, whose wake comes when it comes.
    while !event_loop.all_tasks().is_empty() {
        event_loop.run_once();
    }
    assert_eq!(journal.take(), ["readable"]);
    event_loop.close();
}

#[test]
fn closing_drops_tasks_and_callbacks_in_creation_order_and_twice_is_once() {
    struct Drops(Journal, &'static str);
    impl Drop for Drops {
        fn drop(&mut self) {
            self.0.note(self.1);
        }
    }

    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let holding = |name| {
        let drops = Drops(journal.clone(), name);
        move || drop(drops)
    };
    let pending = |name| {
        let drops = Drops(journal.clone(), name);
        async move {
            std::future::pending::<()>().await;
            drop(drops);
        }
    };
    event_loop.call_later(Duration::from_secs(3600), holding("callback 1"));
    event_loop.create_task(pending("task 1")).detach();
    event_loop.call_soon(holding("callback 2"));
    event_loop.create_task(pending("task 2")).detach();
    event_loop.call_later(Duration::from_secs(3600), holding("callback 3"));
    event_loop.handle().call_soon(|| unreachable!("it never runs")).unwrap();

    event_loop.close();
    event_loop.close();
    assert!(event_loop.is_closed());
    assert_eq!(journal.take(), ["task 1", "task 2", "callback 1", "callback 2", "callback 3"]);
}

#[test]
fn a_closed_loop_says_so_whatever_it_is_asked_for() {
    let event_loop = new_event_loop();
    event_loop.close();
    let misuses: [&dyn Fn(); 7] = [
        &|| event_loop.run_until_complete(async {}),
        &|| event_loop.run_forever(),
        &|| event_loop.run_once(),
        &|| drop(event_loop.call_soon(|| {})),
        &|| drop(event_loop.call_later(Duration::ZERO, || {})),
        &|| drop(event_loop.call_at(event_loop.time(), || {})),
        &|| event_loop.create_task(async {}).detach(),
    ];
    for misuse in misuses {
        let message = panic_message(misuse);
        assert!(message.starts_with("Event loop is closed"), "{message}");
    }
    assert_eq!(event_loop.handle().call_soon(|| {}), Err(LoopClosed));
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn the_last_handle_dropped_closes_the_loop() {
    let event_loop = new_event_loop();
    let remote = event_loop.handle();
    let dropped = Rc::new(());
    let held = dropped.clone();
    event_loop.call_soon(move || drop(held));
    drop(event_loop);
    assert_eq!(Rc::strong_count(&dropped), 1);
    assert_eq!(remote.call_soon(|| {}), Err(LoopClosed));
}

#[test]
fn a_running_loop_can_be_neither_run_again_nor_closed() {
    let event_loop = new_event_loop();
    let this = event_loop.clone();
    event_loop.run_until_complete(async {
        assert!(this.is_running());
        let again = "This event loop is already running";
        assert!(panic_message(|| this.run_until_complete(async {})).starts_with(again));
        assert!(panic_message(|| this.run_forever()).starts_with(again));
        assert!(panic_message(|| this.run_once()).starts_with(again));
        assert!(panic_message(|| this.close()).starts_with("Cannot close a running event loop"));
    });
    assert!(!this.is_running());
    event_loop.close();
}

#[test]
fn a_second_loop_cannot_run_inside_the_first() {
    let inner = new_event_loop();
    asyncio::run(async {
        let message = panic_message(|| inner.run_until_complete(async {}));
        let expected = "Cannot run the event loop while another loop is running";
        assert!(message.starts_with(expected), "{message}");
        let message = panic_message(|| asyncio::run(async {}));
        let expected = "asyncio::run() cannot be called from a running event loop";
        assert!(message.starts_with(expected), "{message}");
        assert!(!inner.is_running());
    });
    inner.close();
}

#[test]
fn get_running_loop_knows_the_loop_that_runs_and_only_that() {
    assert!(asyncio::get_running_loop().is_err());
    let event_loop = new_event_loop();
    let this = event_loop.clone();
    event_loop.call_soon(move || {
        assert!(this.is_running());
        assert!(asyncio::get_running_loop().is_ok());
        this.stop();
    });
    event_loop.run_forever();
    assert!(asyncio::get_running_loop().is_err());
    event_loop.close();
}

/// Loops have no identity to compare, so their debug flags tell them apart.
fn marked(mark: bool) -> EventLoop {
    let event_loop = new_event_loop();
    event_loop.set_debug(mark);
    event_loop
}

#[test]
fn get_event_loop_gives_the_running_one_then_the_set_one_then_a_new_one() {
    set_event_loop(Some(marked(true)));
    assert!(get_event_loop().is_debug());
    marked(false).run_until_complete(async {
        assert!(!get_event_loop().is_debug(), "the running one comes first");
    });
    assert!(get_event_loop().is_debug());

    get_event_loop().close();
    assert!(get_event_loop().is_closed(), "as in Python, a closed one stays the set one");
    set_event_loop(None);
    assert!(!get_event_loop().is_closed());
    get_event_loop().close();
    set_event_loop(None);
}

#[test]
fn each_thread_has_its_own_event_loop() {
    let ours = get_event_loop();
    ours.set_debug(true);
    let theirs = std::thread::spawn(|| get_event_loop().is_debug()).join().unwrap();
    assert!(!theirs);
    assert!(get_event_loop().is_debug());
    ours.close();
    set_event_loop(None);
}

#[test]
fn leaving_run_leaves_nothing_behind() {
    let alive = Rc::new(Cell::new(()));
    let seen = alive.clone();
    asyncio::run(async move {
        let (in_task, in_timer, in_callback) = (seen.clone(), seen.clone(), seen);
        asyncio::create_task(async move {
            std::future::pending::<()>().await;
            in_task.get();
        })
        .detach();
        let event_loop = asyncio::get_running_loop().unwrap();
        event_loop.call_later(Duration::from_secs(3600), move || in_timer.get());
        event_loop.create_future::<()>().add_done_callback(move || in_callback.get());
    });
    assert_eq!(Rc::strong_count(&alive), 1);
}
