//! `test_locks.py`, class by class.

mod barrier;
mod condition;
mod event;
mod lock;
mod semaphore;

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

use asyncio::{Task, yield_now};

/// What tasks note; a clone notes on the same list.
#[derive(Clone)]
struct Notes<T>(Rc<RefCell<Vec<T>>>);

impl<T: Clone + Debug + PartialEq> Notes<T> {
    fn new() -> Self {
        Self(Rc::default())
    }

    fn note(&self, value: T) {
        self.0.borrow_mut().push(value);
    }

    #[track_caller]
    fn assert(&self, expected: &[T]) {
        assert_eq!(*self.0.borrow(), expected);
    }
}

/// Cancels the task, and waits until it is cancelled.
async fn cancel<T: 'static>(task: Task<T>) {
    task.cancel();
    yield_now().await;
    assert!(task.is_cancelled());
}
