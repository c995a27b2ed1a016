//! A waker that is lent to one poll after the other, model-checked: see `PollWaker` in the runtime's
//! `task/waker.rs`. Its steps are written out here with loom's atomics in the place of the count in
//! `std::sync::Arc`, which reads and writes its count with these very orderings.
//!
//! What must hold: whoever has a clone wakes the task that it was made for, though the loop gives the waker
//! to another task as soon as it sees that nobody has one.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

const FIRST_TASK: usize = 1;
const SECOND_TASK: usize = 2;

struct LentWaker {
    key: AtomicUsize,
    /// The clones that others have.
    clones: AtomicUsize,
}

impl LentWaker {
    /// What a thread does with its clone: it wakes, then drops it.
    fn wake(&self) -> usize {
        let woken = self.key.load(Ordering::Relaxed);
        self.clones.fetch_sub(1, Ordering::Release);
        woken
    }

    /// What the loop does after a poll, and before the next one. False: somebody has a clone.
    fn lend_to(&self, key: usize) -> bool {
        if self.clones.load(Ordering::Relaxed) > 0 {
            return false;
        }
        fence(Ordering::Acquire);
        self.key.store(key, Ordering::Relaxed);
        true
    }
}

#[test]
fn a_clone_wakes_the_task_it_was_made_for() {
    loom::model(|| {
        let lent =
            Arc::new(LentWaker { key: AtomicUsize::new(FIRST_TASK), clones: AtomicUsize::new(2) });
        let threads = [(); 2].map(|()| {
            let clone = lent.clone();
            thread::spawn(move || clone.wake())
        });
        let was_lent = lent.lend_to(SECOND_TASK);
        for thread in threads {
            assert_eq!(thread.join().unwrap(), FIRST_TASK);
        }
        assert!(was_lent || lent.lend_to(SECOND_TASK), "nobody has a clone any more");
    });
}
