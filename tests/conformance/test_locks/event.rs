//! `EventTests`.

use std::rc::Rc;

use asyncio::{Event, Task, create_task, yield_now};

use super::{Notes, cancel};

fn noting(event: &Rc<Event>, notes: &Notes<u8>, note: u8) -> Task<()> {
    let (event, notes) = (event.clone(), notes.clone());
    create_task(async move {
        event.wait().await;
        notes.note(note);
    })
}

#[asyncio::test]
async fn test_repr() {
    let event = Rc::new(Event::new());
    assert_eq!(format!("{event:?}"), "<Event [unset]>");
    let waiting = noting(&event, &Notes::new(), 1);
    yield_now().await;
    assert_eq!(format!("{event:?}"), "<Event [unset, waiters:1]>");
    event.set();
    assert_eq!(format!("{event:?}"), "<Event [set]>");
    waiting.await.unwrap();
}

#[asyncio::test]
async fn test_wait() {
    let (event, notes) = (Rc::new(Event::new()), Notes::new());
    assert!(!event.is_set());
    let (first, second) = (noting(&event, &notes, 1), noting(&event, &notes, 2));
    yield_now().await;
    notes.assert(&[]);
    let third = noting(&event, &notes, 3);
    event.set();
    yield_now().await;
    notes.assert(&[3, 1, 2]);
    assert!(first.is_done() && second.is_done() && third.is_done());
}

#[asyncio::test]
async fn test_wait_on_set() {
    let event = Event::new();
    event.set();
    event.wait().await;
}

#[asyncio::test]
async fn test_wait_cancel() {
    let event = Rc::new(Event::new());
    let task = noting(&event, &Notes::new(), 1);
    yield_now().await;
    cancel(task).await;
    assert_eq!(format!("{event:?}"), "<Event [unset]>", "no waiter is left");
}

#[asyncio::test]
async fn test_clear() {
    let event = Event::new();
    assert!(!event.is_set());
    event.set();
    assert!(event.is_set());
    event.clear();
    assert!(!event.is_set());
}

#[asyncio::test]
async fn test_clear_with_waiters() {
    let (event, notes) = (Rc::new(Event::new()), Notes::new());
    let task = noting(&event, &notes, 1);
    yield_now().await;
    notes.assert(&[]);
    event.set();
    event.clear();
    assert!(!event.is_set());
    event.set();
    event.set();
    yield_now().await;
    notes.assert(&[1]);
    assert_eq!(format!("{event:?}"), "<Event [set]>");
    assert!(task.is_done());
}
