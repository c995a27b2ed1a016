//! `QueueShutdownTests` and its kin, of Python 3.13, and what else there is to say of `shutdown`.

use std::rc::Rc;

use asyncio::{
    AnyQueue, GetNowaitError, LifoQueue, Order, PriorityQueue, PutNowaitError, Queue, Task,
    create_task, yield_now,
};

use super::{getting, putting, shared};

/// A queue that was shut down and has nothing left turns everybody away.
async fn assert_shut_down<O: Order<Item = u32>>(queue: &AnyQueue<O>) {
    assert_eq!(queue.put(1).await.unwrap_err().into_item(), 1);
    assert!(matches!(queue.put_nowait(1), Err(PutNowaitError::QueueShutDown(1))));
    assert!(queue.get().await.is_err());
    assert_eq!(queue.get_nowait(), Err(GetNowaitError::QueueShutDown));
}

/// Once more than there are items, `task_done` panics.
fn assert_all_done<O: Order<Item = u32>>(queue: &AnyQueue<O>) {
    let once_more = std::panic::AssertUnwindSafe(|| queue.task_done());
    let payload = std::panic::catch_unwind(once_more).unwrap_err();
    assert!(payload.downcast::<&str>().unwrap().contains("task_done() called too many times"));
}

/// The cases of 3.13 for one class of queues.
macro_rules! shutdown_cases {
    ($module:ident, $class:ident) => {
        mod $module {
            use super::*;

            fn shared(maxsize: usize) -> Rc<$class<u32>> {
                Rc::new($class::new(maxsize))
            }

            fn joining(queue: &Rc<$class<u32>>) -> Task<()> {
                let queue = queue.clone();
                create_task(async move { queue.join().await })
            }

            #[asyncio::test(seeds = 20)]
            async fn test_shutdown_empty() {
                let queue = shared(10);
                let in_task = queue.clone();
                let getter = create_task(async move { in_task.get().await.is_err() });
                yield_now().await;
                queue.shutdown(false);
                assert_eq!(queue.len(), 0);
                queue.join().await;
                assert!(getter.await.unwrap());
                assert_shut_down(&queue).await;
            }

            #[asyncio::test(seeds = 20)]
            async fn test_shutdown_nonempty() {
                let queue = shared(1);
                queue.put_nowait(1).unwrap();
                let (joiner, in_task) = (joining(&queue), queue.clone());
                let putter = create_task(async move { in_task.put(2).await.is_err() });
                yield_now().await;
                assert!(!putter.is_done());
                queue.shutdown(false);
                assert_eq!(queue.len(), 1);
                assert!(putter.await.unwrap());
                assert_eq!(queue.get().await, Ok(1));
                yield_now().await;
                assert!(!joiner.is_done());
                assert_shut_down(&queue).await;
                queue.task_done();
                joiner.await.unwrap();
                assert_all_done(&queue);
            }

            #[asyncio::test(seeds = 20)]
            async fn test_shutdown_immediate() {
                let queue = shared(10);
                queue.put_nowait(1).unwrap();
                let joiner = joining(&queue);
                queue.shutdown(true);
                assert_eq!(queue.len(), 0);
                joiner.await.unwrap();
                assert_shut_down(&queue).await;
                assert_all_done(&queue);
            }

            #[asyncio::test(seeds = 20)]
            async fn test_shutdown_immediate_with_unfinished() {
                let queue = shared(10);
                queue.put_nowait(1).unwrap();
                queue.put_nowait(1).unwrap();
                let joiner = joining(&queue);
                assert_eq!(queue.get().await, Ok(1));
                queue.shutdown(true);
                assert_eq!(queue.len(), 0);
                yield_now().await;
                assert!(!joiner.is_done());
                assert_shut_down(&queue).await;
                queue.task_done();
                assert_all_done(&queue);
                joiner.await.unwrap();
            }
        }
    };
}

shutdown_cases!(queue_shutdown_tests, Queue);
shutdown_cases!(lifo_queue_shutdown_tests, LifoQueue);
shutdown_cases!(priority_queue_shutdown_tests, PriorityQueue);

#[asyncio::test]
async fn test_shutdown_nonempty_get_nowait() {
    let queue = shared(2);
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    assert_eq!(queue.get_nowait(), Ok(1));
    assert_eq!(queue.get_nowait(), Err(GetNowaitError::QueueShutDown));
}

#[asyncio::test]
async fn test_shutdown_repr() {
    let queue = Queue::<u8>::new(1);
    queue.shutdown(false);
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=1 shut down>");
}

#[asyncio::test]
async fn test_shutdown_allowed_transitions() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    queue.shutdown(false);
    assert_eq!(queue.len(), 1);
    queue.shutdown(true);
    queue.shutdown(false);
    assert_eq!(queue.len(), 0);
}

#[asyncio::test]
async fn test_shutdown_wakes_getters_and_putters() {
    let (empty, full) = (shared(1), shared(1));
    full.put_nowait(0).unwrap();
    let getters = [getting(&empty), getting(&empty)];
    let putters = [putting(&full, 1), putting(&full, 2)];
    yield_now().await;
    empty.shutdown(false);
    full.shutdown(true);
    for getter in getters {
        assert_eq!(getter.await.unwrap(), None);
    }
    for putter in putters {
        assert!(!putter.await.unwrap());
    }
}
