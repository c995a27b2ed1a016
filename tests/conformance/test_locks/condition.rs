//! `ConditionTests`.

use std::rc::Rc;

use asyncio::{
    Condition, Lock, Task, TaskError, catch_cancel, create_task, get_running_loop, yield_now,
};

use super::Notes;

/// A lock, a condition for its value, and what tasks note.
#[derive(Clone)]
struct Room {
    lock: Rc<Lock<bool>>,
    condition: Rc<Condition>,
    notes: Notes<u8>,
}

impl Room {
    fn new() -> Self {
        let (lock, condition) = (Rc::new(Lock::new(false)), Rc::new(Condition::new()));
        Self { lock, condition, notes: Notes::new() }
    }

    /// Waits, notes that it was notified, and releases.
    fn waiting(&self, note: u8) -> Task<()> {
        let this = self.clone();
        create_task(async move {
            let mut held = this.lock.acquire().await;
            this.condition.wait(&mut held).await;
            this.notes.note(note);
        })
    }

    /// Waits, notes it, and keeps the lock.
    fn waiting_to_keep(&self, note: u8) -> Task<()> {
        let this = self.clone();
        create_task(async move {
            let mut held = this.lock.acquire().await;
            this.condition.wait(&mut held).await;
            this.notes.note(note);
            std::future::pending::<()>().await;
        })
    }

    async fn notify(&self, n: usize) {
        let _held = self.lock.acquire().await;
        self.condition.notify(n);
    }
}

#[asyncio::test]
async fn test_wait() {
    let room = Room::new();
    let tasks = [1, 2, 3].map(|note| room.waiting_to_keep(note));
    yield_now().await;
    room.notes.assert(&[]);
    assert!(!room.lock.is_locked());

    let held = room.lock.acquire().await;
    room.condition.notify(1);
    yield_now().await;
    room.notes.assert(&[]);
    drop(held);
    yield_now().await;
    room.notes.assert(&[1]);

    room.condition.notify(2);
    yield_now().await;
    room.notes.assert(&[1]);
    let [first, second, third] = tasks;
    super::cancel(first).await;
    yield_now().await;
    room.notes.assert(&[1, 2]);
    super::cancel(second).await;
    yield_now().await;
    room.notes.assert(&[1, 2, 3]);
    assert!(room.lock.is_locked());
    super::cancel(third).await;
}

#[asyncio::test]
async fn test_wait_cancel() {
    let room = Room::new();
    let this = room.clone();
    let task = create_task(async move {
        let mut held = this.lock.acquire().await;
        let caught = catch_cancel(this.condition.wait(&mut held)).await;
        (caught.is_err(), this.lock.is_locked(), *held)
    });
    yield_now().await;
    let canceller = asyncio::TaskRef::clone(&task);
    get_running_loop().unwrap().call_soon(move || assert!(canceller.cancel()));
    assert_eq!(task.await.unwrap(), (true, true, false));
    assert_eq!(format!("{:?}", room.condition), "<Condition [idle]>");
}

#[asyncio::test]
async fn test_wait_cancel_contested() {
    let room = Room::new();
    let this = room.clone();
    let task = create_task(async move {
        let mut held = this.lock.acquire().await;
        drop(catch_cancel(this.condition.wait(&mut held)).await);
        assert!(!*held, "the lock is held, cancelled or not");
        this.lock.is_locked()
    });
    yield_now().await;
    assert!(!room.lock.is_locked());

    let held = room.lock.acquire().await;
    room.condition.notify(1);
    yield_now().await;
    task.cancel();
    yield_now().await;
    assert!(!task.is_done(), "it waits for the lock");
    drop(held);
    assert!(task.await.unwrap());
}

#[asyncio::test]
async fn test_wait_cancel_after_notify() {
    let room = Room::new();
    let waiter = room.waiting(1);
    yield_now().await;
    let held = room.lock.acquire().await;
    room.condition.notify(1);
    yield_now().await;
    waiter.cancel();
    yield_now().await;
    drop(held);
    yield_now().await;
    assert!(waiter.is_cancelled());
    room.notes.assert(&[]);
    assert!(!room.lock.is_locked());
}

#[asyncio::test]
async fn test_wait_for() {
    let room = Room::new();
    let this = room.clone();
    let task = create_task(async move {
        let mut held = this.lock.acquire().await;
        this.condition.wait_for(&mut held, |is_so| *is_so).await;
        this.notes.note(1);
    });
    yield_now().await;
    room.notify(1).await;
    yield_now().await;
    room.notes.assert(&[]);

    *room.lock.acquire().await = true;
    room.notify(1).await;
    yield_now().await;
    room.notes.assert(&[1]);
    assert!(task.is_done());
}

#[asyncio::test]
async fn test_notify() {
    let room = Room::new();
    let tasks = [1, 2, 3].map(|note| room.waiting(note));
    yield_now().await;
    room.notify(1).await;
    yield_now().await;
    room.notes.assert(&[1]);
    room.notify(1).await;
    room.notify(2048).await;
    for task in tasks {
        task.await.unwrap();
    }
    room.notes.assert(&[1, 2, 3]);
}

#[asyncio::test]
async fn test_notify_all() {
    let room = Room::new();
    let [first, second] = [1, 2].map(|note| room.waiting(note));
    yield_now().await;
    let held = room.lock.acquire().await;
    room.condition.notify_all();
    drop(held);
    first.await.unwrap();
    second.await.unwrap();
    room.notes.assert(&[1, 2]);
}

#[asyncio::test]
async fn test_repr() {
    let room = Room::new();
    assert_eq!(format!("{:?}", room.condition), "<Condition [idle]>");
    let _waiting = [room.waiting(1), room.waiting(2)];
    yield_now().await;
    assert_eq!(format!("{:?}", room.condition), "<Condition [awaited, waiters:2]>");
}

#[asyncio::test]
async fn test_explicit_lock() {
    let (lock, full, empty) = (Lock::new(0), Condition::new(), Condition::new());
    let consumer = async {
        let mut held = lock.acquire().await;
        full.wait_for(&mut held, |count| *count == 1).await;
        *held -= 1;
        empty.notify(1);
    };
    let producer = async {
        let mut held = lock.acquire().await;
        *held += 1;
        full.notify(1);
        empty.wait_for(&mut held, |count| *count == 0).await;
    };
    asyncio::gather!(consumer, producer).await;
    assert!(!lock.is_locked());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_timeout_in_block() {
    let (lock, condition) = (Lock::new(()), Condition::new());
    let mut held = lock.acquire().await;
    let limit = std::time::Duration::from_millis(500);
    asyncio::wait_for(condition.wait(&mut held), limit).await.unwrap_err();
    // It has the lock again, and gives it back at the block's end.
    assert!(lock.is_locked());
    drop(held);
    assert!(!lock.is_locked());
}

// What 3.13 added.

/// A task that waits for `true`, and hands a cancellation of it on.
fn waiting_for_true(lock: &Rc<Lock<bool>>, condition: &Rc<Condition>) -> Task<()> {
    let (lock, condition) = (lock.clone(), condition.clone());
    create_task(async move {
        let mut held = lock.acquire().await;
        let caught = catch_cancel(condition.wait_for(&mut held, |wake| *wake)).await;
        assert!(lock.is_locked());
        caught.unwrap_err().raise().await;
    })
}

/// What a task was cancelled with.
async fn message_of(task: Task<()>) -> String {
    match task.await {
        Err(TaskError::Cancelled(cancelled)) => cancelled.message().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[asyncio::test(seeds = 20)]
async fn test_cancelled_error_wakeup() {
    let (lock, condition) = (Rc::new(Lock::new(false)), Rc::new(Condition::new()));
    let task = waiting_for_true(&lock, &condition);
    yield_now().await;
    task.cancel_with("foo");
    assert_eq!(message_of(task).await, "foo");
}

#[asyncio::test(seeds = 20)]
async fn test_cancelled_error_re_aquire() {
    let (lock, condition) = (Rc::new(Lock::new(false)), Rc::new(Condition::new()));
    let task = waiting_for_true(&lock, &condition);
    yield_now().await;
    let mut held = lock.acquire().await;
    *held = true;
    condition.notify(1);
    yield_now().await;
    // It waits for the lock now.
    task.cancel_with("foo");
    drop(held);
    assert_eq!(message_of(task).await, "foo");
}

/// Two that take items, of whom the first is cancelled as an item comes, `turns` later.
async fn cancelled_as_an_item_comes(turns: u32) {
    let (lock, condition) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
    let consumers = [(); 2].map(|()| {
        let (lock, condition) = (lock.clone(), condition.clone());
        create_task(async move {
            let mut state = lock.acquire().await;
            loop {
                condition.wait_for(&mut state, |state| *state != 0).await;
                if *state < 0 {
                    return;
                }
                *state -= 1;
            }
        })
    });
    yield_now().await;
    let mut state = lock.acquire().await;
    *state += 1;
    condition.notify(1);
    for _ in 0..turns {
        yield_now().await;
    }
    consumers[0].cancel();
    // The other consumer has the lock until the time is over, or a shuffle lets this one be notified.
    let limit = std::time::Duration::from_millis(10);
    let waited = condition.wait_for(&mut state, |state| *state == 0);
    let _ = asyncio::timeout(limit, waited).await;
    assert_eq!(*state, 0);
    *state = -1;
    condition.notify_all();
    drop(state);
    let [_, second] = consumers;
    second.await.unwrap();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancelled_wakeup() {
    cancelled_as_an_item_comes(0).await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn test_cancelled_wakeup_relock() {
    cancelled_as_an_item_comes(1).await;
}
