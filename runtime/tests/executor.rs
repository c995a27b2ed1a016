//! Blocking work on other threads: `to_thread` and `run_in_executor`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use asyncio::{
    Clock, ContextVar, Runner, create_task, gather, get_running_loop, new_event_loop, to_thread,
    yield_now,
};

static USER: ContextVar<&str> = ContextVar::with_default("user", || "nobody");

#[asyncio::test]
async fn a_function_runs_on_another_thread_and_gives_its_value() {
    let here = thread::current().id();
    assert_ne!(to_thread(move || thread::current().id()).await, here);
}

#[asyncio::test]
async fn the_loop_goes_on_meanwhile() {
    let (sender, receiver) = mpsc::channel();
    let reading = create_task(to_thread(move || receiver.recv().unwrap()));
    for _ in 0..3 {
        yield_now().await;
    }
    sender.send("the loop still ran").unwrap();
    assert_eq!(reading.await.unwrap(), "the loop still ran");
}

#[asyncio::test]
async fn to_thread_is_lazy_and_run_in_executor_is_not() {
    let has_run = Arc::new(AtomicBool::new(false));
    let run = || {
        let has_run = has_run.clone();
        move || has_run.store(true, Ordering::SeqCst)
    };
    drop(to_thread(run()));
    get_running_loop().unwrap().run_in_executor(|| ()).await;
    assert!(!has_run.load(Ordering::SeqCst));
    let (sender, receiver) = mpsc::channel();
    let call = get_running_loop().unwrap().run_in_executor(move || sender.send(()).unwrap());
    receiver.recv().unwrap();
    call.await;
}

#[asyncio::test]
async fn to_thread_copies_the_context_and_run_in_executor_does_not() {
    USER.set("Ann");
    let read_and_set = || {
        let seen = USER.get().unwrap();
        USER.set("Bob");
        seen
    };
    assert_eq!(to_thread(read_and_set).await, "Ann");
    assert_eq!(get_running_loop().unwrap().run_in_executor(read_and_set).await, "nobody");
    assert_eq!(USER.get(), Ok("Ann"));
}

#[test]
#[should_panic(expected = "broken on purpose")]
fn a_panic_of_the_function_is_its_awaiter_s() {
    asyncio::run(to_thread(|| panic!("broken on purpose")));
}

#[test]
fn a_run_waits_for_calls_that_nobody_awaits() {
    let done = Arc::new(AtomicBool::new(false));
    let is_done = done.clone();
    let (sender, receiver) = mpsc::channel();
    asyncio::run(async move {
        let event_loop = get_running_loop().unwrap();
        let handle = event_loop.handle();
        let call = event_loop.run_in_executor(move || {
            receiver.recv().unwrap();
            // The loop still answers: it runs while it waits for this.
            // What comes in just when main ends, is cancelled.
            while handle.block_on(async || 42).ok() != Some(42) {}
            is_done.store(true, Ordering::SeqCst);
        });
        call.detach();
        sender.send(()).unwrap();
    });
    assert!(done.load(Ordering::SeqCst));
}

#[test]
fn a_run_waits_under_the_virtual_clock_too() {
    let (sender, receiver) = mpsc::channel();
    let mut runner = Runner::builder().clock(Clock::Virtual).build();
    runner.run(async {
        get_running_loop().unwrap().run_in_executor(move || sender.send(1).unwrap()).detach();
    });
    runner.close();
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[asyncio::test]
async fn many_blocked_calls_are_all_served() {
    let (sender, receiver) = async_channel();
    let calls = gather((0..40).map(move |number| {
        let receiver = receiver.clone();
        to_thread(move || {
            receiver.lock().unwrap().recv().unwrap();
            number
        })
    }));
    let calls = create_task(calls);
    yield_now().await;
    for _ in 0..40 {
        sender.send(()).unwrap();
    }
    assert_eq!(calls.await.unwrap(), (0..40).collect::<Vec<_>>());
}

/// One queue for many readers.
fn async_channel() -> (mpsc::Sender<()>, Arc<std::sync::Mutex<mpsc::Receiver<()>>>) {
    let (sender, receiver) = mpsc::channel();
    (sender, Arc::new(std::sync::Mutex::new(receiver)))
}

#[asyncio::test]
async fn a_shutdown_that_takes_too_long_gives_up_and_the_call_goes_on() {
    let event_loop = get_running_loop().unwrap();
    let (sender, receiver) = mpsc::channel();
    let call = event_loop.run_in_executor(move || receiver.recv().unwrap());
    event_loop.shutdown_default_executor(Duration::from_millis(5)).await;
    sender.send("late").unwrap();
    assert_eq!(call.await, "late");
}

#[test]
#[should_panic(expected = "Executor shutdown has been called")]
fn after_a_shutdown_nothing_is_taken() {
    let event_loop = new_event_loop();
    event_loop.run_until_complete(event_loop.shutdown_default_executor(Duration::ZERO));
    drop(event_loop.run_in_executor(|| ()));
}

#[test]
#[should_panic(expected = "Event loop is closed")]
fn a_closed_loop_takes_nothing() {
    let event_loop = new_event_loop();
    event_loop.close();
    drop(event_loop.run_in_executor(|| ()));
}

#[test]
#[should_panic(expected = "asyncio::to_thread: no running event loop")]
fn outside_a_loop_there_is_nobody_to_wait() {
    let future = to_thread(|| ());
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::future::Future::poll(future.as_mut(), &mut cx);
}
