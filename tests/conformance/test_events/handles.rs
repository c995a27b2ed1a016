//! `HandleTests` and `TimerTests`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use asyncio::new_event_loop;

/// `test_events/handles.rs:14:5`, as messages show it, of the line it is called in.
#[track_caller]
fn here() -> String {
    let here = std::panic::Location::caller();
    format!("{}:{}:", here.file(), here.line())
}

#[test]
fn test_handle() {
    let event_loop = new_event_loop();
    let called = Rc::new(Cell::new(false));
    let seen = called.clone();
    let handle = event_loop.call_soon(move || seen.set(true));
    assert!(!handle.is_cancelled());

    handle.cancel();
    assert!(handle.is_cancelled());
    event_loop.run_once();
    assert!(!called.get());
    event_loop.close();
}

#[test]
fn test_callback_with_exception() {
    let event_loop = new_event_loop();
    let told = Rc::new(RefCell::new(Vec::new()));
    let writer = told.clone();
    event_loop.set_exception_handler(move |context| writer.borrow_mut().push(context.to_string()));
    let (_handle, place) = (event_loop.call_soon(|| panic!("value error")), here());
    event_loop.run_once();
    let told = told.take();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert!(told.starts_with(&format!("unhandled panic: callback scheduled at {place}")), "{told}");
    assert!(told.ends_with(" panicked: value error"), "{told}");
    event_loop.close();
}

/// A closure has no name: the place that scheduled it is shown, with debug mode and without.
#[test]
fn test_handle_repr() {
    let event_loop = new_event_loop();
    let (handle, place) = (event_loop.call_soon(|| {}), here());
    let shown = format!("{handle:?}");
    assert!(shown.starts_with(&format!("<callback scheduled at {place}")), "{shown}");
    assert!(!shown.contains("cancelled"), "{shown}");

    handle.cancel();
    let shown = format!("{handle:?}");
    assert!(shown.starts_with(&format!("<callback scheduled at {place}")), "{shown}");
    assert!(shown.ends_with(" (cancelled)>"), "{shown}");
    event_loop.close();
}

#[test]
fn test_handle_repr_debug() {
    let event_loop = new_event_loop();
    event_loop.set_debug(true);
    let (handle, place) = (event_loop.call_soon(|| {}), here());
    let created = format!("<callback scheduled at {place}");
    assert!(format!("{handle:?}").starts_with(&created));

    handle.cancel();
    let shown = format!("{handle:?}");
    assert!(shown.starts_with(&created) && shown.ends_with(" (cancelled)>"), "{shown}");
    handle.cancel();
    assert_eq!(format!("{handle:?}"), shown, "cancelling twice changes nothing");
    event_loop.close();
}

/// Each of them remembers the place it was called at.
#[test]
fn test_handle_source_traceback() {
    let event_loop = new_event_loop();
    let told = Rc::new(RefCell::new(Vec::new()));
    let writer = told.clone();
    event_loop.set_exception_handler(move |context| writer.borrow_mut().push(context.to_string()));
    let now = event_loop.time();
    let panics = || panic!("here");
    let places = [
        (drop(event_loop.call_soon(panics)), here()).1,
        (event_loop.handle().call_soon(panics).unwrap(), here()).1,
        (drop(event_loop.call_later(Duration::ZERO, panics)), here()).1,
        (drop(event_loop.call_at(now + Duration::from_millis(1), panics)), here()).1,
    ];
    let stopping = event_loop.clone();
    event_loop.call_later(Duration::from_millis(2), move || stopping.stop());
    event_loop.run_forever();
    let told = told.take();
    assert_eq!(told.len(), places.len(), "{told:#?}");
    for (told, place) in told.iter().zip(places) {
        assert!(told.contains(&format!("callback scheduled at {place}")), "{told}: {place}");
    }
    event_loop.close();
}

#[test]
fn test_when() {
    let event_loop = new_event_loop();
    let when = event_loop.time();
    assert_eq!(event_loop.call_at(when, || {}).when(), Some(when));
    event_loop.close();
}

/// A cancelled timer holds its callback no more.
#[test]
fn test_timer() {
    let event_loop = new_event_loop();
    let held = Rc::new(());
    let inner = held.clone();
    let timer = event_loop.call_at(event_loop.time(), move || drop(inner));
    assert!(!timer.is_cancelled());
    assert_eq!(Rc::strong_count(&held), 2);

    timer.cancel();
    assert!(timer.is_cancelled());
    assert_eq!(Rc::strong_count(&held), 1);
    event_loop.close();
}

fn shown_timer(debug: bool) {
    let event_loop = new_event_loop();
    event_loop.set_debug(debug);
    let (timer, place) = (event_loop.call_at(event_loop.time(), || {}), here());
    let shown = format!("{timer:?}");
    assert!(shown.contains(&format!("<callback scheduled at {place}")), "{shown}");
    assert!(shown.contains(&format!("{:?}", timer.when().unwrap())), "{shown}");

    timer.cancel();
    let shown = format!("{timer:?}");
    assert!(shown.contains("(cancelled)>"), "{shown}");
    assert!(shown.contains(&format!("{:?}", timer.when().unwrap())), "{shown}");
    event_loop.close();
}

#[test]
fn test_timer_repr() {
    shown_timer(false);
}

#[test]
fn test_timer_repr_debug() {
    shown_timer(true);
}
