//! Who awaits whom: the graph, its text, and SIGUSR1.

mod child;
mod support;

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    CallGraph, Task, TaskGroup, When, as_completed, capture_call_graph, create_task, gather,
    new_event_loop, print_call_graph, shield, timeout, wait, yield_now,
};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use support::{panic_of, poll_once, turns};

/// A line for each task, without its place.
fn lines(graph: &CallGraph) -> Vec<String> {
    let without_place = |line: &str| {
        let (task, rest) = line.split_once(" spawned at ").expect("it names the place");
        let (_, state) = rest.split_once(": ").expect("it names the state");
        format!("{}: {state}", task.replace("task ", ""))
    };
    graph.to_string().lines().map(without_place).collect()
}

/// Never done.
fn sleeper(name: &str) -> Task<()> {
    create_task(pending::<()>()).with_name(name)
}

/// A task that awaits `inner`.
fn awaiting(inner: Task<()>, name: &str) -> Task<()> {
    create_task(async { drop(inner.await) }).with_name(name)
}

/// Who awaits the task `name`, by name.
fn awaiters(name: &str) -> Vec<String> {
    let graph = capture_call_graph();
    let by_id = |id| graph.tasks().iter().find(|task| task.id() == id).expect("it is in the graph");
    let task = graph.tasks().iter().find(|task| task.name() == name).expect("it is in the graph");
    task.awaited_by().iter().map(|id| by_id(*id).name().to_owned()).collect()
}

#[asyncio::test]
async fn a_task_stands_below_the_one_that_awaits_its_handle() {
    awaiting(sleeper("inner"), "outer").detach();
    create_task(async {}).with_name("new").detach();
    let graph = capture_call_graph();
    assert_eq!(
        lines(&graph),
        ["'Task-1': running", "'inner': ready", "'outer': ready", "'new': ready",]
    );
    turns(2).await;
    let graph = capture_call_graph();
    let expected = ["'Task-1': running", "'outer': waiting", "└── 'inner': waiting"];
    assert_eq!(lines(&graph), expected);
}

#[asyncio::test]
async fn each_task_is_shown_with_the_place_that_spawned_it() {
    let task = create_task(async {});
    let line = line!() - 1;
    let graph = capture_call_graph();
    let of_task = &graph.tasks()[1];
    assert_eq!((of_task.id(), of_task.name()), (task.id(), "Task-2"));
    let place = of_task.spawned_at();
    assert_eq!((place.file(), place.line()), (file!(), line));
    let expected = format!("task 'Task-2' spawned at {}:{line}:{}: ready", file!(), place.column());
    assert_eq!(graph.to_string().lines().nth(1), Some(&*expected));
}

#[asyncio::test]
async fn the_children_of_a_gather_stand_below_the_task_they_live_in() {
    let look = async {
        turns(2).await;
        capture_call_graph()
    };
    let (graph, ()) = asyncio::gather!(look, turns(5)).await;
    let expected = ["'Task-1': waiting", "├── 'Task-2': running", "└── 'Task-3': ready"];
    assert_eq!(lines(&graph), expected);
}

#[asyncio::test]
async fn a_child_that_has_children_stands_between() {
    let inner = async { gather([pending::<()>(), pending()]).await };
    let mut outer = pin!(async { asyncio::gather!(inner, pending::<()>()).await });
    for _ in 0..3 {
        assert!(poll_once(outer.as_mut()).await.is_none());
        yield_now().await;
    }
    assert_eq!(
        lines(&capture_call_graph()),
        [
            "'Task-1': running",
            "├── 'Task-2': waiting",
            "│   ├── 'Task-4': waiting",
            "│   └── 'Task-5': waiting",
            "└── 'Task-3': waiting",
        ]
    );
}

#[asyncio::test]
async fn a_groups_child_that_a_sibling_awaits_stands_below_both() {
    TaskGroup::<()>::scope(async |group| {
        let first = group.create_task(pending::<()>()).with_name("first");
        let second = group.create_task(async { drop(first.await) }).with_name("second");
        turns(2).await;
        assert_eq!(
            lines(&capture_call_graph()),
            [
                "'Task-1': running",
                "├── 'first': waiting",
                "└── 'second': waiting",
                "    └── 'first': waiting (see above)",
            ]
        );
        drop(second);
        group.cancel();
    })
    .await
    .unwrap();
}

/// A run would wait for them for ever, so the loop is driven by hand.
#[test]
fn tasks_that_await_each_other_are_shown_as_a_circle() {
    let event_loop = new_event_loop();
    let slots: [Rc<Cell<Option<Task<()>>>>; 2] = Default::default();
    let member = |name, slot: &Rc<Cell<Option<Task<()>>>>| {
        let slot = slot.clone();
        let other = async move { drop(slot.take().expect("it is given the other").await) };
        event_loop.create_task(other).with_name(name)
    };
    let first = member("first", &slots[0]);
    let second = member("second", &slots[1]);
    slots[0].set(Some(second));
    slots[1].set(Some(first));
    let graph = event_loop.run_until_complete(async {
        yield_now().await;
        capture_call_graph()
    });
    assert_eq!(
        lines(&graph),
        [
            "'Task-3': running",
            "'first': waiting",
            "└── 'second': waiting",
            "    └── 'first': waiting (see above)",
        ]
    );
    event_loop.close();
}

#[asyncio::test]
async fn a_task_is_awaited_also_through_what_has_a_waker_of_its_own() {
    let mut several: FuturesUnordered<_> = ["one", "two"].into_iter().map(sleeper).collect();
    let waiting = async move { while several.next().await.is_some() {} };
    create_task(waiting).with_name("several").detach();
    yield_now().await;
    yield_now().await;
    assert_eq!(awaiters("one"), ["several"]);
    assert_eq!(awaiters("two"), ["several"]);
}

#[asyncio::test]
async fn the_tasks_of_wait_as_completed_and_shield_are_awaited() {
    let waiting = wait([sleeper("in wait")], When::AllCompleted);
    create_task(async { drop(waiting.await) }).with_name("wait").detach();
    let mut done = as_completed([sleeper("in as_completed")]);
    create_task(async move { drop(done.next().await) }).with_name("as_completed").detach();
    let shielded = shield(sleeper("shielded"));
    create_task(async { drop(shielded.await) }).with_name("shield").detach();
    turns(2).await;
    assert_eq!(awaiters("in wait"), ["wait"]);
    assert_eq!(awaiters("in as_completed"), ["as_completed"]);
    assert_eq!(awaiters("shielded"), ["shield"]);
}

#[asyncio::test(clock = "virtual")]
async fn a_task_that_is_awaited_no_more_stands_for_itself() {
    let (_, pending) =
        wait([sleeper("in wait")], When::AllCompleted).timeout(Duration::from_secs(1)).await;
    assert_eq!(awaiters("in wait"), [""; 0]);

    let shielded = shield(sleeper("shielded"));
    timeout(Duration::from_secs(1), shielded).await.unwrap_err();
    assert_eq!(awaiters("shielded"), [""; 0]);

    let mut others: FuturesUnordered<_> = pending.into_iter().collect();
    assert!(poll_once(pin!(others.next())).await.is_none());
    assert_eq!(awaiters("in wait"), ["Task-1"]);
    others.into_iter().for_each(Task::detach);
    assert_eq!(awaiters("in wait"), [""; 0]);
}

#[asyncio::test]
async fn a_task_that_is_done_is_not_in_it() {
    let outer = awaiting(create_task(async {}).with_name("inner"), "outer");
    turns(2).await;
    assert_eq!(lines(&capture_call_graph()), ["'Task-1': running"]);
    outer.await.unwrap();
}

#[test]
fn a_long_chain_of_awaits_is_shown() {
    let graph = asyncio::run(async {
        let mut last = sleeper("0");
        for number in 1..500 {
            last = awaiting(last, &number.to_string());
        }
        last.detach();
        turns(2).await;
        capture_call_graph()
    });
    let shown = lines(&graph);
    assert_eq!(shown.len(), 501);
    assert!(shown[500].ends_with("└── '0': waiting"), "{}", shown[500]);
}

#[test]
fn there_is_no_graph_outside_a_loop() {
    let expected = "`capture_call_graph` needs a running event loop";
    assert!(panic_of(capture_call_graph).contains(expected));
    assert!(panic_of(print_call_graph).contains(expected));
}

#[cfg(unix)]
mod signal {
    use std::os::unix::process::ExitStatusExt;
    use std::thread;

    use asyncio::Runner;
    use asyncio::signals::SIGUSR1;

    use super::child::{Child, run_as_child};
    use super::{create_task, pending, sleeper};

    fn is_expected(line: &str, task: &str, state: &str) {
        let start = format!("{task} spawned at {}:", file!());
        assert!(line.starts_with(&start) && line.ends_with(&format!(": {state}")), "{line}");
    }

    #[test]
    fn sigusr1_prints_the_graph_of_a_loop_that_waits_as_often_as_it_is_sent() {
        let body = || {
            asyncio::run(async {
                create_task(sleeper("inner")).with_name("outer").detach();
                asyncio::yield_now().await;
                eprintln!("ready");
                pending::<()>().await;
            });
        };
        if run_as_child(body) {
            return;
        }
        let test = "signal::sigusr1_prints_the_graph_of_a_loop_that_waits_as_often_as_it_is_sent";
        let mut child = Child::start(test, &[("ASYNCIO_DEBUG", "1")]);
        assert_eq!(child.line(), "ready");
        for _ in 0..2 {
            child.signal("USR1");
            let head = child.line();
            assert!(head.starts_with("asyncio: the call graph of the loop on thread '"), "{head}");
            is_expected(&child.line(), "task 'Task-1'", "waiting");
            is_expected(&child.line(), "task 'outer'", "waiting");
            is_expected(&child.line(), "└── task 'inner'", "waiting");
        }
        child.interrupt();
        assert!(child.end().0.is_empty());
    }

    #[test]
    fn sigusr1_prints_the_graph_of_each_loop() {
        let body = || {
            let run = || {
                Runner::builder().debug(true).build().run(async {
                    eprintln!("ready");
                    pending::<()>().await;
                });
            };
            thread::Builder::new().name("other".to_owned()).spawn(run).unwrap();
            run();
        };
        if run_as_child(body) {
            return;
        }
        let mut child = Child::start("signal::sigusr1_prints_the_graph_of_each_loop", &[]);
        assert_eq!([child.line(), child.line()], ["ready", "ready"]);
        child.signal("USR1");
        let mut heads = Vec::new();
        for _ in 0..2 {
            heads.push(child.line());
            is_expected(&child.line(), "task 'Task-1'", "waiting");
        }
        assert_eq!(heads.iter().filter(|head| head.ends_with("on thread 'other':")).count(), 1);
        child.interrupt();
        assert!(child.end().0.is_empty());
    }

    #[test]
    fn sigusr1_says_that_a_loop_is_held_up() {
        let body = || {
            asyncio::run(async {
                eprintln!("ready");
                loop {
                    thread::park();
                }
            });
        };
        if run_as_child(body) {
            return;
        }
        let test = "signal::sigusr1_says_that_a_loop_is_held_up";
        let mut child = Child::start(test, &[("ASYNCIO_DEBUG", "1")]);
        assert_eq!(child.line(), "ready");
        child.signal("USR1");
        let said = child.line();
        assert!(said.starts_with("asyncio: the loop on thread '"), "{said}");
        assert!(said.contains("' doesn't answer: a task or a callback holds it up"), "{said}");
        child.interrupt();
        assert!(child.end().0.is_empty());
    }

    #[test]
    fn after_the_run_sigusr1_ends_the_process_again() {
        let body = || {
            asyncio::run(async {});
            eprintln!("ready");
            loop {
                thread::park();
            }
        };
        if run_as_child(body) {
            return;
        }
        let test = "signal::after_the_run_sigusr1_ends_the_process_again";
        let mut child = Child::start(test, &[("ASYNCIO_DEBUG", "1")]);
        assert_eq!(child.line(), "ready");
        child.signal("USR1");
        let (lines, status) = child.end();
        assert!(lines.is_empty(), "{lines:?}");
        assert_eq!(status.signal(), Some(SIGUSR1));
    }

    #[test]
    fn without_debug_mode_sigusr1_ends_the_process_as_ever() {
        let body = || {
            asyncio::run(async {
                eprintln!("ready");
                pending::<()>().await;
            });
        };
        if run_as_child(body) {
            return;
        }
        let test = "signal::without_debug_mode_sigusr1_ends_the_process_as_ever";
        let mut child = Child::start(test, &[]);
        assert_eq!(child.line(), "ready");
        child.signal("USR1");
        let (lines, status) = child.end();
        assert!(lines.is_empty(), "{lines:?}");
        assert_eq!(status.signal(), Some(SIGUSR1));
    }
}
