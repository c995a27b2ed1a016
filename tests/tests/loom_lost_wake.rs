//! The lost wake: an inbox whose loop looks for letters before it parks, and not again as it parks. loom
//! finds the order of steps in which the loop waits for ever; with the second look there is none.
//!
//! The book shows this file and `loom_lost_wake.txt`: the steps of that run, and what loom says to it.
//! `UPDATE_EXPECT=1 cargo test -p asyncio-tests --test loom_lost_wake` writes the text anew.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use expect_test::expect_file;
use loom::sync::{Condvar, Mutex};
use loom::thread;

/// An inbox for one letter, and the wait of the loop that owns it.
#[derive(Default)]
struct Inbox {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    has_letter: bool,
    is_parked: bool,
}

impl Inbox {
    fn has_letter(&self) -> bool {
        let has_letter = self.state.lock().unwrap().has_letter;
        note(if has_letter { "loop: finds the letter" } else { "loop: finds no letter" });
        has_letter
    }

    fn park(&self, looks_again: bool) {
        let mut state = self.state.lock().unwrap();
        if looks_again && state.has_letter {
            return;
        }
        note("loop: parks");
        state.is_parked = true;
        while state.is_parked {
            state = self.bell.wait(state).unwrap();
        }
    }

    fn post(&self) {
        let mut state = self.state.lock().unwrap();
        state.has_letter = true;
        note("sender: posts the letter");
        // A bell is rung for a loop that waits. Every ring costs system calls.
        if std::mem::take(&mut state.is_parked) {
            note("sender: rings");
            self.bell.notify_one();
        }
    }
}

/// The model: a sender posts one letter, the loop waits until it is there.
fn one_letter(looks_again: bool) {
    JOURNAL.take();
    let inbox = Arc::new(Inbox::default());
    let outbox = inbox.clone();
    let sender = thread::spawn(move || outbox.post());
    while !inbox.has_letter() {
        inbox.park(looks_again);
    }
    sender.join().unwrap();
}

thread_local! {
    /// The steps of one run. loom's threads take turns on one thread of the machine's.
    static JOURNAL: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn note(step: &'static str) {
    JOURNAL.with_borrow_mut(|journal| journal.push(step));
}

/// Runs the model in every order of its steps. The first run that fails, and how.
fn failure(looks_again: bool) -> Option<String> {
    let model = move || one_letter(looks_again);
    let payload = panic::catch_unwind(AssertUnwindSafe(|| loom::model(model))).err()?;
    let message = payload.downcast_ref::<String>().expect("loom says what is wrong");
    Some(format!("{}\n{message}\n", JOURNAL.take().join("\n")))
}

#[test]
fn a_loop_that_looks_only_before_it_parks_can_miss_a_wake() {
    let failure = failure(false).expect("loom finds the lost wake");
    expect_file!["loom_lost_wake.txt"].assert_eq(&failure);
}

#[test]
fn a_loop_that_looks_again_as_it_parks_misses_none() {
    assert_eq!(failure(true), None);
}
