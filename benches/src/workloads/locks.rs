//! Locks and semaphores, free and contended.

use std::rc::Rc;

use crate::runtimes::Locks;

/// How many tasks want what one, or `PERMITS`, may have.
const TASKS: u64 = 100;
const PERMITS: usize = 10;

/// An operation is a lock taken and given back by the only one who wants it.
pub(super) fn lock_free<R: Locks>(n: u64) {
    R::run(async move {
        let lock = R::lock();
        for _ in 0..n {
            drop(R::acquire(&lock).await);
        }
    });
}

/// An operation is a lock taken, held across a yield, and given back, while others wait for it.
pub(super) fn lock_contended<R: Locks>(n: u64) {
    R::run(async move {
        let lock = Rc::new(R::lock());
        let take_turns = |lock: Rc<R::Lock>| async move {
            for _ in 0..n / TASKS {
                let held = R::acquire(&lock).await;
                R::yield_now().await;
                drop(held);
            }
        };
        let tasks: Vec<_> = (0..TASKS).map(|_| R::spawn(take_turns(lock.clone()))).collect();
        for task in tasks {
            task.await;
        }
    });
}

/// An operation is a permit taken and given back while there are plenty.
pub(super) fn semaphore_free<R: Locks>(n: u64) {
    R::run(async move {
        let semaphore = R::semaphore(PERMITS);
        for _ in 0..n {
            drop(R::permit(&semaphore).await);
        }
    });
}

/// An operation is a permit taken, held across a yield, and given back, while others wait for one.
pub(super) fn semaphore_contended<R: Locks>(n: u64) {
    R::run(async move {
        let semaphore = Rc::new(R::semaphore(PERMITS));
        let take_turns = |semaphore: Rc<R::Semaphore>| async move {
            for _ in 0..n / TASKS {
                let held = R::permit(&semaphore).await;
                R::yield_now().await;
                drop(held);
            }
        };
        let tasks: Vec<_> = (0..TASKS).map(|_| R::spawn(take_turns(semaphore.clone()))).collect();
        for task in tasks {
            task.await;
        }
    });
}
