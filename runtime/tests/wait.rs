//! Waiting for tasks that go on: `wait`, `as_completed`, `shield`; and `gather_limited`.

mod support;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    Task, TaskRef, When, all_tasks, as_completed, catch_cancel, create_eager_task, create_task,
    gather_limited, shield, wait, with_cleanup, yield_now,
};
use futures::future::FutureExt;
use futures::{Stream, StreamExt};
use proptest::prelude::*;
use support::{Log, panic_of, reports, seconds, turns, virtual_runner};

fn value_after<T: 'static>(delay: u64, value: T) -> Task<T> {
    create_task(async move {
        seconds(delay).await;
        value
    })
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn wait_keeps_the_input_order() {
    let tasks = [4, 1, 3, 2].map(|delay| value_after(delay, delay));
    let (done, pending) =
        wait(tasks, When::AllCompleted).timeout(Duration::from_millis(2500)).await;
    let values = asyncio::gather(done).await.into_iter().map(Result::unwrap);
    assert_eq!(values.collect::<Vec<_>>(), [1, 2]);
    let values = asyncio::gather(pending).await.into_iter().map(Result::unwrap);
    assert_eq!(values.collect::<Vec<_>>(), [4, 3]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn wait_ends_for_a_panic_where_it_is_to_end_for_an_error() {
    let panics = create_task(async { panic!("boom") });
    let (done, pending) = wait([value_after(5, ()), panics], When::FirstError).await;
    assert_eq!((done.len(), pending.len()), (1, 1));
    assert!(done.into_iter().next().unwrap().await.is_err());
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_cancelled_wait_lets_its_tasks_go_on() {
    let inner = value_after(5, ());
    let handle = TaskRef::clone(&inner);
    let waiter = create_task(wait([inner], When::AllCompleted));
    seconds(1).await;
    waiter.cancel();
    assert!(waiter.await.unwrap_err().is_cancelled());
    assert_eq!(handle.cancelling(), 0);
    seconds(5).await;
    assert!(handle.is_done() && !handle.is_cancelled());
}

#[asyncio::test]
async fn a_panic_that_a_dropped_wait_leaves_behind_is_reported_once() {
    let reports = reports();
    let late = create_task(async {
        turns(3).await;
        panic!("late")
    });
    let waiting: asyncio::Wait<()> = wait([late], When::AllCompleted);
    assert!(waiting.now_or_never().is_none());
    turns(6).await;
    assert_eq!(reports.take(), "late");
}

#[asyncio::test(clock = "virtual")]
async fn tasks_go_on_while_an_outcome_of_theirs_is_dealt_with() {
    let mut done = as_completed([1, 2, 3].map(|delay| value_after(delay, delay)));
    assert_eq!(done.next().await.unwrap().unwrap(), 1);
    seconds(10).await;
    let at = support::running_loop().time();
    assert_eq!(done.next().await.unwrap().unwrap(), 2);
    assert_eq!(done.next().await.unwrap().unwrap(), 3);
    assert_eq!(support::running_loop().time(), at);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn as_completed_is_a_stream() {
    let done = as_completed([3, 1, 2].map(|delay| value_after(delay, delay)));
    assert_eq!(done.size_hint(), (3, Some(3)));
    assert_eq!(done.map(Result::unwrap).collect::<Vec<_>>().await, [1, 2, 3]);
}

#[asyncio::test(clock = "virtual")]
async fn a_dropped_next_loses_nothing() {
    let mut done = as_completed([value_after(2, 'a')]);
    assert!(asyncio::timeout(Duration::from_secs(1), done.next()).await.is_err());
    assert_eq!(done.next().await.unwrap().unwrap(), 'a');
}

#[asyncio::test]
async fn what_a_shielded_task_panics_with_later_is_reported_once() {
    let reports = reports();
    let inner = create_task(async {
        turns(5).await;
        panic!("later")
    });
    let outer = create_task(async move {
        let _: Result<(), _> = shield(inner).await;
    });
    turns(2).await;
    outer.cancel();
    assert!(outer.await.unwrap_err().is_cancelled());
    turns(8).await;
    assert_eq!(reports.take(), "later");
}

#[asyncio::test]
async fn a_panic_that_comes_through_a_shield_is_not_reported() {
    let reports = reports();
    let inner = create_task(async { panic!("seen") });
    let ended: Result<(), _> = shield(inner).await;
    assert!(ended.is_err());
    assert_eq!(reports.take(), "");
}

#[asyncio::test(clock = "virtual")]
async fn at_most_that_many_run_at_once() {
    let (running, most) = (Cell::new(0), Cell::new(0));
    let began = support::running_loop().time();
    let work = |number: u64| {
        let (running, most) = (&running, &most);
        async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            seconds(1).await;
            running.set(running.get() - 1);
            number
        }
    };
    let values = gather_limited(3, (0..30).map(work)).await;
    assert_eq!(values, (0..30).collect::<Vec<_>>());
    assert_eq!(most.get(), 3);
    assert_eq!((support::running_loop().time() - began).as_secs(), 10);
}

#[asyncio::test]
async fn a_limited_gather_takes_from_its_list_as_it_goes() {
    let taken = Cell::new(0);
    let list = (0..100).map(|number| {
        taken.set(taken.get() + 1);
        async move {
            turns(2).await;
            number
        }
    });
    let mut limited = std::pin::pin!(gather_limited(2, list));
    assert!(support::poll_once(limited.as_mut()).await.is_none());
    assert!(taken.get() <= 3, "two run, and one may have been looked at");
    assert_eq!(limited.await.len(), 100);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_cancelled_limited_gather_starts_no_other_and_waits_for_those_that_run() {
    let log = Log::new();
    let in_task = log.clone();
    let task = create_task(async move {
        let child = |number: u32| {
            let log = in_task.clone();
            with_cleanup(pending::<()>(), async move {
                seconds(1).await;
                log.push(number);
            })
        };
        gather_limited(2, (0..9).map(child)).await
    });
    seconds(1).await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.take().len(), "0, 1".len());
    assert_eq!(all_tasks().len(), 1);
}

#[test]
fn a_panic_in_a_limited_gather_comes_out() {
    let said = panic_of(|| {
        virtual_runner().run(gather_limited(
            2,
            (0..9).map(async |number: u32| {
                assert!(number != 5, "boom");
            }),
        ))
    });
    assert_eq!(said, "boom");
}

#[test]
fn a_limit_of_nothing_says_so() {
    let said = panic_of(|| gather_limited(0, [async {}]));
    assert!(said.contains("allow 1 or more"), "{said}");
}

#[asyncio::test]
async fn an_empty_limited_gather_is_ready_at_once() {
    let nothing: [std::future::Ready<()>; 0] = [];
    assert!(gather_limited(1, nothing).now_or_never().unwrap().is_empty());
}

#[asyncio::test]
async fn an_eager_task_runs_inside_the_call_and_then_in_its_turn() {
    let log = Log::new();
    let inner = log.clone();
    log.push("before");
    let task = create_eager_task(async move {
        inner.push("eager");
        yield_now().await;
        inner.push("later");
    });
    log.push("after");
    task.await.unwrap();
    assert_eq!(log.take(), "before, eager, after, later");
}

#[asyncio::test]
async fn an_eager_task_that_panics_unseen_is_reported_once() {
    let reports = reports();
    create_eager_task(async { panic!("eager") }).detach();
    yield_now().await;
    assert_eq!(reports.take(), "eager");
}

#[test]
fn an_eager_task_can_be_made_in_a_callback() {
    virtual_runner().run(async {
        let ran = Rc::new(Cell::new(0));
        let inner = ran.clone();
        support::running_loop().call_soon(move || {
            let ran = inner.clone();
            create_eager_task(async move {
                ran.set(1);
                yield_now().await;
                ran.set(2);
            })
            .detach();
            assert_eq!(inner.get(), 1);
        });
        turns(3).await;
        assert_eq!(ran.get(), 2);
    });
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    turns: usize,
    cancelled: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    (0_usize..8, prop::bool::weighted(0.2)).prop_map(|(turns, cancelled)| Plan { turns, cancelled })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Each task comes back once: done or pending; what the waiter does to itself reaches none of them.
    #[test]
    fn wait_loses_and_doubles_no_task(
        seed in any::<u64>(),
        plans in prop::collection::vec(plan(), 1..8),
        until in prop_oneof![
            Just(When::FirstCompleted), Just(When::FirstError), Just(When::AllCompleted)
        ],
        cancelled_at in prop::option::of(0_usize..10),
    ) {
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(async {
            let ended = Rc::new(RefCell::new(Vec::new()));
            let tasks: Vec<_> = plans.iter().enumerate().map(|(number, plan)| {
                let (ended, count) = (ended.clone(), plan.turns);
                create_task(async move {
                    let caught = catch_cancel(turns(count)).await;
                    ended.borrow_mut().push(number);
                    if let Err(cancelled) = caught {
                        cancelled.raise().await;
                    }
                    number
                })
            }).collect();
            let handles: Vec<_> = tasks.iter().map(|task| TaskRef::clone(task)).collect();
            let waiter = create_task(wait(tasks, until));
            turns(1).await;
            for (handle, plan) in handles.iter().zip(&plans) {
                if plan.cancelled {
                    handle.cancel();
                }
            }
            if let Some(at) = cancelled_at {
                turns(at).await;
                waiter.cancel();
            }
            if let Ok((done, pending)) = waiter.await {
                assert_eq!(done.len() + pending.len(), plans.len());
                assert!(done.iter().all(|task| task.is_done()));
                match until {
                    When::FirstCompleted => assert!(!done.is_empty()),
                    When::FirstError | When::AllCompleted => assert!(pending.is_empty()),
                }
            }
            turns(20).await;
            for (handle, plan) in handles.iter().zip(&plans) {
                assert!(handle.is_done());
                assert!(plan.cancelled || !handle.is_cancelled());
            }
            assert_eq!(all_tasks().len(), 1);
        });
    }

    /// `as_completed` gives each value once, in the order in which the tasks ended.
    #[test]
    fn as_completed_gives_each_outcome_once_in_order(
        seed in any::<u64>(),
        delays in prop::collection::vec(0_usize..8, 0..8),
        interruptions in prop::collection::vec(0_usize..4, 0..8),
    ) {
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(async {
            let ended = Rc::new(RefCell::new(Vec::new()));
            let mut done = as_completed(delays.iter().enumerate().map(|(number, delay)| {
                let (ended, delay) = (ended.clone(), *delay);
                create_task(async move {
                    turns(delay).await;
                    ended.borrow_mut().push(number);
                    number
                })
            }));
            let mut given = Vec::new();
            // Some waits are given up half way.
            for count in interruptions {
                let late = async {
                    turns(count).await;
                    None
                };
                let next = async { Some(done.next().await) };
                let (late, next) = (std::pin::pin!(late), std::pin::pin!(next));
                let first = futures::future::select(next, late).await.factor_first().0;
                given.extend(first.flatten().map(Result::unwrap));
            }
            while let Some(value) = done.next().await {
                given.push(value.unwrap());
            }
            assert_eq!(given, *ended.borrow());
            assert_eq!(given.len(), delays.len());
        });
    }

    /// Never more than the limit, every value in its place, nothing left when it is cut short.
    #[test]
    fn a_limited_gather_keeps_its_limit(
        seed in any::<u64>(),
        limit in 1_usize..5,
        delays in prop::collection::vec(0_usize..5, 0..12),
        cancelled_at in prop::option::of(0_usize..20),
    ) {
        let mut runner =
            asyncio::Runner::builder().clock(asyncio::Clock::Virtual).seed(seed).build();
        runner.run(async {
            let running = Rc::new(Cell::new(0));
            let (inner, plan) = (running.clone(), delays.clone());
            let task = create_task(async move {
                let work = |(number, delay): (usize, usize)| {
                    let running = inner.clone();
                    async move {
                        running.set(running.get() + 1);
                        assert!(running.get() <= limit);
                        let _over = support::OnDrop::new({
                            let running = running.clone();
                            move || running.set(running.get() - 1)
                        });
                        turns(delay).await;
                        number
                    }
                };
                gather_limited(limit, plan.into_iter().enumerate().map(work)).await
            });
            if let Some(at) = cancelled_at {
                turns(at).await;
                task.cancel();
            }
            match task.await {
                Ok(values) => assert_eq!(values, (0..delays.len()).collect::<Vec<_>>()),
                Err(error) => assert!(error.is_cancelled() && cancelled_at.is_some()),
            }
            assert_eq!(running.get(), 0);
            assert_eq!(all_tasks().len(), 1);
        });
    }
}
