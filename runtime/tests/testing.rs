//! The explorer of interleavings, and the core under it: whatever the order, no task is lost.

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::process::Command;
use std::rc::Rc;
use std::task::Poll;

use asyncio::testing::explore;
use asyncio::{Clock, Runner, Task, catch_cancel, create_task, yield_now};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::{panic_of, seconds, turns};

fn builder() -> asyncio::RunnerBuilder {
    Runner::builder().clock(Clock::Virtual)
}

/// The order in which five tasks and two callbacks ran.
async fn an_order() -> String {
    let log = support::Log::new();
    for name in ["a", "b", "c", "d", "e"] {
        let log = log.clone();
        create_task(async move { log.push(name) }).detach();
    }
    for name in ["first", "second"] {
        let log = log.clone();
        support::running_loop().call_soon(move || log.push(name));
    }
    turns(2).await;
    log.take()
}

#[test]
fn every_seed_is_run_once_and_many_orders_are_seen() {
    let orders = RefCell::new(Vec::new());
    explore(builder(), 200, async || {
        let order = an_order().await;
        orders.borrow_mut().push(order);
    });
    let orders = orders.into_inner();
    assert_eq!(orders.len(), 200);
    assert!(orders.iter().collect::<BTreeSet<_>>().len() > 50);
    for order in &orders {
        assert!(order.find("first") < order.find("second"), "callbacks keep their order: {order}");
        assert_eq!(order.split(", ").count(), 7, "nothing is lost: {order}");
    }
}

#[test]
fn one_seed_is_one_order() {
    let order = |seed| builder().seed(seed).build().run(an_order());
    for seed in 0..20 {
        assert_eq!(order(seed), order(seed));
    }
}

#[test]
fn a_race_that_only_some_orders_have_is_found() {
    let test = async || {
        let is_set = Rc::new(Cell::new(false));
        let seen = is_set.clone();
        create_task(async move { is_set.set(true) }).detach();
        create_task(async move { assert!(seen.get(), "it was read too early") }).await.unwrap();
    };
    builder().build().run(test());
    let panic = panic_of(|| explore(builder(), 100, test));
    assert!(panic.contains("it was read too early"), "{panic}");
}

#[test]
fn a_test_that_returns_an_error_fails_and_the_seed_is_named() {
    let runs = Cell::new(0);
    let panic = panic_of(|| {
        explore(builder(), 10, async || {
            runs.set(runs.get() + 1);
            if runs.get() == 4 { Err("the fourth") } else { Ok(()) }
        });
    });
    assert!(panic.contains("under seed 3") && panic.contains("ASYNCIO_SEED=3"), "{panic}");
    assert_eq!(runs.get(), 4);
}

#[test]
fn no_seeds_is_a_mistake() {
    assert!(panic_of(|| explore(builder(), 0, async || ())).contains("`seeds` is 0"));
}

#[test]
fn a_test_may_borrow_and_leave_tasks_behind() {
    let text = String::from("text");
    explore(builder(), 3, async || {
        create_task(std::future::pending::<()>()).detach();
        assert_eq!(text.len(), 4);
    });
}

/// Runs one ignored test of this file in a process of its own, with `ASYNCIO_SEED` set.
fn in_child(test: &str, seed: &str) -> (bool, String) {
    let this = std::env::current_exe().unwrap();
    let arguments = [test, "--exact", "--ignored", "--nocapture"];
    let output = Command::new(this).args(arguments).env("ASYNCIO_SEED", seed).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.success(), out + &err)
}

#[test]
fn the_environments_seed_is_the_only_one_that_runs() {
    let (passed, output) = in_child("prints_its_orders", "7");
    assert!(passed, "{output}");
    let orders: Vec<_> = output.lines().filter(|line| line.starts_with("order: ")).collect();
    let expected = format!("order: {}", builder().seed(7).build().run(an_order()));
    assert_eq!(orders, [expected]);
}

#[test]
#[ignore = "run by the_environments_seed_is_the_only_one_that_runs"]
fn prints_its_orders() {
    explore(builder(), 50, async || println!("order: {}", an_order().await));
}

#[test]
fn a_seed_that_is_none_is_named() {
    let (passed, output) = in_child("prints_its_orders", "seven");
    assert!(!passed);
    assert!(output.contains("ASYNCIO_SEED=seven is no seed"), "{output}");
}

#[test]
fn a_panic_names_the_seed_and_how_to_replay_it() {
    let (passed, output) = in_child("panics_under_any_seed", "12");
    assert!(!passed);
    assert!(output.contains("the test panicked under seed 12"), "{output}");
    assert!(output.contains("ASYNCIO_SEED=12"), "{output}");
}

#[test]
#[ignore = "run by a_panic_names_the_seed_and_how_to_replay_it"]
fn panics_under_any_seed() {
    explore(builder(), 50, async || panic!("whatever the seed"));
}

#[asyncio::test(clock = "virtual", seeds = 50)]
async fn the_macro_explores_too() {
    let (a, b) = asyncio::gather!(async { 1 }, async { 2 }).await;
    assert_eq!(a + b, 3);
}

/// What a task of the property test does, step by step.
#[derive(Clone, Debug)]
enum Step {
    Yield,
    Sleep(u64),
    /// Catches one cancellation, and goes on.
    Catch(u64),
    /// Cancels another task, maybe itself, maybe one that is done.
    Cancel(usize),
    /// Awaits so many children, each of which gives way a few times.
    Gather(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Yield),
        (0..4_u64).prop_map(Step::Sleep),
        (0..4_u64).prop_map(Step::Catch),
        (0..8_usize).prop_map(Step::Cancel),
        (0..4_u8).prop_map(Step::Gather),
    ]
}

/// What is known of one task of the property test, from the inside.
#[derive(Default)]
struct Record {
    polls: Cell<u32>,
    is_polled: Cell<bool>,
    finished: Cell<bool>,
    drops: Cell<u32>,
    was_cancelled: Cell<bool>,
}

async fn perform(steps: Vec<Step>, tasks: Rc<RefCell<Vec<asyncio::TaskRef>>>, all: Rc<[Record]>) {
    for step in steps {
        match step {
            Step::Yield => yield_now().await,
            Step::Sleep(delay) => seconds(delay).await,
            Step::Catch(delay) => drop(catch_cancel(seconds(delay)).await),
            Step::Cancel(which) => {
                let target = tasks.borrow().get(which).cloned();
                if target.is_some_and(|task| task.cancel()) {
                    all[which].was_cancelled.set(true);
                }
            }
            Step::Gather(count) => {
                asyncio::gather((0..count).map(|n| turns(n.into()))).await;
            }
        }
    }
}

/// Writes down the polls and the drop of `future`, and checks that none comes at a wrong time.
async fn recorded(future: impl Future<Output = ()>, all: Rc<[Record]>, which: usize) {
    let dropping = all.clone();
    let _on_drop = support::OnDrop::new(move || {
        dropping[which].drops.set(dropping[which].drops.get() + 1);
    });
    let mut future = std::pin::pin!(future);
    poll_fn(|cx| {
        let record = &all[which];
        assert!(!record.finished.get(), "polled after it finished");
        assert!(!record.is_polled.replace(true), "polled while it is polled");
        record.polls.set(record.polls.get() + 1);
        let poll = future.as_mut().poll(cx);
        record.is_polled.set(false);
        record.finished.set(matches!(poll, Poll::Ready(())));
        poll
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// The model: a task that nobody cancelled finishes; one that was cancelled finishes or is
    /// cancelled; each is dropped once, whatever the order they run in.
    #[test]
    fn no_task_is_lost_whatever_is_cancelled_in_whatever_order(
        plans in prop::collection::vec(prop::collection::vec(step(), 0..6), 1..8),
        seed in any::<u64>(),
    ) {
        let all: Rc<[Record]> = plans.iter().map(|_| Record::default()).collect();
        let mut runner = builder().seed(seed).build();
        let handles: Vec<Task<()>> = runner.run(async {
            let refs = Rc::new(RefCell::new(Vec::new()));
            let mut handles = Vec::new();
            for (which, steps) in plans.iter().cloned().enumerate() {
                let work = perform(steps, refs.clone(), all.clone());
                let handle = create_task(recorded(work, all.clone(), which));
                refs.borrow_mut().push(asyncio::TaskRef::clone(&handle));
                handles.push(handle);
            }
            // Longer than any plan takes.
            seconds(60).await;
            assert_eq!(asyncio::all_tasks().len(), 1, "main alone is left");
            handles
        });
        runner.close();
        for (handle, record) in handles.iter().zip(all.iter()) {
            prop_assert!(handle.is_done());
            // One that was cancelled in its last step has finished and counts as cancelled.
            prop_assert!(handle.is_cancelled() || record.finished.get());
            prop_assert!(!handle.is_cancelled() || record.was_cancelled.get());
            prop_assert_eq!(record.drops.get(), u32::from(record.polls.get() > 0));
            prop_assert!(record.polls.get() > 0 || record.was_cancelled.get());
        }
        drop(handles);
        prop_assert_eq!(Rc::strong_count(&all), 1, "nothing of a task is left");
    }
}
