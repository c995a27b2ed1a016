//! Other threads: what they hand to a loop through `LoopHandle`, and two loops at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use asyncio::{LoopClosed, LoopHandle, TaskError, new_event_loop, sleep, yield_now};

/// A loop that runs on a thread of its own until it is told to end.
struct Remote {
    handle: LoopHandle,
    thread: JoinHandle<Vec<String>>,
    id: ThreadId,
}

impl Remote {
    fn start() -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let event_loop = new_event_loop();
            let reports = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
            let handler = reports.clone();
            event_loop.set_exception_handler(move |context| {
                handler.borrow_mut().push(context.to_string());
            });
            sender.send(event_loop.handle()).unwrap();
            event_loop.run_forever();
            event_loop.close();
            reports.take()
        });
        Self { handle: receiver.recv().unwrap(), id: thread.thread().id(), thread }
    }

    fn stop(&self) {
        let _ = self.handle.call_soon(|| asyncio::get_running_loop().unwrap().stop());
    }

    /// Ends the loop; gives what its exception handler was told.
    fn end(self) -> Vec<String> {
        self.stop();
        self.thread.join().unwrap()
    }
}

/// Sends when it is dropped.
struct TellsDrop(mpsc::Sender<ThreadId>);

impl TellsDrop {
    fn new() -> (Self, Receiver<ThreadId>) {
        let (sender, receiver) = mpsc::channel();
        (Self(sender), receiver)
    }
}

impl Drop for TellsDrop {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

#[test]
fn call_soon_runs_on_the_loops_thread_and_wakes_it_when_it_is_parked() {
    let remote = Remote::start();
    let (sender, receiver) = mpsc::channel();
    // Each answer comes from a loop that has nothing else to do, so it has parked in between.
    for _ in 0..100 {
        let sender = sender.clone();
        remote.handle.call_soon(move || sender.send(thread::current().id()).unwrap()).unwrap();
        assert_eq!(receiver.recv().unwrap(), remote.id);
    }
    assert!(remote.end().is_empty());
}

#[test]
fn a_call_of_another_thread_comes_before_what_the_loops_own_thread_schedules_later() {
    let event_loop = new_event_loop();
    let (sender, order) = mpsc::channel();
    let noting = |what: &'static str| {
        let sender = sender.clone();
        move || sender.send(what).unwrap()
    };
    event_loop.call_soon(noting("first"));
    let (handle, second) = (event_loop.handle(), noting("second"));
    thread::spawn(move || handle.call_soon(second).unwrap()).join().unwrap();
    event_loop.call_soon(noting("third"));
    event_loop.run_once();
    assert_eq!(order.try_iter().collect::<Vec<_>>(), ["first", "second", "third"]);
    event_loop.close();
}

#[test]
fn calls_of_one_thread_keep_their_order() {
    let remote = Remote::start();
    let (sender, receiver) = mpsc::channel();
    for number in 0..1000 {
        let sender = sender.clone();
        remote.handle.call_soon(move || sender.send(number).unwrap()).unwrap();
    }
    assert_eq!(receiver.iter().take(1000).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    remote.end();
}

#[test]
fn a_loop_parked_for_a_far_deadline_is_woken_too() {
    let remote = Remote::start();
    let far = || asyncio::create_task(sleep(Duration::from_secs(3600))).detach();
    remote.handle.call_soon(far).unwrap();
    for number in 0..10 {
        assert_eq!(remote.handle.block_on(async move || { number }).unwrap(), number);
    }
    remote.end();
}

#[test]
fn a_remote_task_may_hold_what_no_other_thread_may_see() {
    let remote = Remote::start();
    let slept = remote.handle.block_on(async || {
        let kept = std::rc::Rc::new(1);
        asyncio::sleep(std::time::Duration::from_millis(1)).await;
        *kept
    });
    assert_eq!(slept.unwrap(), 1);
}

#[test]
fn a_call_before_the_run_waits_for_it() {
    let event_loop = new_event_loop();
    let handle = event_loop.handle();
    thread::spawn(move || {
        handle.call_soon(|| asyncio::get_running_loop().unwrap().stop()).unwrap();
    })
    .join()
    .unwrap();
    event_loop.run_forever();
    event_loop.close();
}

#[test]
fn a_closed_loop_takes_nothing_and_drops_what_it_was_given() {
    let remote = Remote::start();
    let handle = remote.handle.clone();
    remote.end();
    let (tells, dropped) = TellsDrop::new();
    assert_eq!(handle.call_soon(move || drop(tells)), Err(LoopClosed));
    assert_eq!(dropped.recv().unwrap(), thread::current().id());
    assert_eq!(handle.spawn(async || {}).map(drop).unwrap_err(), LoopClosed);
    let error = handle.block_on(async || {}).unwrap_err();
    assert_eq!(error.to_string(), "cancelled: Event loop is closed");
}

#[test]
fn spawn_and_join_bring_the_value_back() {
    let remote = Remote::start();
    let task = remote.handle.spawn(async || {
        yield_now().await;
        thread::current().id()
    });
    assert_eq!(task.unwrap().join().unwrap(), remote.id);
    remote.end();
}

#[test]
fn block_on_brings_the_value_back_to_many_threads_at_once() {
    let remote = Remote::start();
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let handle = remote.handle.clone();
            thread::spawn(move || {
                (0..50).map(|_| handle.block_on(async move || number).unwrap()).sum::<i32>()
            })
        })
        .collect();
    let sums: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(sums, [0, 50, 100, 150, 200, 250, 300, 350]);
    remote.end();
}

#[test]
fn a_panic_in_a_remote_task_is_the_joiners_error() {
    let remote = Remote::start();
    let error = remote.handle.block_on(async || panic!("boom")).unwrap_err();
    let TaskError::Panicked(panicked) = error else { panic!("{error}") };
    assert_eq!(panicked.message(), "boom");
    assert!(panicked.to_string().contains(file!()), "{panicked}");
    assert!(remote.end().is_empty(), "who got it needs no report");
}

#[test]
fn a_panic_in_a_remote_task_whose_handle_was_dropped_is_reported() {
    let remote = Remote::start();
    drop(remote.handle.spawn(async || panic!("boom")).unwrap());
    remote.handle.block_on(async || {}).unwrap();
    // This one is done when its handle goes.
    let done = remote.handle.spawn(async || panic!("boom")).unwrap();
    remote.handle.block_on(async || {}).unwrap();
    drop(done);
    let reports = remote.end();
    assert_eq!(reports.len(), 2, "{reports:?}");
    for report in reports {
        assert!(report.ends_with("panicked: boom"), "{report}");
        assert!(report.contains(file!()), "{report}");
    }
}

#[test]
fn a_remote_task_can_be_cancelled_and_is_dropped_on_the_loops_thread() {
    let remote = Remote::start();
    let (tells, dropped) = TellsDrop::new();
    let task = remote.handle.spawn(async move || {
        std::future::pending::<()>().await;
        drop(tells);
    });
    let task = task.unwrap();
    task.cancel();
    task.cancel();
    assert!(task.join().unwrap_err().is_cancelled());
    assert_eq!(dropped.recv().unwrap(), remote.id);
    remote.end();
}

#[test]
fn cancelling_a_remote_task_that_is_done_does_nothing() {
    let remote = Remote::start();
    let task = remote.handle.spawn(async || 1).unwrap();
    remote.handle.block_on(async || {}).unwrap();
    task.cancel();
    assert_eq!(task.join().unwrap(), 1);
    remote.end();
}

#[test]
fn a_call_may_make_tasks_that_are_not_send() {
    let remote = Remote::start();
    // `catch_cancel` is not `Send`, so the future is made on the loop's thread.
    let (sender, receiver) = futures::channel::oneshot::channel();
    let catching = move || {
        let task = asyncio::create_task(async {
            let caught = asyncio::catch_cancel(std::future::pending::<()>()).await;
            sleep(Duration::from_millis(1)).await;
            sender.send(caught.is_err()).unwrap();
        });
        asyncio::create_task(async move {
            yield_now().await;
            task.cancel();
            task.await.unwrap();
        })
        .detach();
    };
    remote.handle.call_soon(catching).unwrap();
    assert!(remote.handle.block_on(|| receiver).unwrap().unwrap());
    assert!(remote.end().is_empty());
}

#[test]
fn a_remote_task_whose_handle_is_dropped_goes_on() {
    let remote = Remote::start();
    let (sender, receiver) = mpsc::channel();
    drop(remote.handle.spawn(async move || {
        yield_now().await;
        sender.send("done").unwrap();
    }));
    assert_eq!(receiver.recv().unwrap(), "done");
    remote.end();
}

#[test]
fn a_loop_that_closes_cancels_what_is_waited_for() {
    let remote = Remote::start();
    let running = remote.handle.spawn(std::future::pending::<()>).unwrap();
    remote.handle.block_on(async || {}).unwrap();
    remote.stop();
    assert!(running.join().unwrap_err().is_cancelled());
    remote.end();
}

#[test]
fn a_task_that_the_loop_never_took_is_cancelled_when_it_closes() {
    let event_loop = new_event_loop();
    let task = event_loop.handle().spawn(async || {}).unwrap();
    let joiner = thread::spawn(move || task.join());
    event_loop.close();
    assert!(joiner.join().unwrap().unwrap_err().is_cancelled());
}

#[test]
fn blocking_on_the_loops_own_thread_panics_instead_of_hanging() {
    let remote = Remote::start();
    let handle = remote.handle.clone();
    let (sender, receiver) = mpsc::channel();
    remote
        .handle
        .call_soon(move || {
            sender.send(handle.spawn(async || {}).unwrap()).unwrap();
            drop(handle.block_on(async || {}));
        })
        .unwrap();
    receiver.recv().unwrap().join().unwrap();
    let reports = remote.end();
    assert!(reports[0].contains("`block_on` on the loop's own thread"), "{reports:?}");

    let event_loop = new_event_loop();
    let task = event_loop.handle().spawn(async || {}).unwrap();
    let join = std::panic::AssertUnwindSafe(|| task.join());
    let payload = std::panic::catch_unwind(join).unwrap_err();
    let message = payload.downcast::<String>().unwrap();
    assert!(message.contains("`RemoteTask::join` on the loop's own thread"), "{message}");
    event_loop.close();
}

#[test]
fn a_task_of_one_loop_awaits_one_of_another() {
    let remote = Remote::start();
    let task = remote.handle.spawn(async || {
        yield_now().await;
        "from the other loop"
    });
    assert_eq!(asyncio::run(task.unwrap()).unwrap(), "from the other loop");
    remote.end();
}

#[test]
fn a_task_of_one_loop_wakes_a_task_of_another_running_loop() {
    let remote = Remote::start();
    let (sender, receiver) = futures::channel::oneshot::channel();
    let waits = remote.handle.spawn(|| receiver).unwrap();
    remote.handle.block_on(async || {}).unwrap();
    asyncio::run(async {
        yield_now().await;
        sender.send(thread::current().id()).unwrap();
    });
    assert_eq!(waits.join().unwrap().unwrap(), thread::current().id());
    remote.end();
}

#[test]
fn two_loops_on_two_threads_do_not_disturb_each_other() {
    let ping = |sender: Arc<Mutex<Vec<u32>>>| {
        move || {
            asyncio::run(async {
                for number in 0..20 {
                    sleep(Duration::from_micros(100)).await;
                    asyncio::create_task(async {}).await.unwrap();
                    sender.lock().unwrap().push(number);
                }
            });
        }
    };
    let journals = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let threads = journals.each_ref().map(|journal| thread::spawn(ping(journal.clone())));
    for thread in threads {
        thread.join().unwrap();
    }
    for journal in journals {
        assert_eq!(*journal.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }
}

#[test]
fn a_flood_of_calls_while_the_loop_closes_is_run_or_refused_and_dropped() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Counted {
        fn new() -> Self {
            ALIVE.fetch_add(1, Ordering::SeqCst);
            Self
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    for _ in 0..20 {
        let remote = Remote::start();
        let going = Arc::new(AtomicBool::new(false));
        let floods = [(); 2].map(|()| {
            let (handle, going) = (remote.handle.clone(), going.clone());
            thread::spawn(move || {
                for _ in 0..1000 {
                    let counted = Counted::new();
                    if handle.call_soon(move || drop(counted)).is_err() {
                        return;
                    }
                    going.store(true, Ordering::Release);
                }
            })
        });
        while !going.load(Ordering::Acquire) {
            thread::yield_now();
        }
        remote.end();
        for flood in floods {
            flood.join().unwrap();
        }
        assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
    }
}
