//! What other threads hand to the loop: the only state that more than one thread touches.
//!
//! A ground room. Wakers that fire on another thread and `LoopHandle` put letters in; the driver
//! collects them between turns and, before it parks, leaves the waker that ends the wait. Mirrors
//! the self-pipe of `selector_events`.
//!
//! What must hold, in every interleaving of threads (`tests/tests/loom_inbox.rs` includes this very
//! file and has loom try them all, which is why the atomics come from `crate::sync`):
//! - A letter posted is collected, or comes back to the sender because the inbox is closed.
//! - No wake is lost: whoever posts after the driver looked and before it parked finds the waker,
//!   since looking again and leaving the waker are one step under the lock.
//! - The parked loop is woken once, however many letters come.
//! - A sender has at most one letter on the way ([`Postmark`]), so wakes can't pile up.

use std::task::Waker;

use crate::sync::{AtomicBool, Mutex, Ordering};

/// The letters on their way to a loop.
pub(crate) struct Inbox<L> {
    /// Lets the loop look without taking the lock. Written under the lock.
    has_letters: AtomicBool,
    state: Mutex<State<L>>,
}

struct State<L> {
    letters: Vec<L>,
    /// Ends the loop's wait; there only while the loop is parked.
    parked: Option<Waker>,
    closed: bool,
}

impl<L> Inbox<L> {
    pub(crate) fn new() -> Self {
        Self {
            has_letters: AtomicBool::new(false),
            state: Mutex::new(State { letters: Vec::new(), parked: None, closed: false }),
        }
    }

    /// Posts a letter, and wakes the loop if it is parked. Any thread may call this.
    ///
    /// # Errors
    ///
    /// Gives the letter back if the inbox is closed.
    pub(crate) fn post(&self, letter: L) -> Result<(), L> {
        let parked = {
            let mut state = self.lock();
            if state.closed {
                return Err(letter);
            }
            state.letters.push(letter);
            self.has_letters.store(true, Ordering::Release);
            state.parked.take()
        };
        // Outside the lock: the waker is foreign code.
        if let Some(waker) = parked {
            waker.wake();
        }
        Ok(())
    }

    /// A look without the lock, for the loop to take between turns.
    pub(crate) fn has_letters(&self) -> bool {
        self.has_letters.load(Ordering::Acquire)
    }

    /// Takes all letters out, in the order they were posted.
    pub(crate) fn collect(&self) -> Vec<L> {
        let mut state = self.lock();
        self.has_letters.store(false, Ordering::Relaxed);
        std::mem::take(&mut state.letters)
    }

    /// Leaves `waker` for the next sender. False: there are letters, don't wait.
    pub(crate) fn park(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        // The re-check that makes parking safe: a letter may have come since the last `collect`.
        if !state.letters.is_empty() {
            return false;
        }
        state.parked = Some(waker.clone());
        true
    }

    /// The wait is over, whoever ended it: nobody needs to wake the loop now.
    pub(crate) fn unpark(&self) {
        let parked = self.lock().parked.take();
        drop(parked);
    }

    /// Takes no letter from now on, and gives back those that were never collected.
    pub(crate) fn close(&self) -> Vec<L> {
        let mut state = self.lock();
        state.closed = true;
        state.parked = None;
        self.has_letters.store(false, Ordering::Relaxed);
        std::mem::take(&mut state.letters)
    }

    fn lock(&self) -> crate::sync::MutexGuard<'_, State<L>> {
        // No code of others runs under the lock, so a poisoned one is whole all the same.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Whether a sender has a letter on its way.
pub(crate) struct Postmark {
    posted: AtomicBool,
}

impl Postmark {
    pub(crate) fn new() -> Self {
        Self { posted: AtomicBool::new(false) }
    }

    /// True for the one who is to post the letter. Whoever gets false can rely on the letter that is
    /// on its way: the loop sees all that was written before this call when it opens that letter.
    pub(crate) fn stamp(&self) -> bool {
        !self.posted.swap(true, Ordering::AcqRel)
    }

    /// The loop has opened the letter; the next wake is a new one. To be called before the loop acts
    /// on the letter, or a wake that comes in between would be lost.
    pub(crate) fn clear(&self) {
        // A swap, not a store: it takes over what those wrote who got false from `stamp`.
        self.posted.swap(false, Ordering::AcqRel);
    }
}
