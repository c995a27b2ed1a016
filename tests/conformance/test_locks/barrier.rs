//! `BarrierTests`.

use std::cell::Cell;
use std::rc::Rc;

use asyncio::{Barrier, BrokenBarrierError, Task, create_task, gather, yield_now};

use super::{Notes, cancel};

const PARTIES: usize = 5;

fn waiting(barrier: &Rc<Barrier>) -> Task<Result<usize, BrokenBarrierError>> {
    let barrier = barrier.clone();
    create_task(async move { barrier.wait().await })
}

/// Runs `party` as often as there are parties.
async fn all(party: impl AsyncFn()) {
    gather((0..PARTIES).map(|_| party())).await;
}

#[asyncio::test]
async fn test_repr() {
    let barrier = Rc::new(Barrier::new(PARTIES));
    assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:0/5]>");
    let mut tasks = vec![waiting(&barrier), waiting(&barrier)];
    yield_now().await;
    assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:2/5]>");
    for _ in 0..3 {
        tasks.push(waiting(&barrier));
    }
    yield_now().await;
    assert_eq!(format!("{barrier:?}"), "<Barrier [draining, waiters:0/5]>");
    barrier.reset();
    assert_eq!(format!("{barrier:?}"), "<Barrier [resetting, waiters:0/5]>");
    barrier.abort();
    assert_eq!(format!("{barrier:?}"), "<Barrier [broken]>");
    assert!(barrier.is_broken());
    let mut whole = 0;
    for task in tasks {
        whole += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(whole, 1, "but for the last one, which opened it, all were still inside");
}

#[test]
#[should_panic = "asyncio: a barrier for 0 parties would never open: give 1 or more"]
fn test_barrier_parties() {
    Barrier::new(0);
}

#[asyncio::test]
async fn test_context_manager() {
    let (barrier, notes) = (Barrier::new(3), Notes::new());
    let party = async || notes.note(barrier.wait().await.unwrap());
    asyncio::gather!(party(), party(), party()).await;
    let mut indexes = notes.0.take();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2]);
    assert_eq!(barrier.n_waiting(), 0);
    assert!(!barrier.is_broken());
}

#[asyncio::test]
async fn test_filling_one_task() {
    let barrier = Barrier::new(1);
    assert_eq!(barrier.wait().await, Ok(0));
    assert_eq!(barrier.n_waiting(), 0);
}

#[asyncio::test]
async fn test_filling_one_task_twice() {
    let barrier = Rc::new(Barrier::new(1));
    let first = waiting(&barrier);
    yield_now().await;
    assert_eq!(barrier.n_waiting(), 0);
    let second = waiting(&barrier);
    yield_now().await;
    assert_eq!(first.await.unwrap(), second.await.unwrap());
    assert!(!barrier.is_broken());
}

#[asyncio::test]
async fn test_filling_task_by_task() {
    let barrier = Rc::new(Barrier::new(3));
    let mut tasks = Vec::new();
    for count in [1, 2] {
        tasks.push(waiting(&barrier));
        yield_now().await;
        assert_eq!(barrier.n_waiting(), count);
    }
    tasks.push(waiting(&barrier));
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(barrier.n_waiting(), 0);
}

#[asyncio::test]
async fn test_filling_tasks_wait_twice() {
    let (barrier, notes) = (Barrier::new(PARTIES), Notes::new());
    let party = async || {
        barrier.wait().await.unwrap();
        notes.note(1);
        barrier.wait().await.unwrap();
        notes.note(2);
    };
    all(party).await;
    notes.assert(&[1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    assert_eq!(barrier.n_waiting(), 0);
}

#[asyncio::test]
async fn test_filling_tasks_check_return_value() {
    let (barrier, notes) = (Barrier::new(PARTIES), Notes::new());
    let party = async || {
        barrier.wait().await.unwrap();
        notes.note(barrier.wait().await.unwrap());
    };
    all(party).await;
    let mut indexes = notes.0.take();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2, 3, 4]);
}

#[asyncio::test]
async fn test_draining_state() {
    let (barrier, notes) = (Barrier::new(PARTIES), Notes::new());
    let party = async || {
        barrier.wait().await.unwrap();
        notes.note(format!("{barrier:?}").contains("draining"));
    };
    all(party).await;
    notes.assert(&[true, true, true, true, false]);
}

#[asyncio::test]
async fn test_blocking_tasks_while_draining() {
    let (barrier, others) = (Barrier::new(PARTIES), Barrier::new(PARTIES - 2));
    let again = Cell::new(2);
    let party = async || {
        barrier.wait().await.unwrap();
        if again.get() > 0 {
            again.set(again.get() - 1);
        } else {
            others.wait().await.unwrap();
        }
        barrier.wait().await.unwrap();
    };
    all(party).await;
}

#[asyncio::test]
async fn test_filling_tasks_cancel_one() {
    let barrier = Rc::new(Barrier::new(3));
    let first = waiting(&barrier);
    yield_now().await;
    let second = waiting(&barrier);
    yield_now().await;
    assert_eq!(barrier.n_waiting(), 2);
    cancel(first).await;
    assert_eq!(barrier.n_waiting(), 1);

    let third = waiting(&barrier);
    yield_now().await;
    assert_eq!(barrier.n_waiting(), 2);
    let fourth = waiting(&barrier);
    let mut indexes = Vec::new();
    for task in [second, third, fourth] {
        indexes.push(task.await.unwrap().unwrap());
    }
    assert_eq!(indexes, [0, 1, 2], "each has its own, unlike Python's");
    assert_eq!(barrier.n_waiting(), 0);
}

#[test]
fn test_reset_barrier() {
    let barrier = Barrier::new(1);
    barrier.reset();
    assert_eq!(barrier.n_waiting(), 0);
    assert!(!barrier.is_broken());
}

#[asyncio::test]
async fn test_reset_barrier_while_tasks_waiting() {
    let barrier = Rc::new(Barrier::new(PARTIES));
    let tasks: Vec<_> = (1..PARTIES).map(|_| waiting(&barrier)).collect();
    yield_now().await;
    barrier.reset();
    for task in tasks {
        assert!(task.await.unwrap().is_err());
    }
    assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:0/5]>");
}

#[asyncio::test]
async fn test_reset_barrier_when_tasks_half_draining() {
    let (barrier, notes, gone_on) = (Barrier::new(PARTIES), Notes::new(), Cell::new(0));
    let party = async || {
        if barrier.wait().await.is_err() {
            notes.note("broken");
            return;
        }
        gone_on.set(gone_on.get() + 1);
        if gone_on.get() == 3 {
            barrier.reset();
        }
    };
    all(party).await;
    notes.assert(&["broken", "broken"]);
    assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:0/5]>");
}

#[asyncio::test]
async fn test_reset_barrier_when_tasks_half_draining_half_blocking() {
    let (barrier, notes, count) = (Barrier::new(PARTIES), Notes::new(), Cell::new(0));
    let party = async || {
        if barrier.wait().await.is_err() {
            notes.note("in the barrier");
        } else {
            count.set(count.get() + 1);
            if count.get() > 2 {
                barrier.reset();
            }
        }
        barrier.wait().await.expect("who waits for a place is not broken");
    };
    all(party).await;
    notes.assert(&["in the barrier", "in the barrier"]);
    assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:0/5]>");
}

#[asyncio::test]
async fn test_reset_barrier_while_tasks_waiting_and_waiting_again() {
    let (barrier, notes) = (Rc::new(Barrier::new(PARTIES)), Notes::new());
    let again = || {
        let (barrier, notes) = (barrier.clone(), notes.clone());
        create_task(async move {
            if barrier.wait().await.is_err() {
                notes.note("broken");
            }
            barrier.wait().await.unwrap();
            notes.note("through");
        })
    };
    let tasks: Vec<_> = (1..PARTIES).map(|_| again()).collect();
    yield_now().await;
    barrier.reset();
    yield_now().await;
    barrier.wait().await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    let (broken, through) = (["broken"; 4], ["through"; 4]);
    notes.assert(&[broken, through].concat());
    assert_eq!(barrier.n_waiting(), 0);
}

#[asyncio::test]
async fn test_reset_barrier_while_tasks_draining() {
    let (barrier, through, count) = (Barrier::new(PARTIES), Cell::new(0), Cell::new(0));
    let party = async || {
        barrier.wait().await.unwrap();
        count.set(count.get() + 1);
        if count.get() == PARTIES {
            barrier.reset();
        }
        barrier.wait().await.expect("the reset came when nobody was inside");
        barrier.wait().await.unwrap();
        through.set(through.get() + 1);
    };
    all(party).await;
    assert_eq!(through.get(), PARTIES);
    assert_eq!(barrier.n_waiting(), 0);
}

#[test]
fn test_abort_barrier() {
    let barrier = Barrier::new(1);
    barrier.abort();
    assert_eq!(barrier.n_waiting(), 0);
    assert!(barrier.is_broken());
}

#[asyncio::test]
async fn test_abort_barrier_when_tasks_half_draining_half_blocking() {
    let (barrier, notes, count) = (Barrier::new(PARTIES), Notes::new(), Cell::new(0));
    let party = async || {
        if barrier.wait().await.is_err() {
            notes.note("draining");
            return;
        }
        count.set(count.get() + 1);
        if count.get() > 2 {
            barrier.abort();
        } else if barrier.wait().await.is_err() {
            notes.note("waiting for a place");
        }
    };
    all(party).await;
    let mut noted = notes.0.take();
    noted.sort_unstable();
    assert_eq!(noted, ["draining", "draining", "waiting for a place", "waiting for a place"]);
    assert!(barrier.is_broken());
    assert_eq!(barrier.n_waiting(), 0);
}

/// Passes twice; the one in the middle aborts in between. Whether it got through.
async fn pass_twice_or_abort(barrier: &Barrier) -> bool {
    match barrier.wait().await {
        Ok(index) if index == PARTIES / 2 => barrier.abort(),
        Ok(_) if barrier.wait().await.is_ok() => return true,
        _ => {}
    }
    false
}

#[asyncio::test]
async fn test_abort_barrier_when_exception() {
    let barrier = Barrier::new(PARTIES);
    all(async || assert!(!pass_twice_or_abort(&barrier).await)).await;
    assert!(barrier.is_broken());
    assert_eq!(barrier.n_waiting(), 0);
}

#[asyncio::test]
async fn test_abort_barrier_when_exception_then_resetting() {
    let (first, second) = (Barrier::new(PARTIES), Barrier::new(PARTIES));
    let through = Cell::new(0);
    let party = async || {
        assert!(!pass_twice_or_abort(&first).await);
        if second.wait().await == Ok(PARTIES / 2) {
            first.reset();
        }
        second.wait().await.unwrap();
        first.wait().await.unwrap();
        through.set(through.get() + 1);
    };
    all(party).await;
    assert_eq!(through.get(), PARTIES);
    assert!(!first.is_broken());
    assert_eq!(first.n_waiting(), 0);
}
