//! `test_selector_events.py`, of Python 3.11: `add_reader` and its kin. Python's cases look at the selector's map;
//! ours at who is called.

use std::cell::Cell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use asyncio::{EventLoop, new_event_loop};

use crate::support::run_until;

/// A socket that can be read and written to, and its other end.
fn ready_socket() -> (UnixStream, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"x").unwrap();
    (ours, theirs)
}

fn count_reads(event_loop: &EventLoop, socket: &UnixStream) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_reader(socket, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

fn count_writes(event_loop: &EventLoop, socket: &UnixStream) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_writer(socket, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

/// Waits for another call.
fn wait_for_another(event_loop: &EventLoop, calls: &Cell<u32>) {
    let before = calls.get();
    run_until(event_loop, || calls.get() > before);
}

#[test]
fn test_add_reader() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let reads = count_reads(&event_loop, &socket);
    wait_for_another(&event_loop, &reads);
    assert!(!event_loop.remove_writer(&socket));
    event_loop.close();
}

#[test]
fn test_add_reader_existing() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let (former, writes) = (count_reads(&event_loop, &socket), count_writes(&event_loop, &socket));
    let reads = count_reads(&event_loop, &socket);
    wait_for_another(&event_loop, &reads);
    wait_for_another(&event_loop, &writes);
    assert_eq!(former.get(), 0);
    event_loop.close();
}

#[test]
fn test_add_reader_existing_writer() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let writes = count_writes(&event_loop, &socket);
    let reads = count_reads(&event_loop, &socket);
    wait_for_another(&event_loop, &reads);
    wait_for_another(&event_loop, &writes);
    event_loop.close();
}

#[test]
fn test_remove_reader() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let reads = count_reads(&event_loop, &socket);
    assert!(event_loop.remove_reader(&socket));
    assert!(!event_loop.remove_reader(&socket));
    let writes = count_writes(&event_loop, &socket);
    wait_for_another(&event_loop, &writes);
    assert_eq!(reads.get(), 0);
    event_loop.close();
}

#[test]
fn test_remove_reader_read_write() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let (reads, writes) = (count_reads(&event_loop, &socket), count_writes(&event_loop, &socket));
    wait_for_another(&event_loop, &reads);
    assert!(event_loop.remove_reader(&socket));
    let before = reads.get();
    wait_for_another(&event_loop, &writes);
    assert_eq!(reads.get(), before);
    event_loop.close();
}

#[test]
fn test_remove_reader_unknown() {
    let event_loop = new_event_loop();
    assert!(!event_loop.remove_reader(&ready_socket().0));
    event_loop.close();
}

#[test]
fn test_add_writer() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let writes = count_writes(&event_loop, &socket);
    wait_for_another(&event_loop, &writes);
    assert!(!event_loop.remove_reader(&socket));
    event_loop.close();
}

#[test]
fn test_add_writer_existing() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let (reads, former) = (count_reads(&event_loop, &socket), count_writes(&event_loop, &socket));
    let writes = count_writes(&event_loop, &socket);
    wait_for_another(&event_loop, &writes);
    wait_for_another(&event_loop, &reads);
    assert_eq!(former.get(), 0);
    event_loop.close();
}

#[test]
fn test_remove_writer() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let writes = count_writes(&event_loop, &socket);
    assert!(event_loop.remove_writer(&socket));
    assert!(!event_loop.remove_writer(&socket));
    let reads = count_reads(&event_loop, &socket);
    wait_for_another(&event_loop, &reads);
    assert_eq!(writes.get(), 0);
    event_loop.close();
}

#[test]
fn test_remove_writer_read_write() {
    let event_loop = new_event_loop();
    let (socket, _other) = ready_socket();
    let (reads, writes) = (count_reads(&event_loop, &socket), count_writes(&event_loop, &socket));
    wait_for_another(&event_loop, &writes);
    assert!(event_loop.remove_writer(&socket));
    let before = writes.get();
    wait_for_another(&event_loop, &reads);
    assert_eq!(writes.get(), before);
    event_loop.close();
}

#[test]
fn test_remove_writer_unknown() {
    let event_loop = new_event_loop();
    assert!(!event_loop.remove_writer(&ready_socket().0));
    event_loop.close();
}
