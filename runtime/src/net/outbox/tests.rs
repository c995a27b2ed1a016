//! An outbox over a wire that takes what the test lets it take.

use super::*;
use crate::task::create_task;
use crate::{Clock, Runner};

/// A wire with some room; what it was given, and what was asked of it.
#[derive(Default)]
struct Scripted {
    room: Cell<usize>,
    /// How many bytes one write takes at most; 0: any number.
    piece: Cell<usize>,
    sent: RefCell<Vec<u8>>,
    writer: RefCell<Option<Waker>>,
    fails_with: Cell<Option<ErrorKind>>,
    said_goodbye: Cell<bool>,
    is_ended: Cell<bool>,
    is_closed: Cell<bool>,
}

impl Scripted {
    fn make_room(&self, room: usize) {
        self.room.set(self.room.get() + room);
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    fn fail(&self, kind: ErrorKind) {
        self.fails_with.set(Some(kind));
        self.make_room(0);
    }

    fn sent(&self) -> String {
        String::from_utf8(self.sent.borrow().clone()).unwrap()
    }
}

impl Wire for Scripted {
    fn poll_read(&self, _cx: &mut Context<'_>, _buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        assert!(!self.is_closed.get() && !self.is_ended.get());
        if let Some(kind) = self.fails_with.get() {
            return Poll::Ready(Err(kind.into()));
        }
        let piece = if self.piece.get() == 0 { usize::MAX } else { self.piece.get() };
        let length = bytes.len().min(self.room.get()).min(piece);
        if length == 0 {
            *self.writer.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.room.set(self.room.get() - length);
        self.sent.borrow_mut().extend_from_slice(&bytes[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_ended.set(true);
        Poll::Ready(Ok(()))
    }

    fn poll_goodbye(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        assert!(!self.is_closed.get());
        self.said_goodbye.set(true);
        Poll::Ready(Ok(()))
    }

    fn close(&self) {
        self.is_closed.set(true);
    }
}

#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl Told {
    fn take(&self) -> String {
        self.0.take().join(", ")
    }
}

impl Hook for Told {
    fn pause_writing(&self) {
        self.0.borrow_mut().push("pause".into());
    }

    fn resume_writing(&self) {
        self.0.borrow_mut().push("resume".into());
    }

    fn lost(&self, error: Option<io::Error>) {
        self.0.borrow_mut().push(format!("lost {error:?}"));
    }
}

/// In a run: an outbox over a wire with this much room, and what its hook was told.
fn outbox(room: usize) -> (Rc<Scripted>, Rc<Outbox>, Rc<Told>) {
    let (wire, told) = (Rc::new(Scripted::default()), Rc::new(Told::default()));
    wire.room.set(room);
    let tasks = table::running().expect("a test of this room runs in a loop");
    let outbox = Outbox::new(&tasks, wire.clone(), "outbox", Location::caller());
    let hook: Weak<dyn Hook> = Rc::downgrade(&(told.clone() as Rc<dyn Hook>));
    outbox.set_hook(hook);
    (wire, outbox, told)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    Runner::builder().clock(Clock::Virtual).build().run(test)
}

async fn turns() {
    for _ in 0..4 {
        yield_now().await;
    }
}

#[test]
fn what_the_wire_takes_is_sent_at_once_and_needs_no_sender() {
    run(async {
        let (wire, outbox, _told) = outbox(100);
        wire.piece.set(2);
        outbox.write(b"hello");
        assert_eq!((wire.sent().as_str(), outbox.len()), ("hello", 0));
        assert!(!outbox.is_sending());
    });
}

#[test]
fn what_it_does_not_take_is_sent_on_in_order() {
    run(async {
        let (wire, outbox, _told) = outbox(3);
        outbox.write(b"hello ");
        outbox.write(b"world");
        assert_eq!((wire.sent().as_str(), outbox.len()), ("hel", 8));
        turns().await;
        wire.make_room(2);
        // Not sent ahead of what waits.
        outbox.write(b"!");
        turns().await;
        assert_eq!(wire.sent(), "hello");
        wire.make_room(100);
        poll_fn(|cx| outbox.poll_empty(cx)).await.unwrap();
        assert_eq!(wire.sent(), "hello world!");
        assert!(!outbox.is_sending());
    });
}

#[test]
fn drains_wait_from_the_high_water_mark_to_the_low_one() {
    run(async {
        let (wire, outbox, told) = outbox(0);
        outbox.set_limits(Some(10), Some(4));
        outbox.write(&[b'x'; 10]);
        outbox.drain().await.unwrap();
        outbox.write(b"x");
        assert_eq!(told.take(), "pause");
        let drain = || {
            let outbox = outbox.clone();
            create_task(async move { outbox.drain().await })
        };
        let (first, second, third) = (drain(), drain(), drain());
        turns().await;
        second.cancel();
        wire.make_room(6);
        turns().await;
        assert!(!first.is_done() && second.is_done() && outbox.len() == 5);
        wire.make_room(1);
        first.await.unwrap().unwrap();
        third.await.unwrap().unwrap();
        assert_eq!((told.take().as_str(), outbox.len()), ("resume", 4));
    });
}

#[test]
fn the_marks_follow_one_another_as_in_python() {
    run(async {
        let (_wire, outbox, told) = outbox(0);
        assert_eq!(outbox.limits(), (64 * 1024, 16 * 1024));
        outbox.set_limits(Some(1024), None);
        assert_eq!(outbox.limits(), (1024, 256));
        outbox.set_limits(None, Some(1024));
        assert_eq!(outbox.limits(), (4096, 1024));
        outbox.set_limits(None, None);
        assert_eq!(outbox.limits(), (64 * 1024, 16 * 1024));
        outbox.write(b"x");
        outbox.set_limits(Some(0), None);
        assert_eq!(told.take(), "pause");
    });
}

#[test]
#[should_panic(expected = "the high-water mark (1) must be at or above the low one (2)")]
fn the_low_mark_is_not_above_the_high_one() {
    run(async { outbox(0).1.set_limits(Some(1), Some(2)) });
}

#[test]
fn closing_sends_what_is_there_and_tells_in_a_later_turn() {
    run(async {
        let (wire, outbox, told) = outbox(0);
        outbox.write(b"last words");
        outbox.close();
        outbox.close();
        outbox.write(b"too late");
        assert!(outbox.is_closing());
        turns().await;
        assert!(!outbox.is_lost() && !wire.is_closed.get());
        wire.make_room(100);
        outbox.closed().await.unwrap();
        assert!(outbox.is_lost() && wire.is_closed.get());
        assert_eq!((wire.sent().as_str(), told.take().as_str()), ("last words", "lost None"));
    });
}

#[test]
fn an_idle_one_closes_in_the_next_turn() {
    run(async {
        let (wire, outbox, told) = outbox(0);
        outbox.close();
        assert!(told.take().is_empty() && !wire.is_closed.get());
        yield_now().await;
        assert!(wire.is_closed.get());
        assert_eq!(told.take(), "lost None");
        let error = outbox.drain().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(error.to_string(), "Connection lost");
    });
}

#[test]
fn aborting_drops_what_is_there_and_frees_those_who_drain() {
    run(async {
        let (wire, outbox, told) = outbox(0);
        outbox.set_limits(Some(0), None);
        outbox.write(b"never sent");
        let drains = outbox.clone();
        let drain = create_task(async move { drains.drain().await });
        turns().await;
        outbox.abort();
        outbox.abort();
        assert!(drain.await.unwrap().is_ok());
        assert!(wire.is_closed.get());
        assert_eq!((wire.sent().as_str(), told.take().as_str()), ("", "pause, lost None"));
    });
}

#[test]
fn an_error_is_told_to_all() {
    for is_sent_on in [false, true] {
        run(async {
            let (wire, outbox, told) = outbox(0);
            outbox.set_limits(Some(0), None);
            if is_sent_on {
                outbox.write(b"x");
                turns().await;
                assert_eq!(told.take(), "pause");
            }
            let drains = outbox.clone();
            let drain = create_task(async move { drains.drain().await });
            yield_now().await;
            wire.fail(ErrorKind::BrokenPipe);
            outbox.write(b"x");
            turns().await;
            if is_sent_on {
                assert_eq!(drain.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
            }
            assert_eq!(outbox.closed().await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert_eq!(outbox.drain().await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(told.take().starts_with("lost Some(Custom { kind: BrokenPipe"));
            assert!(wire.is_closed.get() && outbox.len() == 0);
        });
    }
}

#[test]
fn an_end_comes_behind_what_is_there() {
    run(async {
        let (wire, outbox, _told) = outbox(0);
        outbox.write(b"to be sent");
        outbox.write_eof();
        outbox.write_eof();
        turns().await;
        assert!(!wire.is_ended.get());
        wire.make_room(100);
        turns().await;
        assert!(wire.is_ended.get() && !outbox.is_closing());
        assert_eq!(wire.sent(), "to be sent");
    });
}

#[test]
#[should_panic(expected = "Cannot call write() after write_eof()")]
fn nothing_is_written_behind_an_end() {
    run(async {
        let (_wire, outbox, _told) = outbox(0);
        outbox.write_eof();
        outbox.write(b"more");
    });
}

#[test]
fn a_peer_is_told_goodbye_when_all_is_sent_and_not_when_it_is_dropped() {
    for (ends, expected) in [(Outbox::close as fn(&Rc<Outbox>), true), (Outbox::abort, false)] {
        run(async {
            let (wire, outbox, _told) = outbox(0);
            outbox.write(b"before");
            ends(&outbox);
            turns().await;
            assert!(!wire.said_goodbye.get());
            wire.make_room(100);
            outbox.closed().await.unwrap();
            assert_eq!(wire.said_goodbye.get(), expected);
        });
    }
}

#[test]
fn a_hook_may_write_and_close() {
    struct Refills(Weak<Outbox>, Cell<u32>);
    impl Hook for Refills {
        fn pause_writing(&self) {}
        fn resume_writing(&self) {
            let outbox = self.0.upgrade().unwrap();
            match self.1.replace(self.1.get().saturating_sub(1)) {
                0 => outbox.abort(),
                _ => outbox.write(&[b'x'; 10]),
            }
        }
        fn lost(&self, _error: Option<io::Error>) {
            panic!("this is reported, and the wire is closed all the same");
        }
    }
    run(async {
        let (wire, outbox, _told) = outbox(0);
        outbox.set_limits(Some(5), Some(0));
        let hook = Rc::new(Refills(Rc::downgrade(&outbox), Cell::new(100)));
        outbox.set_hook(Rc::downgrade(&(hook.clone() as Rc<dyn Hook>)));
        outbox.write(&[b'x'; 10]);
        wire.make_room(usize::MAX);
        // Others have their turn while it goes on.
        turns().await;
        assert!(hook.1.get() > 0 && !outbox.is_closing());
        outbox.closed().await.unwrap();
        assert_eq!(wire.sent().len(), 1010);
        assert!(wire.is_closed.get());
    });
}

#[test]
fn another_wire_goes_on_where_the_first_one_was_held() {
    run(async {
        let (first, outbox, _told) = outbox(100);
        outbox.write(b"in the clear");
        poll_fn(|cx| outbox.poll_empty(cx)).await.unwrap();
        outbox.hold();
        outbox.write(b"a secret");
        turns().await;
        let second = Rc::new(Scripted::default());
        second.room.set(100);
        outbox.resume_on(second.clone());
        poll_fn(|cx| outbox.poll_empty(cx)).await.unwrap();
        assert_eq!((first.sent().as_str(), second.sent().as_str()), ("in the clear", "a secret"));
    });
}

#[test]
fn a_peer_who_takes_all_at_once_does_not_keep_the_loop() {
    run(async {
        let (wire, outbox, _told) = outbox(100);
        wire.piece.set(1);
        outbox.write(&[b'x'; 100]);
        assert_eq!(outbox.len(), 84);
        poll_fn(|cx| outbox.poll_empty(cx)).await.unwrap();
        assert_eq!(wire.sent().len(), 100);
    });
}

#[test]
fn an_end_that_came_meanwhile_is_the_other_wires() {
    run(async {
        let (first, outbox, _told) = outbox(100);
        outbox.hold();
        outbox.write_eof();
        let second = Rc::new(Scripted::default());
        outbox.resume_on(second.clone());
        turns().await;
        assert_eq!((first.is_ended.get(), second.is_ended.get()), (false, true));
    });
}

#[test]
fn who_polls_for_the_low_water_mark_goes_on_before_all_is_sent() {
    run(async {
        let (wire, outbox, _told) = outbox(0);
        outbox.set_limits(Some(4), Some(2));
        outbox.write(b"12345");
        let waiting = {
            let outbox = outbox.clone();
            create_task(async move { poll_fn(|cx| outbox.poll_drain(cx)).await })
        };
        turns().await;
        wire.make_room(3);
        waiting.await.unwrap().unwrap();
        assert_eq!(outbox.len(), 2);
    });
}

#[test]
fn what_is_kept_goes_when_the_connection_is_over() {
    run(async {
        let (_wire, outbox, _told) = outbox(0);
        let kept = Rc::new(());
        outbox.keep_until_lost(kept.clone());
        outbox.close();
        assert_eq!(Rc::strong_count(&kept), 2);
        outbox.closed().await.unwrap();
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

#[test]
fn on_a_closed_loop_nothing_is_kept() {
    let (wire, outbox, _told) = run(async {
        let parts = outbox(0);
        parts.1.write(b"sent no more");
        parts
    });
    outbox.write(b"x");
    outbox.close();
    assert!(wire.is_closed.get() || !outbox.is_lost());
    drop(outbox);
    assert_eq!(Rc::strong_count(&wire), 1);
}
