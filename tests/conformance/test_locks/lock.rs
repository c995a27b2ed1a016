//! `LockTests`.

use std::rc::Rc;

use asyncio::{Lock, Task, create_task, get_running_loop, yield_now};

use super::Notes;

/// Takes the lock, notes that, and lets it go.
fn noting<T: Clone + std::fmt::Debug + PartialEq + 'static>(
    lock: &Rc<Lock>,
    notes: &Notes<T>,
    note: T,
) -> Task<()> {
    let (lock, notes) = (lock.clone(), notes.clone());
    create_task(async move {
        let _held = lock.acquire().await;
        notes.note(note);
    })
}

#[asyncio::test]
async fn test_repr() {
    let lock = Lock::new(());
    assert_eq!(format!("{lock:?}"), "<Lock [unlocked]>");
    let _held = lock.acquire().await;
    assert_eq!(format!("{lock:?}"), "<Lock [locked]>");
}

#[asyncio::test]
async fn test_acquire() {
    let (lock, notes) = (Rc::new(Lock::new(())), Notes::new());
    let held = lock.acquire().await;
    let (first, second) = (noting(&lock, &notes, 1), noting(&lock, &notes, 2));
    yield_now().await;
    notes.assert(&[]);

    drop(held);
    yield_now().await;
    notes.assert(&[1]);
    let third = noting(&lock, &notes, 3);
    yield_now().await;
    notes.assert(&[1, 2, 3]);
    assert!(first.is_done() && second.is_done() && third.is_done());
}

#[asyncio::test]
async fn test_acquire_cancel() {
    let (lock, notes) = (Rc::new(Lock::new(())), Notes::new());
    let _held = lock.acquire().await;
    let task = noting(&lock, &notes, 1);
    let canceller = asyncio::TaskRef::clone(&task);
    get_running_loop().unwrap().call_soon(move || assert!(canceller.cancel()));
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(format!("{lock:?}"), "<Lock [locked]>", "no waiter is left");
}

#[asyncio::test]
async fn test_cancel_race() {
    let (lock, notes) = (Rc::new(Lock::new(())), Notes::new());
    let held = lock.acquire().await;
    let (b, c) = (noting(&lock, &notes, "B"), noting(&lock, &notes, "C"));
    yield_now().await;
    drop(held);
    b.cancel();
    yield_now().await;
    assert!(b.is_cancelled());
    c.await.unwrap();
    notes.assert(&["C"]);
    assert!(!lock.is_locked());
}

#[asyncio::test]
async fn test_cancel_release_race() {
    let (lock, notes) = (Rc::new(Lock::new(())), Notes::new());
    let held = lock.acquire().await;
    let keeping = |note| {
        let (lock, notes) = (lock.clone(), notes.clone());
        create_task(async move {
            let held = lock.acquire().await;
            notes.note(note);
            std::mem::forget(held);
        })
    };
    let (first, second, third) = (keeping(1), keeping(2), keeping(3));
    yield_now().await;
    first.cancel();
    drop(held);
    assert!(first.await.unwrap_err().is_cancelled());
    yield_now().await;
    notes.assert(&[2]);
    assert!(second.is_done() && !third.is_done());
    super::cancel(third).await;
}

#[asyncio::test]
async fn test_finished_waiter_cancelled() {
    let (lock, notes) = (Rc::new(Lock::new(())), Notes::new());
    let held = lock.acquire().await;
    let b = noting(&lock, &notes, "B");
    yield_now().await;
    let c = noting(&lock, &notes, "C");
    b.cancel();
    drop(held);
    yield_now().await;
    assert!(b.is_cancelled());
    c.await.unwrap();
    notes.assert(&["C"]);
}

#[asyncio::test]
async fn test_release_no_waiters() {
    let lock = Lock::new(());
    let held = lock.acquire().await;
    assert!(lock.is_locked());
    drop(held);
    assert!(!lock.is_locked());
}

#[asyncio::test]
async fn test_context_manager() {
    let lock = Lock::new(());
    assert!(!lock.is_locked());
    {
        let _held = lock.acquire().await;
        assert!(lock.is_locked());
    }
    assert!(!lock.is_locked());
}
