//! `add_reader` and its kin: who is called when, and what ends it.
#![cfg(unix)]

mod support;

use std::cell::Cell;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{ContextVar, EventLoop, current_task, new_event_loop};
use support::{Log, panic_of, reports_of, seconds, virtual_runner};

/// A pipe with a byte in it that nobody reads.
fn readable() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    (reader, writer)
}

/// Runs the loop until `is_done`.
fn run_until(event_loop: &EventLoop, is_done: impl Fn() -> bool) {
    event_loop.run_until_complete(async {
        while !is_done() {
            asyncio::yield_now().await;
        }
    });
}

/// Lets the loop see all I/O that is ready: the virtual clock doesn't jump before.
fn settle(event_loop: &EventLoop) {
    event_loop.run_until_complete(seconds(1));
}

fn count(event_loop: &EventLoop, reader: &PipeReader) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_reader(reader, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

#[test]
fn a_reader_is_called_while_there_is_something_to_read() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (mut reader, mut writer) = pipe().unwrap();
    let log = Log::new();
    let (entries, watched) = (log.clone(), reader.try_clone().unwrap());
    event_loop
        .add_reader(&watched, move || {
            let mut byte = [0; 1];
            reader.read_exact(&mut byte).unwrap();
            entries.push(char::from(byte[0]));
        })
        .unwrap();
    settle(&event_loop);
    assert_eq!(log.take(), "");
    writer.write_all(b"abc").unwrap();
    settle(&event_loop);
    assert_eq!(log.take(), "a, b, c");
}

#[test]
fn a_descriptor_that_stays_ready_is_reported_once_a_turn_at_most() {
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    let calls = count(&event_loop, &reader);
    let turns = event_loop.run_until_complete(async {
        let mut turns = 0;
        while calls.get() < 5 {
            asyncio::yield_now().await;
            turns += 1;
        }
        turns
    });
    assert!(calls.get() <= turns + 1, "{} calls in {turns} turns", calls.get());
    event_loop.close();
}

#[test]
fn tasks_and_timers_go_on_beside_a_descriptor_that_is_always_ready() {
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    let calls = count(&event_loop, &reader);
    event_loop.run_until_complete(async {
        while calls.get() < 5 {
            asyncio::sleep(Duration::from_millis(1)).await;
        }
    });
    event_loop.close();
}

#[test]
fn the_second_reader_of_a_descriptor_replaces_the_first() {
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    let first = count(&event_loop, &reader);
    let second = count(&event_loop, &reader);
    run_until(&event_loop, || second.get() > 0);
    assert_eq!(first.get(), 0);
    assert!(event_loop.remove_reader(&reader));
    assert!(!event_loop.remove_reader(&reader));
    event_loop.close();
}

#[test]
fn a_reader_that_was_removed_is_not_called_and_what_it_owned_is_dropped() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (reader, _writer) = readable();
    let log = Log::new();
    let guard = log.on_drop("dropped");
    event_loop
        .add_reader(&reader, move || {
            let _guard = &guard;
            unreachable!("it was removed")
        })
        .unwrap();
    assert!(event_loop.remove_reader(&reader));
    assert_eq!(log.take(), "dropped");
    settle(&event_loop);
}

#[test]
fn a_reader_can_remove_itself() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (reader, _writer) = readable();
    let reader = Rc::new(reader);
    let log = Log::new();
    let (this, entries, own) = (event_loop.clone(), log.clone(), reader.clone());
    let guard = log.on_drop("dropped");
    event_loop
        .add_reader(&*reader, move || {
            let _guard = &guard;
            assert!(this.remove_reader(&*own));
            assert!(!this.remove_reader(&*own));
            entries.push("removed");
        })
        .unwrap();
    settle(&event_loop);
    assert_eq!(log.take(), "removed, dropped");
}

#[test]
fn a_reader_can_put_another_in_its_place() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (reader, _writer) = readable();
    let reader = Rc::new(reader);
    let log = Log::new();
    let (this, entries, own) = (event_loop.clone(), log.clone(), reader.clone());
    event_loop
        .add_reader(&*reader, move || {
            entries.push("first");
            let (entries, that, inner) = (entries.clone(), this.clone(), own.clone());
            this.add_reader(&*own, move || {
                entries.push("second");
                that.remove_reader(&*inner);
            })
            .unwrap();
        })
        .unwrap();
    settle(&event_loop);
    assert_eq!(log.take(), "first, second");
}

#[test]
fn a_descriptor_has_a_reader_and_a_writer() {
    let event_loop = new_event_loop();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let (read, written) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    let (reads, writes) = (read.clone(), written.clone());
    event_loop.add_reader(&ours, move || reads.set(true)).unwrap();
    event_loop.add_writer(&ours, move || writes.set(true)).unwrap();
    run_until(&event_loop, || written.get());
    assert!(!read.get());
    theirs.write_all(b"x").unwrap();
    run_until(&event_loop, || read.get());
    assert!(event_loop.remove_writer(&ours));
    assert!(!event_loop.remove_writer(&ours));
    assert!(event_loop.remove_reader(&ours));
    event_loop.close();
}

#[test]
fn a_writer_waits_for_room() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    while (&ours).write(&[0; 4096]).is_ok() {}
    let calls = Rc::new(Cell::new(0));
    let (counter, this) = (calls.clone(), event_loop.clone());
    event_loop
        .add_writer(&ours, move || {
            counter.set(counter.get() + 1);
            this.stop();
        })
        .unwrap();
    settle(&event_loop);
    assert_eq!(calls.get(), 0);
    theirs.set_nonblocking(true).unwrap();
    while theirs.read(&mut [0; 4096]).is_ok() {}
    event_loop.run_forever();
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_panic_in_a_reader_is_reported_and_it_is_called_again() {
    let event_loop = new_event_loop();
    let reports = reports_of(&event_loop);
    let (reader, _writer) = readable();
    let calls = Rc::new(Cell::new(0));
    let (counter, this) = (calls.clone(), event_loop.clone());
    event_loop
        .add_reader(&reader, move || {
            counter.set(counter.get() + 1);
            assert!(counter.get() > 1, "the first time");
            this.stop();
        })
        .unwrap();
    event_loop.run_forever();
    assert_eq!((calls.get(), reports.take().as_str()), (2, "the first time"));
    event_loop.close();
}

#[test]
fn a_reader_runs_in_the_context_it_was_added_in_and_is_no_task() {
    static WHO: ContextVar<&str> = ContextVar::new("who");
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    let log = Log::new();
    let (this, entries) = (event_loop.clone(), log.clone());
    event_loop.run_until_complete(async {
        WHO.set("the one who added it");
        this.clone()
            .add_reader(&reader, move || {
                entries.push(WHO.get().unwrap());
                assert!(current_task().is_none() && this.all_tasks().is_empty());
                this.stop();
            })
            .unwrap();
    });
    event_loop.run_forever();
    assert_eq!(log.take(), "the one who added it");
    event_loop.close();
}

#[test]
fn a_reader_goes_on_in_the_loop_s_next_run() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (reader, mut writer) = pipe().unwrap();
    let this = event_loop.clone();
    event_loop.add_reader(&reader, move || this.stop()).unwrap();
    settle(&event_loop);
    writer.write_all(b"x").unwrap();
    event_loop.run_forever();
}

#[test]
fn a_descriptor_may_be_closed_before_its_reader_is_removed() {
    let runner = virtual_runner();
    let event_loop = runner.event_loop();
    let (reader, writer) = pipe().unwrap();
    let calls = count(&event_loop, &reader);
    let number = reader.as_raw_fd();
    drop(reader);
    drop(writer);
    // The end of the pipe is something to read.
    run_until(&event_loop, || calls.get() > 0);
    // Whoever gets the number next replaces the reader.
    let (next, _writer) = pipe().unwrap();
    if next.as_raw_fd() == number {
        let before = calls.get();
        let calls_of_next = count(&event_loop, &next);
        settle(&event_loop);
        assert_eq!((calls.get(), calls_of_next.get()), (before, 0));
    }
}

#[test]
fn a_file_on_a_disk_is_an_error() {
    let event_loop = new_event_loop();
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    assert!(event_loop.add_reader(&file, || {}).is_err());
    assert!(!event_loop.remove_reader(&file));
    event_loop.close();
}

#[test]
fn a_closed_loop_takes_no_reader_and_has_none() {
    let event_loop = new_event_loop();
    let (reader, writer) = readable();
    let log = Log::new();
    let guard = log.on_drop("dropped");
    event_loop
        .add_reader(&reader, move || {
            let _guard = &guard;
        })
        .unwrap();
    event_loop.close();
    assert_eq!(log.take(), "dropped");
    assert!(!event_loop.remove_reader(&reader));
    assert!(!event_loop.remove_writer(&writer));
    let text = panic_of(|| event_loop.add_writer(&writer, || {}));
    assert!(text.starts_with("Event loop is closed"), "{text}");
}

#[test]
fn adding_and_removing_leaves_no_descriptor_behind() {
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    for _ in 0..2_000 {
        event_loop.add_reader(&reader, || {}).unwrap();
        assert!(event_loop.remove_reader(&reader));
    }
    event_loop.close();
    assert!(pipe().unwrap().0.as_raw_fd() < 1_000);
}

#[test]
#[cfg(target_os = "linux")]
fn a_blocking_descriptor_stays_one() {
    let flags = |reader: &PipeReader| {
        std::fs::read_to_string(format!("/proc/self/fdinfo/{}", reader.as_raw_fd())).unwrap()
    };
    let event_loop = new_event_loop();
    let (reader, _writer) = readable();
    let before = flags(&reader);
    let calls = count(&event_loop, &reader);
    run_until(&event_loop, || calls.get() > 0);
    assert_eq!(flags(&reader), before);
    event_loop.close();
}
