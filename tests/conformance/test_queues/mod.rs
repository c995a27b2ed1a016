//! `test_queues.py`, and what 3.13 added to it for `shutdown`.

mod shutdown;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    AnyQueue, Event, GetNowaitError, LifoQueue, Order, PriorityQueue, PutNowaitError, Queue, Task,
    create_task, get_running_loop, yield_now,
};

fn getting(queue: &Rc<Queue<u32>>) -> Task<Option<u32>> {
    let queue = queue.clone();
    create_task(async move { queue.get().await.ok() })
}

fn putting(queue: &Rc<Queue<u32>>, item: u32) -> Task<bool> {
    let queue = queue.clone();
    create_task(async move { queue.put(item).await.is_ok() })
}

fn shared(maxsize: usize) -> Rc<Queue<u32>> {
    Rc::new(Queue::new(maxsize))
}

#[asyncio::test]
async fn test_repr() {
    let queue = Rc::new(Queue::unbounded());
    assert_eq!(format!("{queue:?}"), "<Queue>");
    let getter = getting(&queue);
    yield_now().await;
    assert_eq!(format!("{queue:?}"), "<Queue getters=1>");
    queue.put_nowait(0).unwrap();
    assert_eq!(getter.await.unwrap(), Some(0));

    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let putter = putting(&queue, 2);
    yield_now().await;
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=1 items=1 putters=1 tasks=1>");
    queue.get_nowait().unwrap();
    assert!(putter.await.unwrap());
}

#[asyncio::test]
async fn test_empty() {
    let queue = Queue::unbounded();
    assert!(queue.is_empty());
    queue.put(1).await.unwrap();
    assert!(!queue.is_empty());
    assert_eq!(queue.get().await, Ok(1));
    assert!(queue.is_empty());
}

#[asyncio::test]
async fn test_full() {
    assert!(!Queue::<u8>::unbounded().is_full());
    let queue = Queue::new(1);
    queue.put(1).await.unwrap();
    assert!(queue.is_full());
}

/// Puts 1, 3, 2 and takes all out.
async fn in_and_out<O: Order<Item = u32>>(queue: &AnyQueue<O>) -> Vec<u32> {
    for item in [1, 3, 2] {
        queue.put(item).await.unwrap();
    }
    let mut items = Vec::new();
    while let Ok(item) = queue.get_nowait() {
        items.push(item);
    }
    items
}

#[asyncio::test]
async fn test_order() {
    assert_eq!(in_and_out(&Queue::unbounded()).await, [1, 3, 2]);
    assert_eq!(in_and_out(&LifoQueue::unbounded()).await, [2, 3, 1]);
    assert_eq!(in_and_out(&PriorityQueue::unbounded()).await, [1, 2, 3]);
}

#[asyncio::test]
async fn test_maxsize() {
    let queue = shared(2);
    assert_eq!(queue.maxsize(), Some(2));
    let put = Rc::new(RefCell::new(Vec::new()));
    let (in_task, noted) = (queue.clone(), put.clone());
    let task = create_task(async move {
        for item in 0..3 {
            in_task.put(item).await.unwrap();
            noted.borrow_mut().push(item);
        }
    });
    yield_now().await;
    assert_eq!(*put.borrow(), [0, 1]);
    assert_eq!(queue.get().await, Ok(0));
    yield_now().await;
    assert_eq!(*put.borrow(), [0, 1, 2]);
    assert_eq!(queue.get().await, Ok(1));
    assert_eq!(queue.get().await, Ok(2));
    assert!(task.is_done());
}

#[asyncio::test]
async fn test_blocking_get() {
    let queue = Queue::unbounded();
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get().await, Ok(1));
}

#[asyncio::test]
async fn test_get_with_putters() {
    let queue = shared(1);
    queue.put(1).await.unwrap();
    let putter = putting(&queue, 2);
    yield_now().await;
    assert_eq!(queue.get().await, Ok(1));
    assert!(putter.await.unwrap());
}

#[asyncio::test(clock = "virtual")]
async fn test_blocking_get_wait() {
    let (queue, started) = (Rc::new(Queue::unbounded()), Rc::new(Event::new()));
    let (in_task, in_task_started) = (queue.clone(), started.clone());
    let task = create_task(async move {
        in_task_started.set();
        in_task.get().await.unwrap()
    });
    started.wait().await;
    assert!(!task.is_done());
    let event_loop = get_running_loop().unwrap();
    event_loop.call_later(Duration::from_millis(10), move || queue.put_nowait(1).unwrap());
    assert_eq!(task.await.unwrap(), 1);
}

#[test]
fn test_nonblocking_get() {
    let queue = Queue::unbounded();
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1));
}

#[test]
fn test_nonblocking_get_exception() {
    assert_eq!(Queue::<u8>::unbounded().get_nowait(), Err(GetNowaitError::QueueEmpty));
}

#[asyncio::test]
async fn test_get_cancelled_race() {
    let queue = shared(1);
    let (first, second) = (getting(&queue), getting(&queue));
    yield_now().await;
    first.cancel();
    yield_now().await;
    assert!(first.is_done());
    queue.put(7).await.unwrap();
    assert_eq!(second.await.unwrap(), Some(7));
}

#[asyncio::test]
async fn test_get_with_waiting_putters() {
    let queue = shared(1);
    let _putting = [putting(&queue, 1), putting(&queue, 2)];
    assert_eq!(queue.get().await, Ok(1));
    assert_eq!(queue.get().await, Ok(2));
}

#[asyncio::test]
async fn test_why_are_getters_waiting() {
    let queue = Queue::new(1);
    let consumer = async {
        for _ in 0..5 {
            queue.get().await.unwrap();
        }
    };
    let producer = async {
        for item in 0..5 {
            queue.put(item).await.unwrap();
        }
    };
    asyncio::gather!(producer, consumer).await;
}

#[asyncio::test]
async fn test_cancelled_getters_not_being_held_in_self_getters() {
    let queue = shared(5);
    let getter = getting(&queue);
    yield_now().await;
    getter.cancel();
    yield_now().await;
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=5>");
}

#[asyncio::test]
async fn test_blocking_put() {
    let queue = Queue::unbounded();
    queue.put(1).await.unwrap();
    assert_eq!(queue.get().await, Ok(1));
}

#[asyncio::test(clock = "virtual")]
async fn test_blocking_put_wait() {
    let (queue, started) = (shared(1), Rc::new(Event::new()));
    let (in_task, in_task_started) = (queue.clone(), started.clone());
    let getter = queue.clone();
    let event_loop = get_running_loop().unwrap();
    event_loop
        .call_later(Duration::from_millis(10), move || assert_eq!(getter.get_nowait(), Ok(1)));
    let task = create_task(async move {
        in_task_started.set();
        in_task.put(1).await.unwrap();
        in_task.put(2).await.unwrap();
    });
    started.wait().await;
    assert!(!task.is_done());
    task.await.unwrap();
}

#[test]
fn test_nonblocking_put() {
    let queue = Queue::unbounded();
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1));
}

#[asyncio::test]
async fn test_get_cancel_drop_one_pending_reader() {
    let queue = shared(2);
    let reader = getting(&queue);
    yield_now().await;
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    reader.cancel();
    assert!(reader.await.is_err());
    assert_eq!(getting(&queue).await.unwrap(), Some(1));
}

#[asyncio::test]
async fn test_get_cancel_drop_many_pending_readers() {
    let queue = shared(2);
    let [first, second, third] = [getting(&queue), getting(&queue), getting(&queue)];
    yield_now().await;
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    first.cancel();
    assert!(first.await.is_err());
    let got = (second.await.unwrap(), third.await.unwrap());
    assert_eq!(got, (Some(1), Some(2)), "Python leaves the order open");
}

#[asyncio::test]
async fn test_put_cancel_drop() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let writer = putting(&queue, 2);
    yield_now().await;
    assert_eq!(queue.get_nowait(), Ok(1));
    writer.cancel();
    assert!(writer.await.is_err());
    assert!(putting(&queue, 2).await.unwrap());
    assert_eq!(queue.get_nowait(), Ok(2));
    assert_eq!(queue.len(), 0);
}

#[test]
fn test_nonblocking_put_exception() {
    let queue = Queue::new(1);
    queue.put_nowait(1).unwrap();
    assert!(matches!(queue.put_nowait(2), Err(PutNowaitError::QueueFull(2))));
}

#[asyncio::test]
async fn test_put_cancelled() {
    let queue = shared(1);
    let task = putting(&queue, 1);
    assert_eq!(queue.get().await, Ok(1));
    assert!(task.is_done() && task.await.unwrap());
}

#[asyncio::test]
async fn test_put_cancelled_race() {
    let queue = shared(1);
    let [a, b, c] = [1, 2, 3].map(|item| putting(&queue, item));
    yield_now().await;
    assert!(a.is_done() && !b.is_done());
    c.cancel();
    yield_now().await;
    assert!(c.is_done());
    assert_eq!(queue.get_nowait(), Ok(1));
    yield_now().await;
    assert_eq!(queue.get_nowait(), Ok(2));
    assert!(b.await.unwrap());
}

#[asyncio::test]
async fn test_put_with_waiting_getters() {
    let queue = shared(1);
    let getter = getting(&queue);
    yield_now().await;
    queue.put(1).await.unwrap();
    assert_eq!(getter.await.unwrap(), Some(1));
}

#[asyncio::test]
async fn test_why_are_putters_waiting() {
    let queue = Queue::new(2);
    let getter = async {
        yield_now().await;
        for _ in 0..queue.len() {
            queue.get_nowait().unwrap();
        }
    };
    let put = async |item| queue.put(item).await.unwrap();
    asyncio::gather!(getter, put(0), put(1), put(2), put(3)).await;
}

#[asyncio::test]
async fn test_cancelled_puts_not_being_held_in_self_putters() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let putter = putting(&queue, 1);
    yield_now().await;
    putter.cancel();
    assert!(putter.await.is_err());
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=1 items=1 tasks=1>");
}

#[asyncio::test]
async fn test_cancelled_put_silence_value_error_exception() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let putter = putting(&queue, 1);
    yield_now().await;
    queue.get_nowait().unwrap();
    putter.cancel();
    assert!(putter.await.is_err());
    assert!(!queue.is_full(), "the place it was promised is free again");
}

/// The cases that Python runs with each class.
fn with_each(
    fifo: impl FnOnce(&Queue<u32>),
    lifo: impl FnOnce(&LifoQueue<u32>),
    priority: impl FnOnce(&PriorityQueue<u32>),
) {
    fifo(&Queue::unbounded());
    lifo(&LifoQueue::unbounded());
    priority(&PriorityQueue::unbounded());
}

#[test]
#[should_panic = "task_done() called too many times"]
fn test_task_done_underflow() {
    Queue::<u32>::unbounded().task_done();
}

/// Two workers deal with a hundred items.
fn two_workers<O: Order<Item = u32>>(queue: &AnyQueue<O>) {
    asyncio::run(async {
        for item in 0..100 {
            queue.put_nowait(item).unwrap();
        }
        let sum = std::cell::Cell::new(0);
        let worker = async || {
            while let Ok(item) = queue.get().await {
                sum.set(sum.get() + item);
                queue.task_done();
            }
        };
        let boss = async {
            queue.join().await;
            assert_eq!(sum.get(), (0..100).sum::<u32>());
            queue.shutdown(false);
        };
        asyncio::gather!(worker(), worker(), boss).await;
    });
}

#[test]
fn test_task_done() {
    with_each(|queue| two_workers(queue), |queue| two_workers(queue), |queue| two_workers(queue));
}

fn join_twice<O: Order<Item = u32>>(queue: &AnyQueue<O>) {
    asyncio::run(async {
        queue.join().await;
        queue.join().await;
    });
}

#[test]
fn test_join_empty_queue() {
    with_each(|queue| join_twice(queue), |queue| join_twice(queue), |queue| join_twice(queue));
}

#[test]
fn test_format() {
    let queue = Queue::new(2);
    queue.put_nowait(1).unwrap();
    queue.get_nowait().unwrap();
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=2 tasks=1>");
}
