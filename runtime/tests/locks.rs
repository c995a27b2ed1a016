//! Locks, events, conditions, semaphores and barriers: what goes beyond Python's cases, which
//! `tests/conformance` holds them to.
//!
//! The properties run random scripts of arrivals, releases and cancellations, each with the tasks that
//! are ready in another order, against what must be left at the end.

mod support;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use asyncio::{
    Barrier, BoundedSemaphore, Clock, Condition, Event, Lock, Runner, Semaphore, SemaphorePermit,
    Task, TaskRef, catch_cancel, create_task, yield_now,
};
use futures::FutureExt;
use proptest::prelude::*;
use support::{OnDrop, panic_of, poll_once, turns};

/// What a script does next.
#[derive(Clone, Debug)]
enum Step {
    Start,
    /// Gives a permit, sets an event, notifies: what lets somebody go on.
    LetGo,
    Clear,
    /// Of those started, the one at this index, counted round.
    Cancel(usize),
    Turn,
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Start),
        3 => Just(Step::LetGo),
        1 => Just(Step::Clear),
        2 => (0..16_usize).prop_map(Step::Cancel),
        3 => Just(Step::Turn),
    ];
    prop::collection::vec(step, 0..40)
}

/// Runs `test` with the ready tasks in another order for each seed, and as they are for none.
fn run(seed: Option<u64>, test: impl Future<Output = ()>) {
    let builder = Runner::builder().clock(Clock::Virtual);
    match seed {
        Some(seed) => builder.seed(seed),
        None => builder,
    }
    .build()
    .run(test);
}

/// The waiters of a script: who came, in that order, who went on, and who was cancelled.
#[derive(Clone, Default)]
struct Crowd(Rc<CrowdInner>);

#[derive(Default)]
struct CrowdInner {
    came: RefCell<Vec<usize>>,
    went_on: RefCell<Vec<usize>>,
    tasks: RefCell<Vec<Option<Task<()>>>>,
}

impl Crowd {
    /// Starts a task that waits for what `wait` gives, and drops that when it has gone on.
    fn start<F: Future<Output: 'static> + 'static>(&self, wait: F) {
        let number = self.0.tasks.borrow().len();
        let this = self.clone();
        let task = create_task(async move {
            this.0.came.borrow_mut().push(number);
            let _held = wait.await;
            this.0.went_on.borrow_mut().push(number);
            yield_now().await;
        });
        self.0.tasks.borrow_mut().push(Some(task));
    }

    /// Cancels one, unless it has gone on.
    fn cancel(&self, index: usize) {
        let mut tasks = self.0.tasks.borrow_mut();
        let count = tasks.len().max(1);
        if let Some(task) = tasks.get_mut(index % count)
            && !self.0.went_on.borrow().contains(&(index % count))
            && let Some(task) = task.take()
        {
            task.cancel();
        }
    }

    /// Those who came and were not cancelled, in the order they came.
    fn live(&self) -> Vec<usize> {
        let tasks = self.0.tasks.borrow();
        self.0.came.borrow().iter().copied().filter(|number| tasks[*number].is_some()).collect()
    }

    fn went_on(&self) -> Vec<usize> {
        self.0.went_on.borrow().clone()
    }

    /// Those who have gone on are the first `count` of those who came; without a shuffle they also
    /// went on in that order.
    fn assert_first(&self, count: usize, is_shuffled: bool) {
        let live = self.live();
        let expected = &live[..count.min(live.len())];
        let mut went_on = self.went_on();
        if is_shuffled {
            went_on.sort_by_key(|number| live.iter().position(|other| other == number));
        }
        assert_eq!(went_on, expected);
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_permit_is_lost_or_doubled(
        script in script(), permits in 0..3_usize, seed in prop::option::of(any::<u64>()),
    ) {
        run(seed, async {
            let (semaphore, crowd) = (Rc::new(Semaphore::new(permits)), Crowd::default());
            let mut given = permits;
            for step in script {
                match step {
                    Step::Start => {
                        let semaphore = semaphore.clone();
                        crowd.start(async move { semaphore.acquire().await.forget() });
                    }
                    Step::LetGo => {
                        given += 1;
                        semaphore.release();
                    }
                    Step::Clear => {}
                    Step::Cancel(index) => crowd.cancel(index),
                    Step::Turn => yield_now().await,
                }
            }
            turns(50).await;
            crowd.assert_first(given, seed.is_some());
            let free = std::iter::from_fn(|| semaphore.try_acquire().map(SemaphorePermit::forget));
            assert_eq!(free.count() + crowd.went_on().len(), given);
        });
    }

    #[test]
    fn a_lock_is_one_tasks_and_goes_round_in_order(
        script in script(), seed in prop::option::of(any::<u64>()),
    ) {
        run(seed, async {
            let (lock, crowd, inside) = (Rc::new(Lock::new(0)), Crowd::default(), Rc::new(Cell::new(0)));
            for step in script {
                match step {
                    Step::Start => {
                        let (lock, inside) = (lock.clone(), inside.clone());
                        crowd.start(async move {
                            let mut held = lock.acquire().await;
                            assert_eq!(inside.replace(1), 0);
                            let _left = OnDrop::new(move || inside.set(0));
                            yield_now().await;
                            *held += 1;
                        });
                    }
                    Step::LetGo => {
                        // Somebody is in the way for a turn.
                        if let Some(_held) = lock.try_acquire() {
                            assert_eq!(inside.replace(1), 0);
                            yield_now().await;
                            inside.set(0);
                        }
                    }
                    Step::Clear | Step::Turn => yield_now().await,
                    Step::Cancel(index) => crowd.cancel(index),
                }
            }
            turns(50).await;
            // One at a time is handed the lock, so that no shuffle can change the order.
            crowd.assert_first(usize::MAX, false);
            assert!(!lock.is_locked());
            assert_eq!(*lock.acquire().await, crowd.went_on().len());
        });
    }

    #[test]
    fn an_event_lets_go_whoever_waits_when_it_is_set(
        script in script(), seed in prop::option::of(any::<u64>()),
    ) {
        run(seed, async {
            let (event, crowd) = (Rc::new(Event::new()), Crowd::default());
            // All who came before this many had are to go on.
            let mut let_go = 0;
            for step in script {
                match step {
                    Step::Start => {
                        let event = event.clone();
                        crowd.start(async move { event.wait().await });
                    }
                    Step::LetGo => {
                        event.set();
                        let_go = crowd.0.came.borrow().len();
                    }
                    Step::Clear => event.clear(),
                    Step::Cancel(index) => crowd.cancel(index),
                    Step::Turn => {
                        yield_now().await;
                        if event.is_set() {
                            let_go = crowd.0.came.borrow().len();
                        }
                    }
                }
            }
            let is_set = event.is_set();
            turns(50).await;
            let came = crowd.0.came.borrow().clone();
            let live = crowd.live();
            let let_go = if is_set { came.len() } else { let_go };
            let expected = came[..let_go].iter().filter(|number| live.contains(number)).count();
            // Who finds it set doesn't wait, and may go on before those who did.
            crowd.assert_first(expected, true);
        });
    }

    #[test]
    fn a_notification_is_one_waiters(
        script in script(), seed in prop::option::of(any::<u64>()),
    ) {
        run(seed, async {
            let (lock, condition) = (Rc::new(Lock::new(0_u32)), Rc::new(Condition::new()));
            let (crowd, mut notified, mut cancelled) = (Crowd::default(), 0, false);
            for step in script {
                match step {
                    Step::Start => {
                        let (lock, condition) = (lock.clone(), condition.clone());
                        crowd.start(async move {
                            let mut held = lock.acquire().await;
                            let caught = catch_cancel(condition.wait(&mut held)).await;
                            *held += 1; // the lock is held, cancelled or not
                            if let Err(cancelled) = caught {
                                cancelled.raise().await;
                            }
                        });
                        // Those who come one by one come to the condition in that order.
                        turns(3).await;
                    }
                    Step::LetGo => {
                        let waiting = format!("{condition:?}").contains("waiters");
                        notified += usize::from(waiting);
                        condition.notify(1);
                    }
                    Step::Clear => {}
                    Step::Cancel(index) => {
                        cancelled = true;
                        crowd.cancel(index);
                    }
                    Step::Turn => yield_now().await,
                }
            }
            turns(50).await;
            let went_on = crowd.went_on().len();
            assert!(went_on <= notified);
            assert!(cancelled || went_on == notified);
            crowd.assert_first(went_on, seed.is_some());
            condition.notify_all();
            turns(50).await;
            crowd.assert_first(usize::MAX, seed.is_some());
            assert!(!lock.is_locked());
        });
    }

    #[test]
    fn a_barrier_leaves_nobody_behind(
        script in script(), parties in 1..4_usize, seed in prop::option::of(any::<u64>()),
    ) {
        run(seed, async {
            let (barrier, crowd) = (Rc::new(Barrier::new(parties)), Crowd::default());
            let indexes = Rc::new(RefCell::new(vec![0; parties]));
            for step in script {
                match step {
                    Step::Start => {
                        let (barrier, indexes) = (barrier.clone(), indexes.clone());
                        crowd.start(async move {
                            if let Ok(index) = barrier.wait().await {
                                indexes.borrow_mut()[index] += 1;
                            }
                        });
                    }
                    Step::Clear => {
                        if seed.is_some_and(|seed| seed % 2 == 0) {
                            barrier.abort();
                            turns(2).await;
                        }
                        barrier.reset();
                    }
                    Step::Cancel(index) => crowd.cancel(index),
                    Step::LetGo | Step::Turn => yield_now().await,
                }
            }
            turns(50).await;
            let left = crowd.live().len() - crowd.went_on().len();
            assert_eq!(barrier.n_waiting(), left);
            assert!(left < parties);
            for _ in left..parties {
                let barrier = barrier.clone();
                crowd.start(async move { barrier.wait().await.unwrap() });
            }
            turns(50).await;
            assert_eq!(crowd.live().len(), crowd.went_on().len());
            assert_eq!(format!("{barrier:?}"), format!("<Barrier [filling, waiters:0/{parties}]>"));
        });
    }
}

/// A task that waits for a permit, and takes it for good.
fn taking(semaphore: &Rc<Semaphore>) -> Task<()> {
    let semaphore = semaphore.clone();
    create_task(async move { semaphore.acquire().await.forget() })
}

#[asyncio::test]
async fn a_permit_given_back_goes_to_the_first_waiter() {
    let semaphore = Rc::new(Semaphore::new(0));
    let waiter = taking(&semaphore);
    yield_now().await;
    semaphore.release();
    assert!(semaphore.try_acquire().is_none(), "it is the waiter's before that runs");
    waiter.await.unwrap();
}

#[asyncio::test]
async fn a_newcomer_does_not_overtake_one_that_was_chosen() {
    let semaphore = Rc::new(Semaphore::new(0));
    let waiter = taking(&semaphore);
    yield_now().await;
    semaphore.release();
    semaphore.release();
    assert!(semaphore.is_locked());
    let seen = TaskRef::clone(&waiter);
    semaphore.acquire().await.forget();
    assert!(seen.is_done());
}

#[asyncio::test]
async fn what_polls_last_is_woken() {
    let event = Event::new();
    let mut wait = pin!(event.wait());
    let other = futures::task::noop_waker();
    assert!(wait.as_mut().poll(&mut std::task::Context::from_waker(&other)).is_pending());
    assert!(poll_once(wait.as_mut()).await.is_none());
    event.set();
    wait.await;
}

#[test]
fn another_executor_will_do() {
    let (lock, event) = (Lock::new(1), Event::new());
    let waiting = async {
        event.wait().await;
        *lock.acquire().await
    };
    let setting = async { event.set() };
    let both = async { futures::join!(waiting, setting) };
    assert_eq!(async_io::block_on(both).0, 1);
}

#[asyncio::test]
async fn a_panic_releases_the_lock() {
    let lock = Rc::new(Lock::new(()));
    let in_task = lock.clone();
    let task = create_task(async move {
        let _held = in_task.acquire().await;
        panic!("with the lock");
    });
    assert!(task.await.is_err());
    assert!(!lock.is_locked());
}

#[asyncio::test]
async fn a_bounded_semaphore_keeps_its_bound() {
    let semaphore = BoundedSemaphore::new(2);
    semaphore.acquire().await.forget();
    drop(semaphore.acquire().await);
    semaphore.release();
    let message = panic_of(|| semaphore.release());
    assert!(message.starts_with("BoundedSemaphore released too many times: "), "{message}");
}

/// Two that wait for a condition, in order, and whether each went on.
fn two_waiters(lock: &Rc<Lock<u8>>, condition: &Rc<Condition>) -> [Task<()>; 2] {
    [(); 2].map(|()| {
        let (lock, condition) = (lock.clone(), condition.clone());
        create_task(async move {
            let mut held = lock.acquire().await;
            condition.wait(&mut held).await;
        })
    })
}

#[asyncio::test]
async fn a_notification_that_reached_a_cancelled_wait_goes_to_the_next() {
    for turns_between in 0..2 {
        let (lock, condition) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
        let [first, second] = two_waiters(&lock, &condition);
        turns(2).await;
        // With the lock held, the first can get no further than to wait for it.
        let held = lock.acquire().await;
        condition.notify(1);
        turns(turns_between).await;
        first.cancel();
        turns(2).await;
        assert!(!first.is_done(), "it has the lock again first");
        drop(held);
        assert!(first.await.unwrap_err().is_cancelled());
        turns(2).await;
        assert!(second.is_done());
    }
}

#[asyncio::test]
async fn a_notification_that_reached_a_dropped_wait_goes_to_the_next() {
    let (lock, condition) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
    let mut guard = lock.acquire().await;
    let mut wait = Box::pin(condition.wait(&mut guard));
    assert!(poll_once(wait.as_mut()).await.is_none());
    let [next, _] = two_waiters(&lock, &condition);
    turns(2).await;
    condition.notify(1);
    drop(wait);
    turns(2).await;
    assert!(next.is_done());
    drop(guard);
}

#[asyncio::test]
async fn a_wait_that_is_dropped_leaves_its_guard_without_the_lock() {
    let (lock, condition) = (Lock::new(7), Condition::new());
    let mut guard = lock.acquire().await;
    assert!(condition.wait(&mut guard).now_or_never().is_none());
    assert!(!lock.is_locked());
    let message = panic_of(|| *guard);
    assert!(message.starts_with("asyncio: this guard holds no lock any more"), "{message}");
    drop(guard);
    assert_eq!(*lock.acquire().await, 7);
}

#[asyncio::test]
async fn a_cancelled_wait_takes_the_lock_before_a_second_cancellation_can_stop_it() {
    let (lock, condition) = (Rc::new(Lock::new(0)), Rc::new(Condition::new()));
    let (in_task, in_task_condition) = (lock.clone(), condition.clone());
    let task = create_task(async move {
        let mut held = in_task.acquire().await;
        let cancelled = catch_cancel(in_task_condition.wait(&mut held)).await.unwrap_err();
        (cancelled.message().map(str::to_owned), *held)
    });
    turns(2).await;
    let held = lock.acquire().await;
    for message in ["first", "second"] {
        task.cancel_with(message);
        turns(2).await;
    }
    assert!(!task.is_done());
    drop(held);
    assert_eq!(task.await.unwrap(), (Some("second".to_owned()), 0));
}
