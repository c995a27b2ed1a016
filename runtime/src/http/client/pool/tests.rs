//! The pool on the virtual clock, with numbers for connections.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;
use crate::{Clock, Runner, create_task, sleep};

const SECOND: Duration = Duration::from_secs(1);

type Numbers = Pool<&'static str, Connection>;

/// Says when it is closed.
struct Connection {
    number: u32,
    closed: Rc<RefCell<Vec<u32>>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.closed.borrow_mut().push(self.number);
    }
}

/// A pool, and the connections it has closed.
struct Bench {
    pool: Rc<Numbers>,
    closed: Rc<RefCell<Vec<u32>>>,
}

impl Bench {
    fn new(total: Option<usize>, per_host: Option<usize>) -> Self {
        let limits = Limits { total, per_host, idle: 15 * SECOND };
        Self { pool: Rc::new(Pool::new(limits)), closed: Rc::default() }
    }

    fn connection(&self, number: u32) -> Connection {
        Connection { number, closed: self.closed.clone() }
    }

    async fn lease(&self, key: &'static str) -> Lease<&'static str, Connection> {
        self.pool.lease(key).await.unwrap()
    }

    /// Leases a place and puts `number` back as idle.
    async fn leave_idle(&self, key: &'static str, number: u32) {
        self.lease(key).await.put_back(self.connection(number));
    }

    async fn idle(&self, key: &'static str) -> Option<u32> {
        self.lease(key).await.idle().map(|connection| connection.number)
    }

    fn closed(&self) -> Vec<u32> {
        self.closed.borrow().clone()
    }
}

fn in_virtual_time<T>(fut: impl Future<Output = T>) -> T {
    Runner::builder().clock(Clock::Virtual).build().run(fut)
}

/// Polls once.
fn begin<F: Future>(fut: std::pin::Pin<&mut F>) -> bool {
    fut.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn an_idle_connection_is_used_again_by_its_own_key() {
    in_virtual_time(async {
        let bench = Bench::new(None, None);
        bench.leave_idle("a", 1).await;
        assert_eq!(bench.idle("b").await, None);
        assert_eq!(bench.idle("a").await, Some(1));
        assert_eq!(bench.idle("a").await, None, "it was taken");
    });
}

#[test]
fn the_one_used_last_is_used_first() {
    in_virtual_time(async {
        let bench = Bench::new(None, None);
        let (first, second) = (bench.lease("a").await, bench.lease("a").await);
        first.put_back(bench.connection(1));
        second.put_back(bench.connection(2));
        let (first, second) = (bench.lease("a").await, bench.lease("a").await);
        assert_eq!(first.idle().map(|connection| connection.number), Some(2));
        assert_eq!(second.idle().map(|connection| connection.number), Some(1));
    });
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_over() {
    in_virtual_time(async {
        let bench = Bench::new(None, None);
        bench.leave_idle("a", 1).await;
        sleep(10 * SECOND).await;
        bench.leave_idle("b", 2).await;
        sleep(4 * SECOND).await;
        assert!(bench.closed().is_empty());
        sleep(2 * SECOND).await;
        assert_eq!(bench.closed(), [1], "15 seconds");
        sleep(8 * SECOND).await;
        assert_eq!(bench.closed(), [1]);
        sleep(2 * SECOND).await;
        assert_eq!(bench.closed(), [1, 2]);
    });
}

#[test]
fn use_makes_a_connection_young_again() {
    in_virtual_time(async {
        let bench = Bench::new(None, None);
        for _ in 0..5 {
            bench.leave_idle("a", 1).await;
            sleep(10 * SECOND).await;
            let lease = bench.lease("a").await;
            let connection = lease.idle().expect("it is there still");
            lease.put_back(connection);
        }
        sleep(14 * SECOND).await;
        assert!(bench.idle("a").await.is_some());
    });
}

#[test]
fn a_connection_whose_time_is_over_is_not_used_though_the_loop_was_held_up() {
    in_virtual_time(async {
        let bench = Rc::new(Bench::new(None, None));
        // Due at the same time as the sweep, and before it.
        let due = get_running_loop().unwrap().time() + 15 * SECOND;
        let task = create_task({
            let bench = bench.clone();
            async move {
                crate::sleep_until(due).await;
                (bench.idle("a").await, bench.closed())
            }
        });
        crate::yield_now().await;
        bench.leave_idle("a", 1).await;
        assert_eq!(task.await.unwrap(), (None, vec![1]));
    });
}

#[test]
fn idle_connections_end_with_their_loop() {
    let bench = Bench::new(None, None);
    in_virtual_time(bench.leave_idle("a", 1));
    assert_eq!(bench.closed(), [1]);
    assert_eq!(in_virtual_time(bench.idle("a")), None);
}

#[test]
fn nothing_is_kept_without_a_time_to_keep_it_for() {
    in_virtual_time(async {
        let limits = Limits { total: None, per_host: None, idle: Duration::ZERO };
        let bench = Bench { pool: Rc::new(Pool::new(limits)), closed: Rc::default() };
        bench.leave_idle("a", 1).await;
        assert_eq!(bench.closed(), [1]);
    });
}

#[test]
fn who_finds_no_place_waits_and_is_served_in_order() {
    in_virtual_time(async {
        let bench = Rc::new(Bench::new(Some(2), None));
        let served = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..6)
            .map(|number| {
                let (bench, served) = (bench.clone(), served.clone());
                create_task(async move {
                    let _lease = bench.lease("a").await;
                    served.borrow_mut().push(number);
                    assert!(bench.pool.in_use.get() <= 2);
                    sleep(SECOND).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*served.borrow(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(bench.pool.in_use.get(), 0);
    });
}

#[test]
fn a_host_at_its_limit_holds_up_nobody_else() {
    in_virtual_time(async {
        let bench = Bench::new(Some(10), Some(1));
        let first = bench.lease("a").await;
        let mut second = pin!(bench.lease("a"));
        assert!(!begin(second.as_mut()));
        bench.lease("b").await;
        drop(first);
        second.await;
    });
}

#[test]
fn who_waits_takes_over_the_connection_that_is_given_back() {
    in_virtual_time(async {
        let bench = Bench::new(Some(1), None);
        let first = bench.lease("a").await;
        let mut second = pin!(bench.lease("a"));
        assert!(!begin(second.as_mut()));
        first.put_back(bench.connection(1));
        assert_eq!(second.await.idle().map(|connection| connection.number), Some(1));
    });
}

#[test]
fn idle_connections_of_others_make_room_for_a_new_one() {
    in_virtual_time(async {
        let bench = Bench::new(Some(2), None);
        bench.leave_idle("a", 1).await;
        sleep(SECOND).await;
        bench.leave_idle("b", 2).await;
        let lease = bench.lease("c").await;
        assert!(lease.idle().is_none());
        lease.make_room();
        assert_eq!(bench.closed(), [1], "the oldest");
        lease.make_room();
        assert_eq!(bench.closed(), [1], "two are no more than two");
    });
}

#[test]
fn no_place_is_lost_with_one_who_goes_away() {
    in_virtual_time(async {
        for (total, per_host) in [(Some(1), None), (None, Some(1)), (Some(1), Some(1))] {
            let bench = Bench::new(total, per_host);
            let first = bench.lease("a").await;
            {
                let mut waits = pin!(bench.lease("a"));
                assert!(!begin(waits.as_mut()));
            }
            let mut chosen = Box::pin(bench.lease("a"));
            assert!(!begin(chosen.as_mut()));
            drop(first);
            // It has the place now, and never looks.
            drop(chosen);
            drop(bench.lease("a").await);
            assert!(bench.pool.hosts.borrow().is_empty(), "nobody uses the host");
        }
    });
}

#[test]
fn a_closed_pool_turns_away_who_waits_and_who_comes() {
    in_virtual_time(async {
        for (total, per_host) in [(Some(2), None), (None, Some(2))] {
            let bench = Bench::new(total, per_host);
            bench.leave_idle("a", 1).await;
            let (first, _second) = (bench.lease("a").await, bench.lease("a").await);
            let connection = first.idle().unwrap();
            let mut waits = pin!(bench.pool.lease("a"));
            assert!(!begin(waits.as_mut()));
            bench.pool.close();
            assert_eq!(waits.await.err(), Some(Closed));
            assert_eq!(bench.pool.lease("b").await.err(), Some(Closed));
            assert!(bench.closed().is_empty());
            first.put_back(connection);
            assert_eq!(bench.closed(), [1], "what was in use is closed when it is given back");
        }
    });
}

#[test]
fn the_last_to_use_a_pool_closes_what_is_idle() {
    in_virtual_time(async {
        let bench = Bench::new(None, None);
        bench.leave_idle("a", 1).await;
        drop(bench.pool);
        assert_eq!(*bench.closed.borrow(), [1]);
    });
}
