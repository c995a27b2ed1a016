//! What a trace shows, read back from its file.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use asyncio::{Clock, Runner, RunnerBuilder};
use serde_json::Value;

const LOOP: u64 = 0;
const MAIN: u64 = 1;

/// A file for this test alone.
fn file(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{test}-{}.json", std::process::id()))
}

/// A trace, read back.
struct Trace(Vec<Value>);

impl Trace {
    /// What happens when `main` runs under the virtual clock.
    fn of<F: IntoFuture>(test: &str, main: F) -> Self {
        Self::under(Runner::builder().clock(Clock::Virtual), test, main)
    }

    fn under<F: IntoFuture>(builder: RunnerBuilder, test: &str, main: F) -> Self {
        let path = file(test);
        let mut runner = builder.trace(&path).build();
        runner.run(main);
        runner.close();
        Self::read(&path)
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::remove_file(path).unwrap();
        Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in:\n{text}")))
    }

    fn phase(&self, phase: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |event| event["ph"] == phase)
    }

    /// The names that a lane was given, in order.
    fn names(&self, lane: u64) -> Vec<&str> {
        let named = self.phase("M").filter(|event| event["name"] == "thread_name");
        named
            .filter(|event| event["tid"] == lane)
            .map(|event| event["args"]["name"].as_str().unwrap())
            .collect()
    }

    fn slices(&self) -> Vec<Slice<'_>> {
        let mut open: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let mut slices = Vec::new();
        for (at, event) in self.0.iter().enumerate() {
            let lane = event["tid"].as_u64().unwrap();
            match event["ph"].as_str().unwrap() {
                "B" => {
                    open.entry(lane).or_default().push(slices.len());
                    slices.push(Slice { lane, begin: event, end: event, from: at, to: at });
                }
                "E" => {
                    let slice = open.get_mut(&lane).and_then(Vec::pop).expect("an end has a begin");
                    slices[slice].end = event;
                    slices[slice].to = at;
                    assert_eq!(slices[slice].begin["name"], event["name"], "slices nest");
                }
                _ => {}
            }
        }
        assert!(open.values().all(Vec::is_empty), "every slice has an end");
        slices
    }

    fn results(&self, lane: u64) -> Vec<&str> {
        let polls = self.slices().into_iter().filter(|slice| slice.lane == lane);
        polls.map(|slice| slice.end["args"]["result"].as_str().unwrap()).collect()
    }

    /// The slices on the loop's lane with this name.
    fn loop_slices(&self, name: &str) -> Vec<Slice<'_>> {
        let slices = self.slices().into_iter();
        slices.filter(|slice| slice.lane == LOOP && slice.begin["name"] == name).collect()
    }

    /// From which innermost slice to which one the arrows go.
    fn arrows(&self) -> Vec<(Slice<'_>, Slice<'_>)> {
        let slices = self.slices();
        let around = |at: usize| {
            let lane = self.0[at]["tid"].as_u64().unwrap();
            let around =
                |slice: &&Slice<'_>| slice.lane == lane && slice.from < at && at < slice.to;
            *slices.iter().rfind(around).expect("an arrow's end is in a slice")
        };
        let ends = |phase: &str| -> BTreeMap<u64, usize> {
            let ends = self.0.iter().enumerate().filter(|(_, event)| event["ph"] == phase);
            ends.map(|(at, event)| (event["id"].as_u64().unwrap(), at)).collect()
        };
        let (starts, ends) = (ends("s"), ends("f"));
        assert!(starts.keys().eq(ends.keys()), "arrows pair up: {starts:?} and {ends:?}");
        assert_eq!(starts.len(), self.phase("s").count(), "no two arrows have one id");
        starts.values().zip(ends.values()).map(|(from, to)| (around(*from), around(*to))).collect()
    }

    fn has_arrow(&self, from: u64, to: u64) -> bool {
        self.arrows().iter().any(|(waker, woken)| waker.lane == from && woken.lane == to)
    }
}

#[derive(Clone, Copy)]
struct Slice<'a> {
    lane: u64,
    begin: &'a Value,
    end: &'a Value,
    /// Where these two are in the file.
    from: usize,
    to: usize,
}

#[test]
fn each_task_has_a_lane_with_its_name_and_is_shown_under_a_new_one() {
    let trace = Trace::of("names", async {
        let task = asyncio::create_task(asyncio::yield_now()).with_name("fetch");
        asyncio::yield_now().await;
        task.set_name("fetch, again");
        task.await.unwrap();
    });
    assert_eq!(trace.names(LOOP), ["event loop"]);
    assert_eq!(trace.names(MAIN), ["Task-1"]);
    assert_eq!(trace.names(2), ["Task-2", "fetch", "fetch, again"]);
    let polls = trace.slices().into_iter().filter(|slice| slice.lane == 2);
    let names: Vec<_> = polls.map(|slice| &slice.begin["name"]).collect();
    assert_eq!(names, ["fetch", "fetch, again"]);
}

#[test]
fn each_poll_is_a_slice_with_its_result() {
    let trace = Trace::of("results", async {
        let finished = asyncio::create_task(asyncio::yield_now());
        let panicked = asyncio::create_task(async { panic!("part of the test") });
        let cancelled = asyncio::create_task(std::future::pending::<()>());
        asyncio::yield_now().await;
        cancelled.cancel();
        finished.await.unwrap();
        panicked.await.unwrap_err();
        cancelled.await.unwrap_err();
    });
    assert_eq!(trace.results(2), ["Pending", "Ready"]);
    assert_eq!(trace.results(3), ["Panicked"]);
    assert_eq!(trace.results(4), ["Pending", "Cancelled"]);
    assert_eq!(trace.results(MAIN).last(), Some(&"Ready"));
}

#[test]
fn a_slice_says_where_its_task_was_spawned() {
    let line = line!() + 2;
    let trace = Trace::of("places", async {
        asyncio::create_task(async {}).await.unwrap();
    });
    let slices = trace.slices();
    let poll = slices.iter().find(|slice| slice.lane == 2).unwrap();
    let place = poll.begin["args"]["spawned_at"].as_str().unwrap();
    assert!(place.contains(&format!("trace.rs:{line}:")), "{place}");
}

#[test]
fn times_are_microseconds_with_decimals_and_never_go_back() {
    let trace = Trace::of("times", async { asyncio::yield_now().await });
    let times: Vec<f64> = trace.0.iter().map(|event| event["ts"].as_f64().unwrap()).collect();
    assert!(times.is_sorted());
    // That all of them are a whole number of microseconds is next to impossible.
    assert!(times.iter().any(|time| time.fract() != 0.0), "{times:?}");
}

#[test]
fn arrows_go_from_the_spawner_and_from_the_waker_to_the_woken() {
    let trace = Trace::of("arrows", async {
        let future = asyncio::get_running_loop().unwrap().create_future();
        let setter = future.clone();
        asyncio::create_task(async move { setter.set_result(()).unwrap() }).detach();
        let waiting = asyncio::create_task(future);
        waiting.await.unwrap().unwrap();
    });
    assert!(trace.has_arrow(LOOP, MAIN), "main is spawned by the run");
    assert!(trace.has_arrow(MAIN, 2), "Task-2 is spawned by main");
    assert!(trace.has_arrow(2, MAIN) || trace.has_arrow(3, MAIN), "main is woken");
    assert!(trace.has_arrow(3, MAIN), "the end of Task-3 wakes main, which awaits it");
}

#[test]
fn a_child_is_polled_on_its_own_lane_inside_its_parents_slice() {
    let trace = Trace::of("children", async {
        asyncio::gather!(asyncio::yield_now(), asyncio::yield_now()).await;
    });
    let slices = trace.slices();
    for child in [2, 3] {
        assert_eq!(trace.results(child), ["Pending", "Ready"]);
        let polls = slices.iter().filter(|slice| slice.lane == child);
        for poll in polls {
            let is_around = |slice: &&Slice<'_>| {
                slice.lane == MAIN && slice.from < poll.from && poll.to < slice.to
            };
            assert!(slices.iter().any(|slice| is_around(&slice)));
        }
        assert!(trace.has_arrow(MAIN, child), "main spawns it");
        assert!(trace.has_arrow(child, child), "it wakes itself");
    }
}

#[test]
fn a_child_that_is_woken_again_before_its_poll_draws_one_arrow() {
    let trace = Trace::of("again", async {
        let (child, wakes) = (RefCell::new(None::<Waker>), Cell::new(0));
        let mut children = pin!(asyncio::gather([poll_fn(|cx| {
            child.replace(Some(cx.waker().clone()));
            cx.waker().wake_by_ref();
            if wakes.get() < 3 { Poll::Pending } else { Poll::Ready(()) }
        })]));
        poll_fn(|cx| {
            if let Some(child) = &*child.borrow() {
                child.wake_by_ref();
                wakes.set(wakes.get() + 1);
            }
            children.as_mut().poll(cx)
        })
        .await;
    });
    assert!(trace.has_arrow(MAIN, 2), "and `has_arrow` has seen that all of them pair up");
}

#[test]
fn a_wake_from_another_thread_is_marked() {
    let trace = Trace::under(Runner::builder(), "threads", async {
        let woken = Arc::new(AtomicBool::new(false));
        let mut thread = None;
        poll_fn(|cx| {
            if woken.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            thread.get_or_insert_with(|| {
                let (woken, waker) = (woken.clone(), cx.waker().clone());
                std::thread::spawn(move || {
                    woken.store(true, Ordering::Release);
                    waker.wake();
                })
            });
            Poll::Pending
        })
        .await;
    });
    let marked = "wake from another thread";
    assert_eq!(trace.loop_slices(marked).len(), 1);
    let arrows = trace.arrows();
    assert!(arrows.iter().any(|(from, to)| from.begin["name"] == marked && to.lane == MAIN));
}

#[test]
fn cancelling_what_a_run_left_is_no_wake_from_another_thread() {
    let trace = Trace::of("left", async {
        asyncio::create_task(std::future::pending::<()>()).detach();
        asyncio::yield_now().await;
    });
    assert_eq!(trace.results(2), ["Pending", "Cancelled"]);
    assert!(trace.loop_slices("wake from another thread").is_empty());
}

#[test]
fn a_timer_is_a_span_until_it_fires_or_is_cancelled_or_the_loop_is_closed() {
    let trace = Trace::of("timers", async {
        let event_loop = asyncio::get_running_loop().unwrap();
        let hour = Duration::from_secs(3600);
        event_loop.call_later(2 * hour, || unreachable!()).cancel();
        event_loop.call_later(3 * hour, || unreachable!());
        asyncio::sleep(hour).await;
    });
    let spans = |phase: &str| -> BTreeMap<u64, &Value> {
        let spans = trace.phase(phase).filter(|event| event["cat"] == "timer");
        spans.map(|event| (event["id"].as_u64().unwrap(), event)).collect()
    };
    let (begins, ends) = (spans("b"), spans("e"));
    assert!(begins.keys().eq(ends.keys()));
    let timers: Vec<(f64, &str)> = begins
        .iter()
        .map(|(id, begin)| {
            let hours = begin["args"]["deadline_s"].as_f64().unwrap() / 3600.0;
            (hours.round(), ends[id]["args"]["end"].as_str().unwrap())
        })
        .collect();
    assert_eq!(timers, [(2.0, "cancelled"), (3.0, "dropped with the loop"), (1.0, "fired")]);
    assert!(begins.values().all(|begin| begin["tid"] == MAIN), "main set them all");
    let arrows = trace.arrows();
    assert!(arrows.iter().any(|(from, to)| from.begin["name"] == "timer" && to.lane == MAIN));
}

/// Says hello.
#[derive(Default)]
struct Hello {
    is_over: asyncio::Event,
}

impl asyncio::Protocol for Hello {
    fn connection_made(&self, transport: asyncio::Transport) {
        transport.write(b"hello");
    }

    fn connection_lost(&self, _error: Option<std::io::Error>) {
        self.is_over.set();
    }
}

#[test]
fn a_socket_is_a_span_until_it_is_closed_with_its_reads_and_writes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let trace = Trace::of("sockets", async {
        let event_loop = asyncio::get_running_loop().unwrap();
        let connecting = event_loop.create_connection(Hello::default, address);
        let (transport, protocol) = connecting.await.unwrap();
        drop(transport);
        let mut peer = listener.accept().unwrap().0;
        peer.read_exact(&mut [0; 5]).unwrap();
        peer.write_all(b"bye").unwrap();
        drop(peer);
        protocol.is_over.wait().await;
    });
    let events = trace.0.iter().filter(|event| event["cat"] == "socket");
    let events: Vec<_> = events.collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            format!("{} {} {}", event["ph"], event["name"], event["args"]).replace('"', "")
        })
        .collect();
    let expected = [
        format!("b socket {{peer:{address}}}"),
        "n write {bytes:5}".to_owned(),
        "n read {bytes:3}".to_owned(),
        "n read {bytes:0}".to_owned(),
        "e socket {end:closed}".to_owned(),
    ];
    assert_eq!(told, expected);
    assert!(events.iter().all(|event| event["id"] == 0 && event["tid"] == events[0]["tid"]));
}

#[test]
fn under_the_virtual_clock_slices_take_real_time_and_turns_show_the_virtual_one() {
    let trace = Trace::of("clocks", asyncio::sleep(Duration::from_secs(3600)));
    let last = trace.0.last().unwrap()["ts"].as_f64().unwrap();
    assert!(last < 60e6, "{last} µs");
    let turns = trace.loop_slices("turn");
    let time = |slice: &Slice<'_>| slice.begin["args"]["time_s"].as_f64().unwrap();
    assert!(time(&turns[0]).abs() < f64::EPSILON);
    assert!((time(turns.last().unwrap()) - 3600.0).abs() < f64::EPSILON);
}

#[test]
fn the_ready_queue_is_counted_once_a_turn() {
    let trace = Trace::of("counter", async {
        asyncio::gather((0..5).map(async |_| {})).await;
    });
    let lengths: Vec<u64> =
        trace.phase("C").map(|event| event["args"]["length"].as_u64().unwrap()).collect();
    assert_eq!(lengths[..2], [1, 5]);
    assert_eq!(lengths.len(), trace.loop_slices("turn").len());
}

#[test]
fn a_callback_is_a_slice_on_the_loops_lane_and_its_wakes_start_there() {
    let line = line!() + 4;
    let trace = Trace::of("callbacks", async {
        let event_loop = asyncio::get_running_loop().unwrap();
        let (future, setter) = (event_loop.create_future(), RefCell::new(None));
        event_loop.call_soon({
            setter.replace(Some(future.clone()));
            move || setter.take().unwrap().set_result(()).unwrap()
        });
        event_loop.call_soon(|| unreachable!()).cancel();
        future.await.unwrap();
    });
    let callbacks = trace.loop_slices("callback");
    assert_eq!(callbacks.len(), 1, "a cancelled callback is not called");
    let place = callbacks[0].begin["args"]["scheduled_at"].as_str().unwrap();
    assert!(place.contains(&format!("trace.rs:{line}:")), "{place}");
    let arrows = trace.arrows();
    assert!(arrows.iter().any(|(from, to)| from.begin["name"] == "callback" && to.lane == MAIN));
}

#[test]
fn a_wait_is_a_slice_on_the_loops_lane_outside_all_turns() {
    let nap = asyncio::sleep(Duration::from_millis(2));
    let trace = Trace::under(Runner::builder(), "waits", nap);
    let (turns, waits) = (trace.loop_slices("turn"), trace.loop_slices("wait"));
    assert!(!waits.is_empty());
    for wait in &waits {
        assert!(turns.iter().all(|turn| wait.to < turn.from || turn.to < wait.from));
    }
}

#[test]
fn a_look_at_io_in_the_middle_of_a_turn_is_inside_it() {
    let trace = Trace::of("looks", async {
        asyncio::gather((0..1000).map(async |_| {})).await;
    });
    let (turns, waits) = (trace.loop_slices("turn"), trace.loop_slices("wait"));
    let is_inside =
        |wait: &&Slice<'_>| turns.iter().any(|turn| turn.from < wait.from && wait.to < turn.to);
    assert!(waits.iter().any(|wait| is_inside(&wait)));
}

#[test]
fn text_is_escaped() {
    let name = "quote \" backslash \\ newline \n bell \u{7} and é 🦀";
    let trace = Trace::of("text", async {
        asyncio::current_task().unwrap().set_name(name);
    });
    assert_eq!(trace.names(MAIN), ["Task-1", name]);
}

#[test]
fn the_file_is_whole_after_a_panic_in_main() {
    let path = file("panic");
    let mut runner = Runner::builder().trace(&path).build();
    let run = move || {
        runner.run(async {
            asyncio::create_task(std::future::pending::<()>()).detach();
            asyncio::yield_now().await;
            panic!("part of the test");
        });
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    let trace = Trace::read(&path);
    assert_eq!(trace.results(MAIN), ["Pending", "Panicked"]);
    assert_eq!(trace.results(2), ["Pending", "Cancelled"]);
}

#[test]
fn several_runs_of_one_runner_are_in_one_trace() {
    let path = file("runs");
    let mut runner = Runner::builder().trace(&path).build();
    runner.run(async {});
    runner.run(async {});
    runner.close();
    let trace = Trace::read(&path);
    assert_eq!(trace.results(1), ["Ready"]);
    assert_eq!(trace.results(2), ["Ready"]);
    trace.arrows();
}

#[test]
fn loops_that_are_open_at_the_same_time_write_to_files_of_their_own() {
    let path = file("two");
    let second_path = path.with_file_name(format!("trace-two-{}-2.json", std::process::id()));
    let builder = Runner::builder().trace(&path);
    let (mut first, mut second) = (builder.clone().build(), builder.clone().build());
    first.run(async {});
    second.run(asyncio::yield_now());
    drop((first, second));
    assert_eq!(Trace::read(&path).results(MAIN), ["Ready"]);
    assert_eq!(Trace::read(&second_path).results(MAIN), ["Pending", "Ready"]);

    // Both are closed, so the path is free.
    builder.build().run(async {});
    assert_eq!(Trace::read(&path).results(MAIN), ["Ready"]);
}

#[test]
fn a_file_that_cannot_be_created_is_named_with_the_reason_and_the_way_out() {
    let path = file("none").with_extension("d").join("trace.json");
    let build = || Runner::builder().trace(&path).build();
    let payload = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    let message = payload.downcast::<String>().unwrap();
    let start = format!("asyncio: the trace {} can't be created: ", path.display());
    assert!(message.starts_with(&start), "{message}");
    assert!(message.contains("(os error "), "{message}");
    assert!(message.ends_with("a file in a folder that exists and that you may write to"));
}

/// Says to a test's process that it is the child.
const CHILD: &str = "TRACE_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs this very test in a process of its own.
fn run_child(test: &str, trace: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .env("ASYNCIO_TRACE", trace)
        .output()
        .unwrap()
}

#[test]
fn the_environment_turns_the_trace_on_and_a_path_in_the_program_goes_first() {
    if is_child() {
        let own = PathBuf::from(std::env::var_os("ASYNCIO_TRACE").unwrap()).with_extension("own");
        asyncio::run(asyncio::yield_now());
        Runner::builder().trace(own).build().run(async {});
        return;
    }
    let path = file("environment");
    let test = "the_environment_turns_the_trace_on_and_a_path_in_the_program_goes_first";
    assert!(run_child(test, &path).status.success());
    assert_eq!(Trace::read(&path).results(MAIN), ["Pending", "Ready"]);
    assert_eq!(Trace::read(&path.with_extension("own")).results(MAIN), ["Ready"]);
}

#[test]
fn a_process_that_dies_leaves_whole_events() {
    if is_child() {
        asyncio::run(async {
            // Enough for the buffer to be written out in the middle of it all.
            for _ in 0..1000 {
                asyncio::yield_now().await;
            }
            std::process::exit(7);
        });
    }
    let path = file("death");
    let output = run_child("a_process_that_dies_leaves_whole_events", &path);
    assert_eq!(output.status.code(), Some(7));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let events: Vec<Value> = serde_json::from_str(&format!("{text}]")).unwrap();
    assert!(events.iter().filter(|event| event["ph"] == "B").count() > 1000);
}

#[test]
fn a_process_that_dies_after_a_wait_leaves_all_that_was_before() {
    if is_child() {
        asyncio::run(async {
            asyncio::current_task().unwrap().set_name("seen");
            asyncio::sleep(Duration::from_millis(1)).await;
            std::process::exit(7);
        });
    }
    let path = file("wait-death");
    run_child("a_process_that_dies_after_a_wait_leaves_all_that_was_before", &path);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let trace = Trace(serde_json::from_str(&format!("{text}]")).unwrap());
    assert_eq!(trace.names(MAIN), ["Task-1", "seen"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_once_and_the_program_goes_on() {
    if is_child() {
        let event_loop = asyncio::new_event_loop();
        for _ in 0..100 {
            event_loop.run_until_complete(asyncio::yield_now());
        }
        event_loop.close();
        println!("went on");
        return;
    }
    let output =
        run_child("a_full_disk_is_said_once_and_the_program_goes_on", "/dev/full".as_ref());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("went on"));
    assert_eq!(errors.matches("asyncio:").count(), 1, "{errors}");
    assert!(errors.contains("the trace /dev/full can't be written: "), "{errors}");
    assert!(errors.contains("tracing stops, the program goes on"), "{errors}");
}
