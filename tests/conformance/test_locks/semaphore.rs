//! `SemaphoreTests`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{BoundedSemaphore, Semaphore, Task, create_task, get_running_loop, sleep, yield_now};

use super::{Notes, cancel};

/// Takes a permit for good, and notes that.
fn taking(semaphore: &Rc<Semaphore>, notes: &Notes<u8>, note: u8) -> Task<()> {
    let (semaphore, notes) = (semaphore.clone(), notes.clone());
    create_task(async move {
        semaphore.acquire().await.forget();
        notes.note(note);
    })
}

#[test]
fn test_initial_value_zero() {
    assert!(Semaphore::new(0).is_locked());
}

#[asyncio::test]
async fn test_repr() {
    let semaphore = Rc::new(Semaphore::new(1));
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [unlocked, value:1]>");
    semaphore.acquire().await.forget();
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [locked]>");
    let _waiting = taking(&semaphore, &Notes::new(), 1);
    yield_now().await;
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [locked, waiters:1]>");
}

#[asyncio::test]
async fn test_acquire() {
    let (semaphore, notes) = (Rc::new(Semaphore::new(3)), Notes::new());
    semaphore.acquire().await.forget();
    semaphore.acquire().await.forget();
    assert!(!semaphore.is_locked());

    let [first, second, third] = [1, 2, 3].map(|note| taking(&semaphore, &notes, note));
    yield_now().await;
    notes.assert(&[1]);
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [locked, waiters:2]>");
    let fourth = taking(&semaphore, &notes, 4);
    semaphore.release();
    semaphore.release();
    yield_now().await;
    notes.assert(&[1, 2, 3]);
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [locked, waiters:1]>");
    assert!(first.is_done() && second.is_done() && third.is_done() && !fourth.is_done());
    semaphore.release();
    fourth.await.unwrap();
}

#[asyncio::test]
async fn test_acquire_cancel() {
    let semaphore = Rc::new(Semaphore::new(1));
    semaphore.acquire().await.forget();
    let task = taking(&semaphore, &Notes::new(), 1);
    let canceller = asyncio::TaskRef::clone(&task);
    get_running_loop().unwrap().call_soon(move || assert!(canceller.cancel()));
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [locked]>");
}

#[asyncio::test]
async fn test_acquire_cancel_before_awoken() {
    let (semaphore, notes) = (Rc::new(Semaphore::new(0)), Notes::new());
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|note| taking(&semaphore, &notes, note));
    yield_now().await;
    first.cancel();
    second.cancel();
    semaphore.release();
    yield_now().await;
    yield_now().await;
    assert!(third.is_done() && !fourth.is_done());
    cancel(fourth).await;
}

#[asyncio::test]
async fn test_acquire_hang() {
    let (semaphore, notes) = (Rc::new(Semaphore::new(0)), Notes::new());
    let [first, second] = [1, 2].map(|note| taking(&semaphore, &notes, note));
    yield_now().await;
    first.cancel();
    semaphore.release();
    yield_now().await;
    yield_now().await;
    assert!(semaphore.is_locked());
    assert!(second.is_done());
}

#[asyncio::test]
async fn test_acquire_no_hang() {
    let semaphore = Rc::new(Semaphore::new(1));
    let held = semaphore.acquire().await;
    let in_task = semaphore.clone();
    let task = create_task(async move {
        let _held = in_task.acquire().await;
        unreachable!("it is cancelled when the permit has come");
    });
    yield_now().await;
    drop(held);
    cancel(task).await;
    semaphore.acquire().await.forget();
}

#[test]
#[should_panic = "BoundedSemaphore released too many times"]
fn test_release_not_acquired() {
    BoundedSemaphore::new(1).release();
}

#[asyncio::test]
async fn test_release_no_waiters() {
    let semaphore = Semaphore::new(1);
    semaphore.acquire().await.forget();
    assert!(semaphore.is_locked());
    semaphore.release();
    assert!(!semaphore.is_locked());
}

#[asyncio::test(clock = "virtual")]
async fn test_acquire_fifo_order() {
    let (semaphore, notes) = (Semaphore::new(1), Notes::new());
    let twice = async |name: &str| {
        for time in 1..=2 {
            let _held = semaphore.acquire().await;
            notes.note(format!("{name}_{time}"));
            sleep(Duration::from_millis(10)).await;
        }
    };
    asyncio::gather!(twice("c1"), twice("c2"), twice("c3")).await;
    notes.assert(&["c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2"].map(str::to_owned));
}

#[asyncio::test]
async fn test_acquire_fifo_order_2() {
    let (semaphore, notes) = (Rc::new(Semaphore::new(1)), Notes::new());
    let first = taking(&semaphore, &notes, 1);
    let second = {
        let (semaphore, notes) = (semaphore.clone(), notes.clone());
        create_task(async move {
            semaphore.acquire().await.forget();
            notes.note(2);
            semaphore.release();
            semaphore.acquire().await.forget();
            notes.note(4);
        })
    };
    let third = taking(&semaphore, &notes, 3);
    yield_now().await;
    semaphore.release();
    semaphore.release();
    for task in [first, second, third] {
        task.await.unwrap();
    }
    notes.assert(&[1, 2, 3, 4]);
}

#[asyncio::test]
async fn test_acquire_fifo_order_3() {
    let (semaphore, notes) = (Rc::new(Semaphore::new(0)), Notes::new());
    let [first, second, third] = [1, 2, 3].map(|note| taking(&semaphore, &notes, note));
    yield_now().await;
    first.cancel();
    yield_now().await;
    semaphore.release();
    semaphore.release();
    assert!(first.await.unwrap_err().is_cancelled());
    second.await.unwrap();
    third.await.unwrap();
    notes.assert(&[2, 3]);
}

#[asyncio::test]
async fn test_acquire_fifo_order_4() {
    // Of Python 3.13.
    let (semaphore, notes) = (Rc::new(Semaphore::new(0)), Notes::new());
    let fourth = Rc::new(RefCell::new(None));
    let first = {
        let (semaphore, notes, fourth) = (semaphore.clone(), notes.clone(), fourth.clone());
        create_task(async move {
            semaphore.acquire().await.forget();
            let noting = notes.clone();
            fourth.replace(Some(create_task(async move { noting.note(4) })));
            notes.note(1);
        })
    };
    let second = {
        let (semaphore, notes) = (semaphore.clone(), notes.clone());
        create_task(async move {
            for _ in 0..3 {
                semaphore.release();
            }
            // The first has not run yet.
            assert!(semaphore.is_locked());
            semaphore.acquire().await.forget();
            notes.note(2);
        })
    };
    let third = taking(&semaphore, &notes, 3);
    for task in [first, second, third] {
        task.await.unwrap();
    }
    let fourth = fourth.take().unwrap();
    fourth.await.unwrap();
    notes.assert(&[1, 2, 3, 4]);
}
