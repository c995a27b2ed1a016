//! Wakes from everywhere: none is lost, none is doubled, and who wakes himself for ever starves
//! nobody. With real sockets of async-io in the same loop.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use async_io::Async;
use asyncio::{create_task, new_event_loop, sleep, yield_now};

/// Gives the waker of the task that awaits it to `sender`, once, and counts its polls.
async fn hand_out_waker(sender: mpsc::Sender<Waker>, polls: Rc<Cell<usize>>) {
    let mut sender = Some(sender);
    poll_fn(|cx| {
        polls.set(polls.get() + 1);
        if let Some(sender) = sender.take() {
            sender.send(cx.waker().clone()).unwrap();
        }
        Poll::<()>::Pending
    })
    .await;
}

#[test]
fn a_hundred_thousand_wakes_from_four_threads_lose_none() {
    const THREADS: usize = 4;
    const WAKES: usize = 25_000;
    let count = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    asyncio::run(poll_fn(|cx| {
        while threads.len() < THREADS {
            let (count, waker) = (count.clone(), cx.waker().clone());
            threads.push(thread::spawn(move || {
                for _ in 0..WAKES {
                    count.fetch_add(1, Ordering::Relaxed);
                    waker.wake_by_ref();
                }
            }));
        }
        // A wake that got lost would leave the loop parked below the last count.
        if count.load(Ordering::Relaxed) == THREADS * WAKES {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Each wake finds the loop parked or about to park: the thread waits until the last one was seen.
#[test]
fn a_wake_from_another_thread_always_ends_the_park() {
    let (sent, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut thread = None;
    asyncio::run(poll_fn(|cx| {
        thread.get_or_insert_with(|| {
            let (sent, seen, waker) = (sent.clone(), seen.clone(), cx.waker().clone());
            thread::spawn(move || {
                for number in 1..=5000 {
                    sent.store(number, Ordering::Release);
                    waker.wake_by_ref();
                    while seen.load(Ordering::Acquire) < number {
                        thread::yield_now();
                    }
                }
            })
        });
        let number = sent.load(Ordering::Acquire);
        seen.store(number, Ordering::Release);
        if number == 5000 { Poll::Ready(()) } else { Poll::Pending }
    }));
    thread.unwrap().join().unwrap();
}

#[test]
fn many_wakes_before_a_turn_are_one_poll_wherever_they_come_from() {
    let event_loop = new_event_loop();
    let (sender, receiver) = mpsc::channel();
    let polls = Rc::new(Cell::new(0));
    event_loop.create_task(hand_out_waker(sender, polls.clone())).detach();
    event_loop.run_once();
    let waker = receiver.recv().unwrap();

    let elsewhere = waker.clone();
    thread::spawn(move || (0..100).for_each(|_| elsewhere.wake_by_ref())).join().unwrap();
    (0..100).for_each(|_| waker.wake_by_ref());
    event_loop.run_once();
    assert_eq!(polls.get(), 2);
    event_loop.run_once();
    assert_eq!(polls.get(), 2, "no wake is left over");

    event_loop.call_soon(move || (0..100).for_each(|_| waker.wake_by_ref()));
    event_loop.run_once();
    event_loop.run_once();
    event_loop.run_once();
    assert_eq!(polls.get(), 3);
    event_loop.close();
}

#[test]
fn a_waker_called_after_its_task_or_its_loop_is_gone_does_nothing() {
    let event_loop = new_event_loop();
    let (sender, receiver) = mpsc::channel();
    let polls = Rc::new(Cell::new(0));
    let task = event_loop.create_task(hand_out_waker(sender, polls.clone()));
    event_loop.run_once();
    let waker = receiver.recv().unwrap();
    task.cancel();
    event_loop.run_once();
    assert!(task.is_cancelled());

    let wake_everywhere = || {
        let elsewhere = waker.clone();
        thread::spawn(move || elsewhere.wake()).join().unwrap();
        waker.wake_by_ref();
    };
    wake_everywhere();
    event_loop.run_once();
    event_loop.close();
    wake_everywhere();
    drop((task, event_loop));
    wake_everywhere();
    asyncio::run(async { wake_everywhere() });
    assert_eq!(polls.get(), 1);
}

/// A waker holds neither the future nor its output: both are not `Send`.
#[test]
fn a_waker_kept_by_another_thread_does_not_keep_the_future() {
    let event_loop = new_event_loop();
    let (sender, receiver) = mpsc::channel();
    let held = Rc::new(Cell::new(0));
    let task = event_loop.create_task(hand_out_waker(sender, held.clone()));
    event_loop.run_once();
    let waker = receiver.recv().unwrap();
    let (go, wait) = mpsc::channel();
    let keeper = thread::spawn(move || {
        wait.recv().unwrap();
        waker.wake();
    });
    drop(task);
    event_loop.close();
    drop(event_loop);
    assert_eq!(Rc::strong_count(&held), 1);
    go.send(()).unwrap();
    keeper.join().unwrap();
}

/// Wakes itself in every poll, until `flag` is set.
async fn spin_until(flag: Rc<Cell<bool>>) {
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if flag.get() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Sends `count` bytes through `echo` and back, one after the other.
async fn converse<S>(client: Async<S>, count: u8)
where
    for<'a> &'a S: Read + Write,
{
    for byte in 0..count {
        client.write_with(|mut io| io.write(&[byte])).await.unwrap();
        let mut answer = [0];
        assert_eq!(client.read_with(|mut io| io.read(&mut answer)).await.unwrap(), 1);
        assert_eq!(answer, [byte]);
    }
}

async fn echo<S>(server: Async<S>)
where
    for<'a> &'a S: Read + Write,
{
    let mut buffer = [0; 16];
    loop {
        let count = server.read_with(|mut io| io.read(&mut buffer)).await.unwrap();
        if count == 0 {
            return;
        }
        server.write_with(|mut io| io.write(&buffer[..count])).await.unwrap();
    }
}

fn unix_pair() -> (Async<UnixStream>, Async<UnixStream>) {
    let (left, right) = UnixStream::pair().unwrap();
    (Async::new(left).unwrap(), Async::new(right).unwrap())
}

#[test]
fn a_future_that_wakes_itself_for_ever_keeps_neither_timers_nor_io_from_going_on() {
    asyncio::run(async {
        let enough = Rc::new(Cell::new(false));
        let spinner = create_task(spin_until(enough.clone()));
        sleep(Duration::from_millis(2)).await;
        let (client, server) = unix_pair();
        let server = create_task(echo(server));
        converse(client, 20).await;
        server.await.unwrap();
        assert!(!spinner.is_done());
        enough.set(true);
        spinner.await.unwrap();
    });
}

#[test]
fn a_million_ready_tasks_run_once_each_and_in_order() {
    const COUNT: usize = 1_000_000;
    let event_loop = new_event_loop();
    let next = Rc::new(Cell::new(0));
    for number in 0..COUNT {
        let next = next.clone();
        let task = event_loop.create_task(async move {
            assert_eq!(next.replace(number + 1), number);
        });
        task.detach();
    }
    event_loop.run_once();
    assert_eq!(next.get(), COUNT);
    assert!(event_loop.all_tasks().is_empty());
    event_loop.close();
}

/// A turn is interrupted for looks at I/O; what was ready at its start still makes one turn.
#[test]
fn a_long_turn_stays_one_turn() {
    const COUNT: usize = 10_000;
    asyncio::run(async {
        let polls = Rc::new(Cell::new(0));
        for _ in 0..COUNT {
            let polls = polls.clone();
            create_task(async move {
                for _ in 0..2 {
                    polls.set(polls.get() + 1);
                    yield_now().await;
                }
            })
            .detach();
        }
        yield_now().await;
        assert_eq!(polls.get(), COUNT);
        yield_now().await;
        assert_eq!(polls.get(), 2 * COUNT);
    });
}

#[test]
fn sockets_of_async_io_work_inside_run() {
    asyncio::run(async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let clients: Vec<_> = (0..8)
            .map(|_| {
                create_task(async move {
                    converse(Async::<TcpStream>::connect(address).await.unwrap(), 10).await;
                })
            })
            .collect();
        for _ in 0..8 {
            let (stream, _) = listener.accept().await.unwrap();
            create_task(echo(stream)).detach();
        }
        for client in clients {
            client.await.unwrap();
        }
    });
}

/// All of them become ready in one look at the reactor, outside a turn.
#[test]
fn many_sockets_that_become_ready_together_wake_a_parked_loop() {
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..50).map(|_| UnixStream::pair().unwrap()).unzip();
    asyncio::run(async {
        let tasks = theirs.into_iter().map(|stream| {
            let stream = Async::new(stream).unwrap();
            create_task(async move { stream.readable().await.unwrap() })
        });
        let tasks: Vec<_> = tasks.collect();
        yield_now().await;
        let closer = thread::spawn(move || drop(ours));
        for task in tasks {
            task.await.unwrap();
        }
        closer.join().unwrap();
    });
}

/// The line of those who wait names the tasks of one loop by their keys, those of others by their wakers.
/// Whichever it waits in: its own poller, or async-io.
#[test]
fn streams_and_sockets_of_async_io_and_other_threads_wake_a_parked_loop_by_turns() {
    const ROUNDS: u8 = 200;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let far_end = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut byte = [0];
        while stream.read_exact(&mut byte).is_ok() {
            stream.write_all(&byte).unwrap();
        }
    });
    asyncio::run(async {
        let (mut reader, writer) = asyncio::open_connection(address).await.unwrap();
        let (client, server) = unix_pair();
        let echo = create_task(echo(server));
        for round in 0..ROUNDS {
            writer.write([round]);
            assert_eq!(reader.read_exact(1).await.unwrap(), [round]);
            // Some waits in a row of each kind, so that the loop stays where it is, and moves.
            for _ in 0..round % 3 {
                asyncio::to_thread(|| ()).await;
            }
            for _ in 0..round / 100 {
                client.writable().await.unwrap();
                client.get_ref().write_all(&[round]).unwrap();
                client.readable().await.unwrap();
                client.get_ref().read_exact(&mut [0]).unwrap();
            }
        }
        writer.close();
        drop(client);
        echo.await.unwrap();
    });
    far_end.join().unwrap();
}

#[test]
fn a_primitive_serves_two_loops_at_once_and_one_after_the_other() {
    let (one, two) = (asyncio::new_event_loop(), asyncio::new_event_loop());
    let event = Rc::new(asyncio::Event::new());
    for loops in [[&one, &two], [&two, &one]] {
        let tasks = loops.map(|event_loop| {
            let event = event.clone();
            let task = event_loop.create_task(async move { event.wait().await });
            event_loop.run_once();
            task
        });
        event.set();
        event.clear();
        for (event_loop, task) in loops.into_iter().zip(tasks) {
            event_loop.run_until_complete(task).unwrap();
        }
    }
    one.close();
    // The loop that came first is gone, and another has its place.
    let three = asyncio::new_event_loop();
    for event_loop in [&three, &two] {
        let waiting = event.clone();
        let task = event_loop.create_task(async move { waiting.wait().await });
        event_loop.run_once();
        event.set();
        event.clear();
        event_loop.run_until_complete(task).unwrap();
    }
    two.close();
    three.close();
}
