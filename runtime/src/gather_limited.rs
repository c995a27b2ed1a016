//! Many futures, a few at a time. Python does this with a semaphore around each of them.

use std::iter::{Fuse, Peekable};
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::task::cell::TaskCell;
use crate::task::nursery::{Children, Verdict};
use crate::task::scope::{End, Scope};
use crate::task::table;

/// Runs a list of futures, `limit` at once at most, and collects their values, in input order.
/// Python: `gather` with an `asyncio.Semaphore(limit)` in each coroutine.
///
/// The next future is taken from the list when another one is done, so a list made lazily can be of any
/// length. For the rest, as [`gather`](crate::gather()): they are children, and may borrow.
///
/// # Panics
///
/// When `limit` is 0. For the rest, as [`gather`](crate::gather()).
///
/// # Cancel safety
///
/// As [`gather`](crate::gather()); after a cancellation no further future is taken from the list.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let started = asyncio::get_running_loop().unwrap().time();
/// let double = async |number: u32| {
///     asyncio::sleep(Duration::from_secs(1)).await;
///     2 * number
/// };
/// assert_eq!(asyncio::gather_limited(2, (1..=4).map(double)).await, [2, 4, 6, 8]);
/// let took = asyncio::get_running_loop().unwrap().time() - started;
/// assert_eq!(took, Duration::from_secs(2));
/// # });
/// ```
#[track_caller]
pub fn gather_limited<I>(
    limit: usize,
    futures: I,
) -> impl Future<Output = Vec<<I::Item as IntoFuture>::Output>>
where
    I: IntoIterator<Item: IntoFuture>,
{
    assert!(limit > 0, "asyncio: gather_limited(0, …) would never end: allow 1 or more at once");
    GatherLimited {
        scope: None,
        running: Running { members: Vec::new(), values: Vec::new() },
        rest: futures.into_iter().fuse().peekable(),
        limit,
        awaited_at: Location::caller(),
    }
}

struct GatherLimited<I: Iterator<Item: IntoFuture>> {
    // Before the members: the children leave the table, then their futures are dropped.
    scope: Option<Scope>,
    running: Running<<I::Item as IntoFuture>::IntoFuture>,
    rest: Peekable<Fuse<I>>,
    limit: usize,
    awaited_at: &'static Location<'static>,
}

// The futures are boxed, so moving this moves none of them.
impl<I: Iterator<Item: IntoFuture>> Unpin for GatherLimited<I> {}

/// The futures that run, by the index of their child, and the values by input order.
struct Running<F: Future> {
    members: Vec<Option<Member<F>>>,
    values: Vec<Option<F::Output>>,
}

struct Member<F> {
    future: Pin<Box<F>>,
    position: usize,
}

impl<F: Future> Running<F> {
    fn put(&mut self, index: usize, future: F) {
        if self.members.len() <= index {
            self.members.resize_with(index + 1, || None);
        }
        let position = self.values.len();
        self.members[index] = Some(Member { future: Box::pin(future), position });
        self.values.push(None);
    }

    fn take_values(&mut self) -> Vec<F::Output> {
        self.values.drain(..).flatten().collect()
    }
}

impl<F: Future> Children for Running<F> {
    fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Verdict> {
        let member = self.members[index].as_mut().expect("a child that is not done has its future");
        member.future.as_mut().poll(cx).map(|value| {
            self.values[member.position] = Some(value);
            Verdict::GoOn
        })
    }

    fn clear(&mut self, index: usize) {
        self.members[index] = None;
    }
}

impl<I: Iterator<Item: IntoFuture>> GatherLimited<I> {
    /// Polls the children, and starts others in the place of those that are done.
    fn poll_scope(
        &mut self,
        scope: &mut Scope,
        parent: &Rc<TaskCell>,
        cx: &mut Context<'_>,
    ) -> Poll<End> {
        loop {
            while scope.has_room(self.limit)
                && let Some(next) = self.rest.next()
            {
                self.running.put(scope.admit(self.awaited_at), next.into_future());
            }
            let polled = scope.poll(parent, cx, &mut self.running);
            let goes_on = matches!(polled, Poll::Pending | Poll::Ready(End::Finished));
            if !goes_on || !scope.has_room(self.limit) || self.rest.peek().is_none() {
                return polled;
            }
        }
    }
}

impl<I: Iterator<Item: IntoFuture>> Future for GatherLimited<I> {
    type Output = Vec<<I::Item as IntoFuture>::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (tasks, parent) = table::running_task("gather_limited");
        let mut scope = (this.scope.take())
            .unwrap_or_else(|| Scope::new(&tasks, &parent, 0, this.awaited_at, cx));
        let polled = this.poll_scope(&mut scope, &parent, cx);
        let scope = this.scope.insert(scope);
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(End::Finished | End::Stopped(_)) => Poll::Ready(this.running.take_values()),
            Poll::Ready(End::Cancelled(cancelled)) => scope.raise(cancelled),
            Poll::Ready(End::Panicked(payload)) => resume_unwind(payload),
        }
    }
}
