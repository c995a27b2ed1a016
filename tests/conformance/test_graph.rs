//! `test_graph.py`, of Python 3.14: who awaits whom. Without the frames, which futures in Rust haven't got.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    CallGraph, TaskId, When, capture_call_graph, create_task, current_task, gather, shield,
    timeout, wait, yield_now,
};
use futures::StreamExt;

/// A task and, behind it, those that await it. Tasks that were given no name are `anon`.
fn walk(graph: &CallGraph, id: TaskId) -> String {
    let task = graph.tasks().iter().find(|task| task.id() == id).expect("it isn't done");
    let name = if task.name().contains('-') { "anon" } else { task.name() };
    let mut awaited_by: Vec<_> = task.awaited_by().iter().map(|id| walk(graph, *id)).collect();
    awaited_by.sort();
    match &awaited_by[..] {
        [] => name.to_owned(),
        several => format!("{name} <- [{}]", several.join(", ")),
    }
}

/// That of the current task; and the text of the whole.
fn capture() -> (String, String) {
    let graph = capture_call_graph();
    let id = current_task().expect("it is called in a task").id();
    (walk(&graph, id), graph.to_string())
}

type Captured = Rc<RefCell<(String, String)>>;

/// Captures after a turn, some calls further down.
async fn deep(captured: Captured) {
    let inner = async {
        yield_now().await;
        captured.replace(capture());
    };
    let outer = async {
        yield_now().await;
        inner.await;
    };
    outer.await;
}

/// One sibling awaits the handle: there is one.
#[asyncio::test]
async fn test_stack_tgroup() {
    let captured = Captured::default();
    let main = async {
        asyncio::TaskGroup::<()>::scope(async |group| {
            let task = group.create_task(deep(captured.clone())).with_name("c2_root");
            let waiting = async { drop(task.await) };
            drop(group.create_task(waiting).with_name("sub_main_1"));
        })
        .await
        .unwrap();
    };
    main.await;
    let (walked, shown) = captured.take();
    assert_eq!(walked, "c2_root <- [anon, sub_main_1 <- [anon]]");
    assert!(shown.contains(&format!("task 'c2_root' spawned at {}:", file!())), "{shown}");
}

/// A stream is polled by the task that reads it.
#[asyncio::test]
async fn test_stack_async_gen() {
    let captured = Captured::default();
    let numbers = futures::stream::unfold(0, async |number| {
        if number == 2 {
            deep(captured.clone()).await;
        }
        (number < 2).then_some((number, number + 1))
    });
    let mut numbers = pin!(numbers);
    while numbers.next().await.is_some() {}
    let (walked, shown) = captured.take();
    assert_eq!(walked, "anon");
    assert_eq!(shown.lines().count(), 1, "{shown}");
}

#[asyncio::test]
async fn test_stack_gather() {
    let captured = Captured::default();
    asyncio::gather!(deep(captured.clone()), yield_now()).await;
    assert_eq!(captured.take().0, "anon <- [anon]");

    gather([deep(captured.clone())]).await;
    assert_eq!(captured.take().0, "anon <- [anon]");
}

#[asyncio::test]
async fn test_stack_shield() {
    let captured = Captured::default();
    shield(create_task(deep(captured.clone()))).await.unwrap();
    assert_eq!(captured.take().0, "anon <- [anon]");
}

#[asyncio::test]
async fn test_stack_timeout() {
    let captured = Captured::default();
    let inner = deep(captured.clone());
    let c1 = async { timeout(Duration::from_secs(1), inner).await.unwrap() };
    shield(create_task(c1)).await.unwrap();
    assert_eq!(captured.take().0, "anon <- [anon]");
}

#[asyncio::test]
async fn test_stack_wait() {
    let captured = Captured::default();
    let inner = deep(captured.clone());
    let c1 = async { timeout(Duration::from_secs(1), inner).await.unwrap() };
    let c2 = async {
        for _ in 0..3 {
            yield_now().await;
        }
    };
    let (_, pending) = wait([create_task(c1), create_task(c2)], When::AllCompleted).await;
    assert!(pending.is_empty());
    assert_eq!(captured.take().0, "anon <- [anon]");
}

#[asyncio::test]
async fn test_stack_task() {
    let captured = Captured::default();
    let c1 = deep(captured.clone());
    let c2 = async { create_task(c1).with_name("there there").await.unwrap() };
    c2.await;
    assert_eq!(captured.take().0, "there there <- [anon]");
}
