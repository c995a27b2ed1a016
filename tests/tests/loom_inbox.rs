//! The inbox, model-checked: loom runs each of these programs under every interleaving of its
//! threads and every value that a relaxed read may give, within the bound named at [`check`].
//!
//! The runtime's own file is included as it is; `mod sync` puts loom's atomics and mutex in the place
//! of the standard library's. What the loop does between turns is written out here in the order in
//! which `driver` and `core` do it: leave the wait, collect, act, park, wait.
//!
//! loom finds a lost wake as a deadlock; a wake that shows old data too, since the loop then waits
//! for ever.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::{Wake, Waker};

use inbox::{Inbox, Postmark};
use loom::sync::Condvar;
use loom::sync::atomic::AtomicUsize;
use loom::thread::{self, JoinHandle};
use sync::{Mutex, Ordering};

#[path = "../../runtime/src/event_loop/inbox.rs"]
mod inbox;

/// What the included file takes its atomics from.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
}

/// Runs a model. A thread is preempted three times at most: without a bound, three threads take
/// minutes.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// The wait of `block_on`, and the waker that ends it.
struct Bell {
    rings: Mutex<usize>,
    rung: Condvar,
}

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Self { rings: Mutex::new(0), rung: Condvar::new() })
    }

    /// Waits until the bell has rung since the last wait; says how often.
    fn wait(&self) -> usize {
        let mut rings = self.rings.lock().unwrap();
        while *rings == 0 {
            rings = self.rung.wait(rings).unwrap();
        }
        std::mem::take(&mut *rings)
    }

    fn rings(&self) -> usize {
        *self.rings.lock().unwrap()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rings.lock().unwrap() += 1;
        self.rung.notify_one();
    }
}

/// The loop's side: turns until `is_over`, parking in between. Returns how often the bell rang in
/// each wait.
fn turns<L>(
    inbox: &Inbox<L>,
    bell: &Arc<Bell>,
    mut open: impl FnMut(L),
    is_over: impl Fn() -> bool,
) -> Vec<usize> {
    let waker = Waker::from(bell.clone());
    let mut rings = Vec::new();
    loop {
        inbox.unpark();
        if inbox.has_letters() {
            inbox.collect().into_iter().for_each(&mut open);
        }
        if is_over() {
            return rings;
        }
        if inbox.park(&waker) {
            rings.push(bell.wait());
        }
    }
}

/// Turns until `count` letters have come; gives them, and the rings.
fn collect_all(inbox: &Inbox<u8>, bell: &Arc<Bell>, count: usize) -> (Vec<u8>, Vec<usize>) {
    let letters = RefCell::new(Vec::new());
    let open = |letter| letters.borrow_mut().push(letter);
    let rings = turns(inbox, bell, open, || letters.borrow().len() == count);
    (letters.into_inner(), rings)
}

fn post_from_thread(inbox: &Arc<Inbox<u8>>, letter: u8) -> JoinHandle<Result<(), u8>> {
    let inbox = inbox.clone();
    thread::spawn(move || inbox.post(letter))
}

#[test]
fn a_letter_that_comes_while_the_loop_parks_is_not_missed() {
    check(|| {
        let (inbox, bell) = (Arc::new(Inbox::new()), Bell::new());
        let sender = post_from_thread(&inbox, 1);
        assert_eq!(collect_all(&inbox, &bell, 1).0, [1]);
        sender.join().unwrap().unwrap();
    });
}

#[test]
fn two_senders_both_arrive_and_a_wait_is_ended_once() {
    check(|| {
        let (inbox, bell) = (Arc::new(Inbox::new()), Bell::new());
        let senders = [1, 2].map(|letter| post_from_thread(&inbox, letter));
        let (mut letters, rings) = collect_all(&inbox, &bell, 2);
        for sender in senders {
            sender.join().unwrap().unwrap();
        }

        letters.sort_unstable();
        assert_eq!(letters, [1, 2]);
        assert!(rings.iter().all(|rings| *rings == 1), "rang {rings:?} times");
        assert_eq!(bell.rings(), 0, "rang for a loop that did not wait");
    });
}

#[test]
fn one_senders_letters_come_in_the_order_they_were_posted() {
    check(|| {
        let (inbox, bell) = (Arc::new(Inbox::new()), Bell::new());
        let outbox = inbox.clone();
        let sender = thread::spawn(move || [1, 2].map(|letter| outbox.post(letter).unwrap()));
        assert_eq!(collect_all(&inbox, &bell, 2).0, [1, 2]);
        sender.join().unwrap();
    });
}

/// I/O ends the wait too, at any time, also together with a letter.
#[test]
fn a_letter_that_comes_as_io_ends_the_wait_is_not_missed() {
    check(|| {
        let (inbox, bell) = (Arc::new(Inbox::new()), Bell::new());
        let sender = post_from_thread(&inbox, 1);
        let readiness = bell.clone();
        let io = thread::spawn(move || readiness.wake());
        assert_eq!(collect_all(&inbox, &bell, 1).0, [1]);
        sender.join().unwrap().unwrap();
        io.join().unwrap();
    });
}

/// A task with a waker that is called on other threads: what `TaskWaker` does there.
struct WokenTask {
    inbox: Inbox<()>,
    postmark: Postmark,
    /// What each of the threads writes before it wakes the task; relaxed, so that only the wake
    /// itself can show it to the loop.
    written: [AtomicUsize; 2],
}

impl WokenTask {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inbox: Inbox::new(),
            postmark: Postmark::new(),
            written: [AtomicUsize::new(0), AtomicUsize::new(0)],
        })
    }

    fn write_and_wake(self: &Arc<Self>, index: usize, times: usize) -> JoinHandle<()> {
        let this = self.clone();
        thread::spawn(move || {
            for _ in 0..times {
                this.written[index].fetch_add(1, Ordering::Relaxed);
                if this.postmark.stamp() {
                    this.inbox.post(()).unwrap();
                }
            }
        })
    }

    /// Turns until a poll of the task has seen `wanted`. A letter is opened as `TaskWaker::open` and
    /// the loop do it: the postmark is cleared, then the task is polled.
    fn poll_until(&self, wanted: [usize; 2]) {
        let seen = Cell::new([0; 2]);
        let poll = |()| {
            self.postmark.clear();
            seen.set([0, 1].map(|index| self.written[index].load(Ordering::Relaxed)));
        };
        turns(&self.inbox, &Bell::new(), poll, || seen.get() == wanted);
    }
}

/// In many of the interleavings one thread relies on the other one's letter.
#[test]
fn a_poll_sees_what_every_thread_wrote_before_its_wake() {
    check(|| {
        let task = WokenTask::new();
        let threads = [0, 1].map(|index| task.write_and_wake(index, 1));
        task.poll_until([1, 1]);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_wake_that_comes_while_the_task_is_polled_leads_to_another_poll() {
    check(|| {
        let task = WokenTask::new();
        let thread = task.write_and_wake(0, 3);
        task.poll_until([3, 0]);
        thread.join().unwrap();
    });
}

#[test]
fn a_task_has_at_most_one_letter_on_its_way() {
    check(|| {
        let task = WokenTask::new();
        let threads = [0, 1].map(|index| task.write_and_wake(index, 2));
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(task.inbox.collect().len(), 1);
    });
}

#[test]
fn a_letter_posted_during_close_is_collected_or_given_back() {
    check(|| {
        let inbox = Arc::new(Inbox::new());
        let senders = [1, 2].map(|letter| post_from_thread(&inbox, letter));
        let mut letters = inbox.collect();
        letters.extend(inbox.close());
        letters.extend(senders.into_iter().filter_map(|sender| sender.join().unwrap().err()));

        letters.sort_unstable();
        assert_eq!(letters, [1, 2], "each letter is in one hand");
        assert!(inbox.collect().is_empty(), "a closed inbox stays empty");
    });
}

#[test]
fn a_letter_posted_after_close_comes_back() {
    check(|| {
        let inbox = Arc::new(Inbox::new());
        assert!(inbox.close().is_empty());
        assert_eq!(post_from_thread(&inbox, 1).join().unwrap(), Err(1));
        assert!(inbox.collect().is_empty());
    });
}

/// The sender may have taken the waker, and not called it yet, when the loop goes.
#[test]
fn a_loop_may_go_while_a_sender_holds_its_waker() {
    check(|| {
        let (inbox, bell) = (Arc::new(Inbox::new()), Bell::new());
        assert!(inbox.park(&Waker::from(bell)));
        let sender = post_from_thread(&inbox, 1);
        inbox.unpark();
        let left = inbox.close().len();
        let refused = usize::from(sender.join().unwrap().is_err());
        assert_eq!(left + refused, 1);
    });
}
