//! A task's future and its value, with their types forgotten: the table holds tasks of all types.
//!
//! A ground room of the tasks. What must hold: a value is dropped on the loop's thread; nothing in here
//! is `Send`.

use std::any::Any;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::exceptions::{Panicked, TaskError};

/// Where a task's outcome waits for its handle.
pub(crate) type Output<T> = RefCell<Option<Result<T, TaskError>>>;

/// An [`Output`] whose type is forgotten; `()` for children, whose parents keep the outputs.
pub(crate) trait AnyOutput: Any {
    fn set_error(&self, error: TaskError);
    /// Drops what is in here.
    fn clear(&self);
    /// Takes out a panic that nobody has looked at.
    fn take_panic(&self) -> Option<Panicked>;
}

impl<T: 'static> AnyOutput for Output<T> {
    fn set_error(&self, error: TaskError) {
        drop(self.replace(Some(Err(error))));
    }

    fn clear(&self) {
        drop(self.take());
    }

    fn take_panic(&self) -> Option<Panicked> {
        match self.take() {
            Some(Err(TaskError::Panicked(panicked))) => Some(panicked),
            other => {
                self.replace(other);
                None
            }
        }
    }
}

impl AnyOutput for () {
    fn set_error(&self, _: TaskError) {}

    fn clear(&self) {}

    fn take_panic(&self) -> Option<Panicked> {
        None
    }
}

/// A task's own future, with its type forgotten.
pub(crate) trait OwnedFuture {
    /// Polls the future; its value goes into `output`, which is an `Output` of its type.
    fn poll_into(self: Pin<&mut Self>, cx: &mut Context<'_>, output: &dyn AnyOutput) -> Poll<()>;
}

impl<F: Future<Output: 'static>> OwnedFuture for F {
    fn poll_into(self: Pin<&mut Self>, cx: &mut Context<'_>, output: &dyn AnyOutput) -> Poll<()> {
        self.poll(cx).map(|value| {
            let output: &dyn Any = output;
            let output = output
                .downcast_ref::<Output<F::Output>>()
                .expect("a task's output has the type of its future's");
            output.replace(Some(Ok(value)));
        })
    }
}
