//! Queues: what goes beyond Python's cases, which `tests/conformance` holds them to.

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use asyncio::{
    AnyQueue, Clock, GetNowaitError, LifoQueue, Order, PriorityQueue, PutNowaitError, Queue,
    QueueShutDown, Runner, Task, create_task, yield_now,
};
use futures::StreamExt;
use proptest::prelude::*;
use support::{OnDrop, panic_of, turns};

/// What a script does next.
#[derive(Clone, Debug)]
enum Step {
    Put,
    Get,
    PutNowait,
    GetNowait,
    CancelPut(usize),
    CancelGet(usize),
    Turn,
}

fn script() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Put),
        3 => Just(Step::Get),
        1 => Just(Step::PutNowait),
        1 => Just(Step::GetNowait),
        1 => (0..16_usize).prop_map(Step::CancelPut),
        1 => (0..16_usize).prop_map(Step::CancelGet),
        3 => Just(Step::Turn),
    ];
    prop::collection::vec(step, 0..50)
}

/// What was put into a queue and got from it, in order, by number.
#[derive(Default)]
struct Ledger {
    queue: Option<Rc<Queue<u32>>>,
    next: Cell<u32>,
    put: RefCell<Vec<u32>>,
    got: RefCell<Vec<u32>>,
    putters: RefCell<Vec<Task<()>>>,
    getters: RefCell<Vec<Task<()>>>,
}

impl Ledger {
    fn new(maxsize: usize) -> Rc<Self> {
        Rc::new(Self { queue: Some(Rc::new(Queue::new(maxsize))), ..Self::default() })
    }

    fn queue(&self) -> &Queue<u32> {
        self.queue.as_ref().unwrap()
    }

    fn number(&self) -> u32 {
        self.next.replace(self.next.get() + 1)
    }

    fn step(self: &Rc<Self>, step: &Step) {
        let this = self.clone();
        match step {
            Step::Put => {
                let number = self.number();
                let task = create_task(async move {
                    if this.queue().put(number).await.is_ok() {
                        this.put.borrow_mut().push(number);
                    }
                });
                self.putters.borrow_mut().push(task);
            }
            Step::Get => {
                let task = create_task(async move {
                    if let Ok(number) = this.queue().get().await {
                        this.got.borrow_mut().push(number);
                    }
                });
                self.getters.borrow_mut().push(task);
            }
            Step::PutNowait => {
                let number = self.number();
                let is_full = self.queue().is_full();
                let put = self.queue().put_nowait(number);
                assert_eq!(put.is_err(), is_full);
                if put.is_ok() {
                    self.put.borrow_mut().push(number);
                }
            }
            Step::GetNowait => {
                let is_empty = self.queue().is_empty();
                let got = self.queue().get_nowait();
                assert_eq!(got.is_err(), is_empty);
                self.got.borrow_mut().extend(got.ok());
            }
            Step::CancelPut(index) => cancel(&self.putters, *index),
            Step::CancelGet(index) => cancel(&self.getters, *index),
            Step::Turn => {}
        }
    }
}

fn cancel(tasks: &RefCell<Vec<Task<()>>>, index: usize) {
    let tasks = tasks.borrow();
    if !tasks.is_empty() {
        tasks[index % tasks.len()].cancel();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_item_arrives_once_whoever_is_cancelled(
        script in script(), maxsize in 1..4_usize, seed in prop::option::of(any::<u64>()),
    ) {
        let builder = Runner::builder().clock(Clock::Virtual);
        let builder = match seed {
            Some(seed) => builder.seed(seed),
            None => builder,
        };
        builder.build().run(async {
            let ledger = Ledger::new(maxsize);
            let queue = ledger.queue();
            for step in &script {
                ledger.step(step);
                assert!(queue.len() <= maxsize);
                if let Step::Turn = step {
                    yield_now().await;
                }
            }
            turns(60).await;
            let waiting = |tasks: &RefCell<Vec<Task<()>>>| {
                tasks.borrow().iter().filter(|task| !task.is_done()).count()
            };
            let (putters, getters) = (waiting(&ledger.putters), waiting(&ledger.getters));
            assert!(putters == 0 || queue.is_full(), "a putter was left behind");
            assert!(getters == 0 || queue.is_empty(), "a getter was left behind");
            assert_eq!(queue.is_full(), queue.len() == maxsize, "a place is lost");
            let in_it = queue.len();
            assert_eq!(queue.is_empty(), in_it == 0, "an item is lost");
            while let Ok(number) = queue.get_nowait() {
                ledger.got.borrow_mut().push(number);
                turns(2).await;
            }
            queue.shutdown(false);
            turns(2).await;
            assert_eq!(waiting(&ledger.putters) + waiting(&ledger.getters), 0);

            let (mut put, mut got) = (ledger.put.take(), ledger.got.take());
            if seed.is_some() {
                put.sort_unstable();
                got.sort_unstable();
            }
            assert_eq!(got, put);
        });
    }
}

fn shared(maxsize: usize) -> Rc<Queue<u32>> {
    Rc::new(Queue::new(maxsize))
}

fn getting(queue: &Rc<Queue<u32>>) -> Task<Result<u32, QueueShutDown>> {
    let queue = queue.clone();
    create_task(async move { queue.get().await })
}

fn putting(queue: &Rc<Queue<u32>>, item: u32) -> Task<Result<(), QueueShutDown<u32>>> {
    let queue = queue.clone();
    create_task(async move { queue.put(item).await })
}

#[asyncio::test]
async fn an_item_is_the_first_getters_before_that_runs() {
    let queue = shared(2);
    let getter = getting(&queue);
    yield_now().await;
    queue.put_nowait(1).unwrap();
    assert!(queue.is_empty() && queue.len() == 1);
    assert_eq!(queue.get_nowait(), Err(GetNowaitError::QueueEmpty));
    assert_eq!(getter.await.unwrap(), Ok(1));
}

#[asyncio::test]
async fn a_place_is_the_first_putters_before_that_runs() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let putter = putting(&queue, 2);
    yield_now().await;
    queue.get_nowait().unwrap();
    assert!(queue.is_full());
    assert!(matches!(queue.put_nowait(3), Err(PutNowaitError::QueueFull(3))));
    assert_eq!(putter.await.unwrap(), Ok(()));
    assert_eq!(queue.get_nowait(), Ok(2));
}

#[asyncio::test]
async fn getters_are_served_in_the_order_they_came() {
    let queue = shared(1);
    let getters: Vec<_> = (0..5).map(|_| getting(&queue)).collect();
    yield_now().await;
    for item in 0..5 {
        queue.put(item).await.unwrap();
    }
    for (item, getter) in (0..).zip(getters) {
        assert_eq!(getter.await.unwrap(), Ok(item));
    }
}

#[asyncio::test]
async fn a_place_promised_before_a_shutdown_takes_no_item_after_it() {
    let queue = shared(1);
    queue.put_nowait(1).unwrap();
    let putter = putting(&queue, 2);
    yield_now().await;
    queue.get_nowait().unwrap();
    queue.shutdown(false);
    assert_eq!(putter.await.unwrap().unwrap_err().into_item(), 2);
    assert!(!queue.is_full());
    assert!(getting(&queue).await.unwrap().is_err());
}

#[asyncio::test]
async fn an_item_promised_before_a_shutdown_is_got_unless_that_is_immediate() {
    for immediate in [false, true] {
        let queue = shared(1);
        let getter = getting(&queue);
        yield_now().await;
        queue.put_nowait(1).unwrap();
        queue.shutdown(immediate);
        assert_eq!(getter.await.unwrap().is_err(), immediate);
    }
}

#[asyncio::test]
async fn a_getter_cancelled_after_an_immediate_shutdown_leaves_no_item() {
    let queue = shared(1);
    let getter = getting(&queue);
    yield_now().await;
    queue.put_nowait(1).unwrap();
    queue.shutdown(true);
    getter.cancel();
    assert!(getter.await.is_err());
    assert_eq!(queue.get_nowait(), Err(GetNowaitError::QueueShutDown));
    assert!(queue.get().await.is_err());
}

#[asyncio::test]
async fn items_dropped_by_a_shutdown_may_use_the_queue() {
    let queue = Rc::new(Queue::unbounded());
    let seen = Rc::new(Cell::new(None));
    let (in_drop, seen_in_drop) = (queue.clone(), seen.clone());
    let item = OnDrop::new(move || seen_in_drop.set(Some(in_drop.len())));
    queue.put_nowait(item).ok().unwrap();
    queue.shutdown(true);
    assert_eq!(seen.get(), Some(0));
}

#[asyncio::test]
async fn a_stream_ends_when_the_queue_is_shut_down_and_empty() {
    let queue = shared(1);
    let producer = async {
        for item in 0..4 {
            queue.put(item).await.unwrap();
        }
        queue.shutdown(false);
    };
    let consumer = queue.stream().collect::<Vec<_>>();
    assert_eq!(asyncio::gather!(producer, consumer).await.1, [0, 1, 2, 3]);
    assert_eq!(queue.stream().next().await, None);
}

#[asyncio::test]
async fn a_stream_that_is_dropped_passes_its_item_on() {
    let queue = shared(1);
    let mut stream = queue.stream();
    assert!(futures::poll!(stream.next()).is_pending());
    queue.put_nowait(1).unwrap();
    drop(stream);
    assert_eq!(queue.get_nowait(), Ok(1));
}

#[test]
fn equal_items_of_a_priority_queue_come_in_the_order_they_were_put() {
    /// Compared by its first half.
    #[derive(Debug)]
    struct Job(u8, &'static str);
    impl PartialEq for Job {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Job {}
    impl PartialOrd for Job {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Job {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.cmp(&other.0)
        }
    }
    let queue = PriorityQueue::unbounded();
    for job in [Job(2, "d"), Job(1, "a"), Job(1, "b"), Job(1, "c")] {
        queue.put_nowait(job).unwrap();
    }
    let names: Vec<_> = std::iter::from_fn(|| queue.get_nowait().ok()).map(|job| job.1).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

/// Passes a million items through; how much the queue held at most.
async fn pass<O: Order<Item = u32>>(queue: &AnyQueue<O>) -> usize {
    let most = Cell::new(0);
    let producer = async {
        for item in 0..1_000_000 {
            queue.put(item).await.unwrap();
            most.set(most.get().max(queue.len()));
        }
        queue.shutdown(false);
    };
    let consumer = queue.stream().for_each(|_| std::future::ready(()));
    asyncio::gather!(producer, consumer).await;
    most.get()
}

#[test]
fn a_million_items_pass_through_a_queue_that_holds_ten() {
    assert_eq!(asyncio::run(async { pass(&LifoQueue::new(10)).await }), 10);
}

#[test]
fn what_is_used_wrongly_says_so() {
    assert_eq!(
        panic_of(|| Queue::<u8>::new(0)),
        "asyncio: a queue with room for 0 items takes none: give 1 or more, or use `unbounded`"
    );
    assert_eq!(
        panic_of(|| Queue::<u8>::new(1).task_done()),
        "task_done() called too many times: call it once for each item that was put"
    );
}
