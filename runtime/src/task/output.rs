//! A task's future, and then its value, in one allocation and with their types forgotten: the table holds
//! tasks of all types.
//!
//! A ground room of the tasks. What must hold: a value is dropped on the loop's thread; nothing in here
//! is `Send`.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// A task's own future, with its type forgotten.
pub(crate) trait OwnedFuture {
    /// Polls the future; its value stays in here.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// The future is of no more use.
    fn drop_future(self: Pin<&mut Self>);
    /// The value: an `Option` of the future's type.
    fn value(self: Pin<&mut Self>) -> &mut dyn Any;
}

/// Puts a future where a task has it.
pub(crate) fn owned<F: Future<Output: 'static> + 'static>(future: F) -> Pin<Box<dyn OwnedFuture>> {
    Box::pin(WithValue { future: Some(future), value: None })
}

pin_project! {
    struct WithValue<F: Future> {
        #[pin]
        future: Option<F>,
        value: Option<F::Output>,
    }
}

impl<F: Future<Output: 'static>> OwnedFuture for WithValue<F> {
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        future.poll(cx).map(|value| *this.value = Some(value))
    }

    fn drop_future(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }

    fn value(self: Pin<&mut Self>) -> &mut dyn Any {
        self.project().value
    }
}
