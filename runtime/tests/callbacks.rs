//! Callbacks: in which order they run, taking them back, and what happens when they panic.

mod journal;

use std::cell::RefCell;
use std::panic::{catch_unwind, panic_any};
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Clock, EventLoop, ExceptionContext, Runner, create_task, new_event_loop};
use journal::Journal;

/// A loop whose exception handler writes to the journal.
fn loop_that_reports() -> (EventLoop, Journal) {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let reports = journal.clone();
    event_loop.set_exception_handler(move |context| reports.note(&context.to_string()));
    (event_loop, journal)
}

#[test]
fn call_soon_is_first_in_first_out() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    for number in 0..5 {
        event_loop.call_soon(journal.noting(&number.to_string()));
    }
    event_loop.run_once();
    assert_eq!(journal.take(), ["0", "1", "2", "3", "4"]);
    event_loop.close();
}

#[test]
fn callbacks_and_tasks_share_one_queue() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    event_loop.call_soon(journal.noting("call 1"));
    let note = journal.noting("task");
    event_loop.create_task(async { note() }).detach();
    event_loop.call_soon(journal.noting("call 2"));
    event_loop.run_once();
    assert_eq!(journal.take(), ["call 1", "task", "call 2"]);
    event_loop.close();
}

#[test]
fn what_a_callback_schedules_waits_for_the_next_turn() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (this, inner) = (event_loop.clone(), journal.clone());
    event_loop.call_soon(move || {
        this.call_soon(inner.noting("next turn"));
        this.call_later(Duration::ZERO, inner.noting("due in the next turn"));
    });
    event_loop.call_soon(journal.noting("this turn"));
    event_loop.run_once();
    assert_eq!(journal.take(), ["this turn"]);
    event_loop.run_once();
    assert_eq!(journal.take(), ["next turn", "due in the next turn"]);
    event_loop.close();
}

#[test]
fn a_callback_that_reschedules_itself_keeps_nobody_from_running() {
    fn again(event_loop: &EventLoop) {
        let this = event_loop.clone();
        event_loop.call_soon(move || again(&this));
    }

    let event_loop = new_event_loop();
    again(&event_loop);
    event_loop.run_until_complete(async {
        asyncio::sleep(Duration::from_millis(1)).await;
    });
    event_loop.close();
}

#[test]
fn timers_run_by_deadline_and_equal_ones_in_insertion_order() {
    let mut runner = Runner::builder().clock(Clock::Virtual).build();
    let (event_loop, journal) = (runner.event_loop(), Journal::default());
    let now = event_loop.time();
    for (seconds, name) in [(2, "2a"), (1, "1a"), (2, "2b"), (1, "1b"), (0, "0")] {
        event_loop.call_at(now + Duration::from_secs(seconds), journal.noting(name));
    }
    event_loop.call_later(Duration::from_secs(1), journal.noting("1c"));
    runner.run(asyncio::sleep(Duration::from_secs(3)));
    assert_eq!(journal.take(), ["0", "1a", "1b", "1c", "2a", "2b"]);
}

#[test]
fn timers_that_are_due_run_behind_what_is_ready() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    event_loop.call_at(event_loop.time(), journal.noting("due"));
    event_loop.call_soon(journal.noting("ready"));
    event_loop.run_once();
    assert_eq!(journal.take(), ["ready", "due"]);
    event_loop.close();
}

#[test]
fn a_cancelled_callback_does_not_run_and_is_dropped_at_once() {
    let event_loop = new_event_loop();
    let held = Rc::new(());
    let (in_call, in_timer) = (held.clone(), held.clone());
    let call = event_loop.call_soon(move || drop(in_call));
    let timer = event_loop.call_later(Duration::ZERO, move || drop(in_timer));
    call.cancel();
    timer.cancel();
    assert_eq!(Rc::strong_count(&held), 1);
    assert!(call.is_cancelled() && timer.is_cancelled());
    call.cancel();
    timer.cancel();
    event_loop.run_once();
    event_loop.close();
    timer.cancel();
}

#[test]
fn a_callback_may_cancel_one_of_the_same_turn_and_itself() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let own: Rc<RefCell<Option<asyncio::Handle>>> = Rc::default();
    let victim: Rc<RefCell<Option<asyncio::TimerHandle>>> = Rc::default();
    let (this, other, first) = (own.clone(), victim.clone(), journal.noting("first"));
    let handle = event_loop.call_soon(move || {
        this.borrow().as_ref().unwrap().cancel();
        other.borrow().as_ref().unwrap().cancel();
        first();
    });
    own.replace(Some(handle));
    victim.replace(Some(event_loop.call_at(event_loop.time(), journal.noting("victim"))));
    event_loop.run_once();
    event_loop.run_once();
    assert_eq!(journal.take(), ["first"]);
    event_loop.close();
}

#[test]
fn a_handle_of_a_callback_that_has_run_was_not_cancelled() {
    let event_loop = new_event_loop();
    let handle = event_loop.call_soon(|| {});
    event_loop.run_once();
    assert!(!handle.is_cancelled());
    event_loop.close();
}

#[test]
fn cancelled_timers_leave_no_memory_and_do_not_hide_the_one_that_stays() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let held = Rc::new(());
    let hour = Duration::from_secs(3600);
    let timers: Vec<_> = (0..100_000)
        .map(|_| {
            let held = held.clone();
            event_loop.call_later(hour, move || drop(held))
        })
        .collect();
    event_loop.call_later(Duration::ZERO, journal.noting("stays"));
    timers.iter().for_each(asyncio::TimerHandle::cancel);
    assert_eq!(Rc::strong_count(&held), 1);
    event_loop.run_once();
    assert_eq!(journal.take(), ["stays"]);
    event_loop.close();
}

#[test]
fn a_panic_in_a_callback_is_reported_with_its_place_and_the_loop_goes_on() {
    let (event_loop, journal) = loop_that_reports();
    event_loop.call_soon(|| panic!("boom"));
    event_loop.call_soon(journal.noting("next"));
    event_loop.call_later(Duration::ZERO, || panic_any(7_u8));
    event_loop.run_once();
    let notes = journal.take();
    assert_eq!(notes.len(), 3, "{notes:?}");
    let expected = format!("unhandled panic: callback scheduled at {}:", file!());
    assert!(notes[0].starts_with(&expected), "{}", notes[0]);
    assert!(notes[0].ends_with("panicked: boom"), "{}", notes[0]);
    assert_eq!(notes[1], "next");
    assert!(notes[2].ends_with("panicked: (a payload that is no text)"), "{}", notes[2]);
    event_loop.close();
}

/// The place that a report names is where the callback was handed in, also by another thread.
#[test]
fn a_report_names_the_users_line_whoever_scheduled_the_callback() {
    let (event_loop, journal) = loop_that_reports();
    event_loop.handle().call_soon(|| panic!("from a thread")).unwrap();
    let future = event_loop.create_future();
    future.add_done_callback(|| panic!("from a future"));
    future.set_result(()).unwrap();
    let task = event_loop.create_task(async {});
    task.add_done_callback(|| panic!("from a task"));
    event_loop.run_once();
    event_loop.run_once();
    let notes = journal.take();
    assert_eq!(notes.len(), 3, "{notes:?}");
    for note in notes {
        assert!(note.contains(&format!("callback scheduled at {}:", file!())), "{note}");
    }
    event_loop.close();
}

/// A payload's own destructor may panic: the worst that `panic_any` can be given.
#[test]
fn a_panic_whose_payload_panics_when_dropped_stops_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload went off");
        }
    }

    let (event_loop, journal) = loop_that_reports();
    event_loop.call_soon(|| panic_any(Bomb));
    event_loop.call_soon(journal.noting("next"));
    event_loop.run_once();
    assert_eq!(journal.take().last().unwrap(), "next");
    event_loop.close();
}

#[test]
fn a_panic_in_a_callbacks_destructor_is_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "in a destructor");
        }
    }

    let (event_loop, journal) = loop_that_reports();
    for _ in 0..2 {
        let bomb = Bomb;
        event_loop.call_later(Duration::from_secs(3600), move || drop(bomb));
    }
    event_loop.close();
    assert_eq!(journal.take().len(), 2);
}

#[test]
fn a_handler_that_panics_falls_back_to_the_default_one_and_stays() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let told = journal.clone();
    event_loop.set_exception_handler(move |context| {
        told.note(context.message());
        panic!("the handler is broken");
    });
    event_loop.call_soon(|| panic!("boom"));
    event_loop.call_soon(|| panic!("boom again"));
    event_loop.call_soon(journal.noting("next"));
    event_loop.run_once();
    assert_eq!(journal.take(), ["unhandled panic", "unhandled panic", "next"]);
    event_loop.close();
}

#[test]
fn a_handler_may_replace_itself_and_use_the_loop() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let (this, notes) = (event_loop.clone(), journal.clone());
    event_loop.set_exception_handler(move |_| {
        notes.note("first handler");
        let second = notes.clone();
        this.set_exception_handler(move |_| second.note("second handler"));
        this.call_soon(|| panic!("again"));
    });
    event_loop.call_soon(|| panic!("boom"));
    event_loop.run_once();
    event_loop.run_once();
    assert_eq!(journal.take(), ["first handler", "second handler"]);
    event_loop.close();
}

#[test]
fn the_handler_is_told_what_the_program_tells_it() {
    let (event_loop, journal) = loop_that_reports();
    event_loop.call_exception_handler(&ExceptionContext::new("odd"));
    assert_eq!(journal.take(), ["odd"]);
    event_loop.reset_exception_handler();
    event_loop.call_exception_handler(&ExceptionContext::new("on standard error"));
    assert!(journal.take().is_empty());
    event_loop.close();
}

#[test]
fn a_task_that_panics_takes_no_other_down() {
    let (event_loop, journal) = loop_that_reports();
    let note = journal.noting("other");
    let other = event_loop.create_task(async {
        asyncio::yield_now().await;
        note();
    });
    event_loop.create_task(async { panic!("boom") }).with_name("broken").detach();
    event_loop.run_until_complete(other).unwrap();
    let notes = journal.take();
    assert!(notes[0].contains("task 'broken' spawned at "), "{notes:?}");
    assert_eq!(notes[1], "other");
    event_loop.close();
}

#[test]
fn a_spawn_inside_a_callback_runs_in_the_next_turn() {
    let (event_loop, journal) = (new_event_loop(), Journal::default());
    let note = journal.noting("task");
    event_loop.call_soon(move || create_task(async { note() }).detach());
    event_loop.run_once();
    assert!(journal.take().is_empty());
    event_loop.run_once();
    assert_eq!(journal.take(), ["task"]);
    event_loop.close();
}

#[test]
fn outside_a_loop_a_task_cannot_be_made_and_the_message_says_where_it_can() {
    let payload = catch_unwind(|| create_task(async {}).detach()).unwrap_err();
    let message = payload.downcast::<String>().unwrap();
    assert!(message.contains("`create_task` needs a running event loop"), "{message}");
}
