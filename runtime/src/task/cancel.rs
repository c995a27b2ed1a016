//! Catching a cancellation, and cleaning up whatever happens. Mirrors `except CancelledError` and
//! `finally` around an await.
//!
//! Stands on the points of a task (see `points`).

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll};

use super::cancel_point::CancelPoint;
use super::points::Kind;
use super::table;
use crate::exceptions::{Cancelled, Payload};

/// Awaits `future`; if the task is cancelled meanwhile, drops it and returns `Err(Cancelled)`.
/// Mirrors `try: await … except CancelledError`.
///
/// The code after it goes on, and may await. It can clean up and pass the cancellation on with
/// [`Cancelled::raise`], or return a value, in which case the task counts as not cancelled. A
/// cancellation is caught once, by the innermost `catch_cancel` that the task is suspended in. What a
/// task catches must end soon: [`run`](crate::run) waits for the tasks that it cancels.
///
/// # Errors
///
/// [`Cancelled`], with the message given, when the task is cancelled while `future` is pending.
///
/// # Cancel safety
///
/// `future` is dropped where it is suspended; dropping `catch_cancel` itself does the same.
///
/// ```
/// asyncio::run(async {
///     let task = asyncio::create_task(async {
///         match asyncio::catch_cancel(std::future::pending::<()>()).await {
///             Ok(()) => unreachable!(),
///             Err(cancelled) => format!("goodbye ({cancelled})"),
///         }
///     });
///     asyncio::yield_now().await;
///     task.cancel_with("closing time");
///     assert_eq!(task.await.unwrap(), "goodbye (cancelled: closing time)");
/// });
/// ```
pub async fn catch_cancel<F: IntoFuture>(future: F) -> Result<F::Output, Cancelled> {
    let mut future = pin!(future.into_future());
    let mut point = None;
    poll_fn(|cx| {
        if let Some(cancelled) = take_signal(&mut point, Kind::Catch, cx) {
            return Poll::Ready(Err(cancelled));
        }
        enclose(point.as_ref(), || future.as_mut().poll(cx)).map(Ok)
    })
    .await
}

/// Awaits `body`, then `cleanup`, whatever happens to the body: a value, a panic or a cancellation.
/// Mirrors `try: … finally: await …`.
///
/// The cleanup runs to its end. A cancellation that comes while it runs is kept until then, where
/// Python's would interrupt it: put a timeout into a cleanup that might hang. After the cleanup the
/// body's value is returned, its panic goes on, or the cancellation does.
///
/// # Panics
///
/// With what the body panicked with, after the cleanup.
///
/// # Cancel safety
///
/// Cancelling the *task* runs the cleanup. *Dropping* this future can't: nobody is left to poll it.
///
/// ```
/// use std::cell::Cell;
///
/// asyncio::run(async {
///     let closed = std::rc::Rc::new(Cell::new(false));
///     let seen = closed.clone();
///     let task = asyncio::create_task(asyncio::with_cleanup(
///         std::future::pending::<()>(),
///         async move {
///             asyncio::yield_now().await;
///             closed.set(true);
///         },
///     ));
///     asyncio::yield_now().await;
///     task.cancel();
///     assert!(task.await.unwrap_err().is_cancelled());
///     assert!(seen.get());
/// });
/// ```
pub async fn with_cleanup<T>(
    body: impl IntoFuture<Output = T>,
    cleanup: impl IntoFuture<Output = ()>,
) -> T {
    // In this order, since the body's destructor may panic where the cancellation drops it.
    let outcome = catch_panic(catch_cancel(body)).await;
    let kept = hold(cleanup).await;
    let cancelled = match (outcome, kept) {
        (Err(payload), _) => resume_unwind(payload),
        (Ok(Ok(value)), None) => return value,
        (Ok(Err(cancelled)), _) | (_, Some(cancelled)) => cancelled,
    };
    cancelled.raise().await
}

impl Cancelled {
    /// Passes a caught cancellation on: the next [`catch_cancel`] around this await gets it, or the
    /// task ends as cancelled. Mirrors `raise` in `except CancelledError`. It never returns.
    ///
    /// # Panics
    ///
    /// When awaited outside a task of a running event loop.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {
    ///         if let Err(cancelled) = asyncio::catch_cancel(std::future::pending::<()>()).await {
    ///             asyncio::yield_now().await; // clean up
    ///             cancelled.raise().await;
    ///         }
    ///     });
    ///     asyncio::yield_now().await;
    ///     task.cancel();
    ///     assert!(task.await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub async fn raise(self) -> ! {
        let mut cancelled = Some(self);
        poll_fn(|_| {
            if let Some(cancelled) = cancelled.take() {
                let (_, task) = table::running_task("Cancelled::raise");
                task.with_points(|points| points.raise_here(cancelled));
            }
            Poll::Pending
        })
        .await
    }
}

/// Awaits `future` to its end, and gives back the cancellation that came meanwhile.
async fn hold(future: impl IntoFuture<Output = ()>) -> Option<Cancelled> {
    let mut future = pin!(future.into_future());
    let mut point = None;
    let mut kept = None;
    poll_fn(|cx| {
        if let Some(cancelled) = take_signal(&mut point, Kind::Hold, cx) {
            kept = Some(cancelled);
        }
        enclose(point.as_ref(), || future.as_mut().poll(cx))
    })
    .await;
    kept
}

/// Awaits `future`; a panic in it is a value.
pub(crate) async fn catch_panic<F: IntoFuture>(future: F) -> Result<F::Output, Payload> {
    let mut future = pin!(future.into_future());
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    })
    .await
}

/// Keeps `point` in the task that polls now, and takes the cancellation given to it. Outside a task
/// nothing can be cancelled.
pub(crate) fn take_signal(
    point: &mut Option<CancelPoint>,
    kind: Kind,
    cx: &Context<'_>,
) -> Option<Cancelled> {
    if point.as_ref().is_some_and(|point| point.is_quiet(cx)) {
        return None;
    }
    let taken = table::with_current(cx, |task, is_own| match point {
        Some(point) if point.is_of(task) => point.take_signal(cx),
        _ => {
            *point = Some(CancelPoint::made_in_poll(task, kind, is_own, cx));
            None
        }
    });
    taken.flatten()
}

fn enclose<R>(point: Option<&CancelPoint>, poll: impl FnOnce() -> R) -> R {
    match point {
        Some(point) => point.enclose(poll),
        None => poll(),
    }
}
