//! The loop's clocks: the virtual one, which jumps, and the real one with deadlines at its edges.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_io::Async;
use asyncio::{Clock, EventLoop, Runner, create_task, sleep, sleep_until};

const HOUR: Duration = Duration::from_secs(3600);

fn virtual_runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build()
}

fn running_loop() -> EventLoop {
    asyncio::get_running_loop().unwrap()
}

/// How much time of the running loop's clock `future` takes.
async fn elapsed(future: impl Future) -> Duration {
    let started = running_loop().time();
    future.await;
    running_loop().time() - started
}

/// `Some` if `future` is done within `limit`.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut limit) = (pin!(future), pin!(sleep(limit)));
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

#[test]
fn an_hour_of_virtual_sleep_takes_an_hour_of_the_loops_time_and_none_of_ours() {
    let started = Instant::now();
    let took = virtual_runner().run(elapsed(sleep(HOUR)));
    assert_eq!(took, HOUR);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn virtual_sleeps_end_in_the_order_of_their_deadlines() {
    let order = Rc::new(RefCell::new(Vec::new()));
    virtual_runner().run(async {
        let tasks = [3, 1, 2, 1].map(|hours| {
            let order = order.clone();
            create_task(async move {
                sleep(HOUR * hours).await;
                order.borrow_mut().push(hours);
            })
        });
        asyncio::gather(tasks).await;
    });
    assert_eq!(*order.borrow(), [1, 1, 2, 3]);
}

#[test]
fn virtual_time_stands_still_while_anything_is_ready() {
    virtual_runner().run(async {
        let sleeper = create_task(elapsed(sleep(Duration::from_nanos(1))));
        let took = elapsed(async {
            for _ in 0..1000 {
                asyncio::yield_now().await;
            }
        });
        assert_eq!(took.await, Duration::ZERO);
        assert!(!sleeper.is_done());
        assert_eq!(sleeper.await.unwrap(), Duration::from_nanos(1));
    });
}

#[test]
fn one_jump_goes_to_the_earliest_deadline_only() {
    virtual_runner().run(async {
        let late = create_task(sleep(2 * HOUR));
        let early = create_task(sleep(HOUR));
        early.await.unwrap();
        assert!(!late.is_done());
        assert_eq!(elapsed(late).await, HOUR);
    });
}

#[test]
fn a_call_under_the_virtual_clock_comes_when_it_said() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let calls = Rc::new(RefCell::new(Vec::new()));
    for hours in [2, 1] {
        let (calls, this) = (calls.clone(), event_loop.clone());
        event_loop.call_later(HOUR * hours, move || {
            calls.borrow_mut().push(this.time());
            if hours == 2 {
                this.stop();
            }
        });
    }
    let start = event_loop.time();
    event_loop.run_forever();
    assert_eq!(*calls.borrow(), [start + HOUR, start + 2 * HOUR]);
    event_loop.close();
}

#[test]
fn one_turn_under_the_virtual_clock_jumps_if_nothing_is_ready() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let called = Rc::new(RefCell::new(Vec::new()));
    for what in ["later", "soon"] {
        let called = called.clone();
        let callback = move || called.borrow_mut().push(what);
        if what == "soon" {
            event_loop.call_soon(callback);
        } else {
            event_loop.call_later(HOUR, callback);
        }
    }
    event_loop.run_once();
    assert_eq!(*called.borrow(), ["soon"]);
    event_loop.run_once();
    assert_eq!(*called.borrow(), ["soon", "later"]);
    event_loop.close();
}

#[test]
fn a_cancelled_timer_is_no_deadline_to_jump_to() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let start = event_loop.time();
    event_loop.call_later(HOUR, || unreachable!()).cancel();
    event_loop.call_later(2 * HOUR, || {});
    event_loop.run_once();
    assert_eq!(event_loop.time() - start, 2 * HOUR);
}

#[test]
fn io_that_is_ready_goes_before_a_jump() {
    virtual_runner().run(async {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let theirs = Async::new(theirs).unwrap();
        ours.write_all(b"x").unwrap();
        assert!(within(HOUR, theirs.readable()).await.is_some());
    });
}

/// Each answer becomes ready while the loop runs what the last one made ready.
#[test]
fn io_made_ready_by_io_goes_before_a_jump() {
    virtual_runner().run(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (ours, theirs) = (Async::new(ours).unwrap(), Async::new(theirs).unwrap());
        let echo = create_task(async move {
            loop {
                theirs.readable().await.unwrap();
                let mut byte = [0];
                if theirs.get_ref().read(&mut byte).unwrap() == 0 {
                    return;
                }
                theirs.get_ref().write_all(&byte).unwrap();
            }
        });
        for round in 0..10 {
            ours.get_ref().write_all(b"x").unwrap();
            let answer = within(HOUR, ours.readable()).await;
            assert!(answer.is_some(), "time jumped over the answer of round {round}");
            ours.get_ref().read_exact(&mut [0]).unwrap();
        }
        drop(ours);
        echo.await.unwrap();
    });
}

#[test]
fn a_deadline_in_the_past_comes_in_the_next_turn() {
    for clock in [Clock::Real, Clock::Virtual] {
        Runner::builder().clock(clock).build().run(async {
            let event_loop = running_loop();
            let past = event_loop.time();
            sleep(Duration::from_millis(1)).await;
            let called = Rc::new(RefCell::new(false));
            let setter = called.clone();
            event_loop.call_at(past, move || *setter.borrow_mut() = true);
            assert!(!*called.borrow());
            // Behind main, which is ready already; so before main's second turn.
            sleep_until(past).await;
            asyncio::yield_now().await;
            assert!(*called.borrow());
        });
    }
}

/// The latest time that an `Instant` can hold, to the second.
fn end_of_time() -> Instant {
    let (mut instant, mut step) = (Instant::now(), u64::MAX);
    while step > 0 {
        match instant.checked_add(Duration::from_secs(step)) {
            Some(later) => instant = later,
            None => step /= 2,
        }
    }
    instant
}

#[test]
fn deadlines_at_the_end_of_time_and_beyond_it_disturb_nobody() {
    let event_loop = asyncio::new_event_loop();
    let end = end_of_time();
    let last = event_loop.call_at(end, || unreachable!());
    let beyond = event_loop.call_later(Duration::MAX, || unreachable!());
    assert_eq!((last.when(), beyond.when()), (Some(end), None));
    event_loop.create_task(sleep(Duration::MAX)).detach();
    event_loop.create_task(sleep_until(end)).detach();

    event_loop.run_until_complete(sleep(Duration::from_millis(1)));
    beyond.cancel();
    assert!(beyond.is_cancelled());
    event_loop.close();
}

#[test]
fn the_far_future_does_not_keep_io_from_ending_the_wait() {
    let event_loop = asyncio::new_event_loop();
    event_loop.call_at(end_of_time(), || unreachable!());
    event_loop.run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = Async::new(listener.accept().unwrap().0).unwrap();
        drop(client);
        server.readable().await.unwrap();
    });
    event_loop.close();
}

#[test]
fn a_real_sleep_is_never_short_and_its_successor_counts_from_its_end() {
    asyncio::run(async {
        for _ in 0..5 {
            let started = Instant::now();
            sleep(Duration::from_millis(3)).await;
            assert!(started.elapsed() >= Duration::from_millis(3));
        }
    });
}

#[test]
fn a_nearer_deadline_set_while_a_far_one_is_armed_comes_first() {
    asyncio::run(async {
        let far = create_task(sleep(HOUR));
        // The loop parks for the far one first.
        sleep(Duration::from_millis(2)).await;
        let started = Instant::now();
        sleep(Duration::from_millis(2)).await;
        assert!(started.elapsed() < Duration::from_secs(60));
        assert!(!far.is_done());
    });
}

#[test]
fn a_cancelled_deadline_that_was_armed_does_not_end_the_next_sleep_early() {
    asyncio::run(async {
        let event_loop = running_loop();
        let armed = event_loop.call_later(Duration::from_millis(5), || unreachable!());
        sleep(Duration::from_millis(1)).await;
        armed.cancel();
        let started = Instant::now();
        sleep(Duration::from_millis(10)).await;
        assert!(started.elapsed() >= Duration::from_millis(10));
    });
}
