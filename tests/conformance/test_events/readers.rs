//! Descriptors and signals: `add_reader`, `add_writer`, `add_signal_handler`.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::rc::Rc;
use std::thread;

use asyncio::signals::{SIGALRM, SIGINT, SIGKILL};
use asyncio::{EventLoop, new_event_loop};

use crate::child::{Child, run_as_child};
use crate::support::{LONG, SHORT, run_until};

/// The process's signals can be raised by a command alone: nothing safe does it in here.
pub(crate) fn send(signal: i32) {
    let kill = format!("kill -s {signal} {}", std::process::id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[test]
fn test_reader_callback() {
    let event_loop = new_event_loop();
    let (reading, mut writing) = UnixStream::pair().unwrap();
    reading.set_nonblocking(true).unwrap();
    let reading = Rc::new(reading);
    let bytes_read = Rc::new(RefCell::new(Vec::new()));
    let is_closed = Rc::new(Cell::new(false));
    let reader = {
        let (reading, bytes_read) = (reading.clone(), bytes_read.clone());
        let (is_closed, event_loop) = (is_closed.clone(), event_loop.clone());
        move || {
            let mut buffer = [0; 1024];
            match (&*reading).read(&mut buffer) {
                Ok(0) => {
                    assert!(event_loop.remove_reader(&*reading));
                    is_closed.set(true);
                }
                Ok(length) => bytes_read.borrow_mut().extend_from_slice(&buffer[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    };
    event_loop.add_reader(&*reading, reader).unwrap();
    let mut other = writing.try_clone().unwrap();
    event_loop.call_soon(move || other.write_all(b"abc").unwrap());
    run_until(&event_loop, || bytes_read.borrow().len() >= 3);
    event_loop.call_soon(move || writing.write_all(b"def").unwrap());
    run_until(&event_loop, || bytes_read.borrow().len() >= 6);
    run_until(&event_loop, || is_closed.get());
    assert_eq!(*bytes_read.borrow(), b"abcdef");
    event_loop.close();
}

#[test]
fn test_writer_callback() {
    let event_loop = new_event_loop();
    let (mut reading, writing) = UnixStream::pair().unwrap();
    writing.set_nonblocking(true).unwrap();
    let writing = Rc::new(writing);
    let data = [b'x'; 1024];
    let (socket, this) = (writing.clone(), event_loop.clone());
    event_loop
        .add_writer(&*writing, move || {
            (&*socket).write_all(&data).unwrap();
            this.stop();
        })
        .unwrap();
    event_loop.run_forever();

    assert!(event_loop.remove_writer(&*writing));
    assert!(!event_loop.remove_writer(&*writing));
    drop(writing);
    let mut read = Vec::new();
    reading.read_to_end(&mut read).unwrap();
    assert_eq!(read, data);
    event_loop.close();
}

/// In a process of its own, since removing the handler gives SIGINT its default back: the process's end.
#[test]
fn test_add_signal_handler() {
    if run_as_child(handle_a_signal_and_get_another) {
        return;
    }
    let mut child = Child::start("test_events::readers::test_add_signal_handler", &[]);
    assert_eq!(child.line(), "removed");
    child.interrupt();
    assert_eq!(child.end().1.signal(), Some(SIGINT));
}

fn handle_a_signal_and_get_another() {
    let event_loop = new_event_loop();
    for signal in [65, 0, -1] {
        let error = event_loop.add_signal_handler(signal, || {}).unwrap_err();
        assert!(error.to_string().starts_with(&format!("invalid signal number {signal}")));
        assert!(!event_loop.remove_signal_handler(signal));
    }
    let error = event_loop.add_signal_handler(SIGKILL, || {}).unwrap_err();
    assert!(error.to_string().starts_with("sig 9 cannot be caught"));
    assert!(!event_loop.remove_signal_handler(SIGKILL));

    let caught = count(&event_loop, SIGINT);
    send(SIGINT);
    run_until(&event_loop, || caught.get() > 0);
    assert!(event_loop.remove_signal_handler(SIGINT));
    assert!(!event_loop.remove_signal_handler(SIGINT));
    eprintln!("removed");
    loop {
        thread::park();
    }
}

fn count(event_loop: &EventLoop, signal: i32) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    event_loop.add_signal_handler(signal, move || counter.set(counter.get() + 1)).unwrap();
    calls
}

/// In a process of its own: another test here has a handler of SIGALRM too, and is to be told nothing.
#[test]
fn test_signal_handling_while_selecting() {
    let body = || {
        let event_loop = new_event_loop();
        let caught = Rc::new(Cell::new(0));
        let (counter, this) = (caught.clone(), event_loop.clone());
        event_loop
            .add_signal_handler(SIGALRM, move || {
                counter.set(counter.get() + 1);
                this.stop();
            })
            .unwrap();
        let sender = thread::spawn(|| {
            thread::sleep(SHORT);
            send(SIGALRM);
        });
        let this = event_loop.clone();
        event_loop.call_later(LONG, move || this.stop());
        event_loop.run_forever();
        sender.join().unwrap();
        eprintln!("caught: {}", caught.get());
    };
    if run_as_child(body) {
        return;
    }
    let child = Child::start("test_events::readers::test_signal_handling_while_selecting", &[]);
    assert_eq!(child.end().0, ["caught: 1"]);
}

#[test]
fn test_signal_handling_args() {
    let event_loop = new_event_loop();
    let some_args = (42,);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (args, this) = (seen.clone(), event_loop.clone());
    event_loop
        .add_signal_handler(SIGALRM, move || {
            args.borrow_mut().push(some_args);
            this.stop();
        })
        .unwrap();
    event_loop.call_soon(|| send(SIGALRM));
    let this = event_loop.clone();
    event_loop.call_later(LONG, move || this.stop());
    event_loop.run_forever();
    assert_eq!(*seen.borrow(), [(42,)]);
    event_loop.close();
}
