//! Several futures at once. Mirrors `asyncio.gather`.
//!
//! Each future becomes a child of the task that awaits (see `task::nursery`): it may borrow, and it is
//! a task all the same.

use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::task::nursery::{Children, Verdict};
use crate::task::scope::{End, Scope};
use crate::task::table::{self, Tasks};

/// Runs a list of futures at once and collects their values, in input order.
/// Mirrors `asyncio.gather(*aws)`; for `asyncio.gather(a, b)`, a fixed number of futures of any
/// types, there is [`gather!`](crate::gather!).
///
/// The futures are children of the awaiting task: they start in the next turn, first in, first out,
/// they may borrow what lives outside, and [`all_tasks`](crate::all_tasks) lists them. No future:
/// ready at once. Nothing starts before the first `.await`, where Python starts at the call.
///
/// # Panics
///
/// When awaited outside a task of a running event loop. A panic in one of the futures comes out
/// here at once; the others are dropped.
///
/// # Cancel safety
///
/// Cancelling the awaiting task cancels every child and waits for all of them; the cancellation then
/// comes out of this await. A child that is cancelled by itself cancels the awaiting task here at
/// once, as in Python, and the others are dropped. Dropping the future drops the children. A task's handle
/// among them that was not awaited yet, since the children start in the next turn, lets its task go on.
///
/// ```
/// asyncio::run(async {
///     let words = ["gather", "may", "borrow"];
///     let lengths = asyncio::gather(words.iter().map(async |word| word.len())).await;
///     assert_eq!(lengths, [6, 3, 6]);
/// });
/// ```
#[track_caller]
pub fn gather<I>(futures: I) -> impl Future<Output = Vec<<I::Item as IntoFuture>::Output>>
where
    I: IntoIterator<Item: IntoFuture>,
{
    let members = futures.into_iter().map(|future| Member::new(future.into_future(), |_| false));
    Gather::new(List(members.collect()), Location::caller())
}

/// Runs all futures at once; the first error, in time, comes back at once.
/// Mirrors `asyncio.gather(*aws)` where one of them raises; for a fixed number of futures of
/// different types there is [`try_gather!`](crate::try_gather!).
///
/// After an error the other futures are dropped, since they live in this one. *Tasks* go on running,
/// as in Python: those given here as handles, and those that the dropped futures were waiting for.
///
/// # Errors
///
/// The first error that one of the futures returned.
///
/// # Panics
///
/// As [`gather`](crate::gather()).
///
/// # Cancel safety
///
/// As [`gather`](crate::gather()). An error that comes while the children are being cancelled wins.
///
/// ```
/// asyncio::run(async {
///     let parse = async |text: &str| text.parse::<u8>();
///     assert_eq!(asyncio::try_gather(["1", "2"].map(parse)).await, Ok(vec![1, 2]));
///     assert!(asyncio::try_gather(["1", "two"].map(parse)).await.is_err());
/// });
/// ```
#[track_caller]
pub fn try_gather<I, T, E>(futures: I) -> impl Future<Output = Result<Vec<T>, E>>
where
    I: IntoIterator<Item: IntoFuture<Output = Result<T, E>>>,
{
    let members =
        futures.into_iter().map(|future| Member::new(future.into_future(), Result::is_err));
    Gather::new(TryList(members.collect()), Location::caller())
}

/// Runs futures of different types at once: `gather!(a, b, c).await` is the tuple of their values,
/// in input order. Mirrors `asyncio.gather(a, b, c)`.
///
/// Takes up to 16 futures; [`gather`](crate::gather()) takes a list of any length and has the rules
/// on starting, panics and cancellation, which are the same.
///
/// ```
/// use std::time::Duration;
///
/// async fn say_after(seconds: u64, what: &str) -> &str {
///     asyncio::sleep(Duration::from_secs(seconds)).await;
///     what
/// }
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let (hello, answer) = asyncio::gather!(say_after(1, "hello"), async { 42 }).await;
/// assert_eq!((hello, answer), ("hello", 42));
/// # });
/// ```
#[macro_export]
macro_rules! gather {
    ($($future:expr),* $(,)?) => {
        $crate::__private::gather_tuple(($(::core::future::IntoFuture::into_future($future),)*))
    };
}

/// Runs fallible futures of different types at once: `try_gather!(a, b).await` is `Ok` of the tuple
/// of their values, or the first error in time. Mirrors `asyncio.gather(a, b)` where one raises.
///
/// Takes up to 16 futures, all with one error type (`map_err` the others first);
/// [`try_gather`](crate::try_gather()) takes a list and
/// has the rules, which are the same.
///
/// # Errors
///
/// The first error that one of the futures returned.
///
/// ```
/// # asyncio::run(async {
/// let ok = async { Ok::<_, String>(1) };
/// let err = async { Err::<u8, _>("no".to_owned()) };
/// assert_eq!(asyncio::try_gather!(ok, err).await, Err("no".to_owned()));
/// # });
/// ```
#[macro_export]
macro_rules! try_gather {
    ($($future:expr),* $(,)?) => {
        $crate::__private::try_gather_tuple(($(::core::future::IntoFuture::into_future($future),)*))
    };
}

#[track_caller]
#[doc(hidden)]
pub fn gather_tuple<T: Tuple>(futures: T) -> impl Future<Output = T::Values> {
    futures.gather(Location::caller())
}

#[track_caller]
#[doc(hidden)]
pub fn try_gather_tuple<T: TryTuple>(
    futures: T,
) -> impl Future<Output = Result<T::Values, T::Error>> {
    futures.try_gather(Location::caller())
}

/// One future of a gather, then its value.
struct Member<F: Future> {
    future: Option<Pin<Box<F>>>,
    value: Option<F::Output>,
    /// Whether this value ends the whole.
    stops: fn(&F::Output) -> bool,
}

impl<F: Future> Member<F> {
    fn new(future: F, stops: fn(&F::Output) -> bool) -> Self {
        Self { future: Some(Box::pin(future)), value: None, stops }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Verdict> {
        let future = self.future.as_mut().expect("a gather was polled again after it ended");
        future.as_mut().poll(cx).map(|value| {
            let verdict = if (self.stops)(&value) { Verdict::Stop } else { Verdict::GoOn };
            self.value = Some(value);
            verdict
        })
    }

    fn take(&mut self) -> F::Output {
        self.value.take().expect("a gather was polled again after it ended")
    }
}

/// The futures of a gather: a list or a tuple.
trait Members: Children {
    type Output;
    fn count(&self) -> usize;
    /// The values; or what came from the child that stopped the whole.
    fn finish(&mut self, stopped_by: Option<usize>) -> Self::Output;
}

struct Gather<M> {
    // Before the members: the children leave the table, then their futures are dropped.
    scope: Option<Scope>,
    members: M,
    awaited_at: &'static Location<'static>,
}

impl<M> Gather<M> {
    fn new(members: M, awaited_at: &'static Location<'static>) -> Self {
        Self { scope: None, members, awaited_at }
    }
}

// The members' futures are boxed, so moving a gather moves none of them.
impl<M> Unpin for Gather<M> {}

impl<M: Members> Future for Gather<M> {
    type Output = M::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<M::Output> {
        let this = self.get_mut();
        let count = this.members.count();
        if count == 0 {
            return Poll::Ready(this.members.finish(None));
        }
        let (tasks, parent) = table::running_task("gather");
        let scope = this
            .scope
            .get_or_insert_with(|| Scope::new(&tasks, &parent, count, this.awaited_at, cx));
        match ready!(scope.poll(&parent, cx, &mut this.members)) {
            End::Finished => Poll::Ready(this.members.finish(None)),
            End::Stopped(by) => {
                let output = this.members.finish(Some(by));
                this.scope = None;
                release(&tasks, &mut this.members);
                Poll::Ready(output)
            }
            End::Cancelled(cancelled) => scope.raise(cancelled),
            End::Panicked(payload) => resume_unwind(payload),
        }
    }
}

/// Drops the futures that are left; the tasks they were waiting for go on.
fn release(tasks: &Rc<Tasks>, members: &mut impl Members) {
    tasks.core.releasing.set(true);
    for index in 0..members.count() {
        tasks.core.contain(&"a future in try_gather", || members.clear(index));
    }
    tasks.core.releasing.set(false);
}

struct List<F: Future>(Vec<Member<F>>);

struct TryList<F: Future>(Vec<Member<F>>);

macro_rules! list_children {
    ($list:ident) => {
        impl<F: Future> Children for $list<F> {
            fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Verdict> {
                self.0[index].poll(cx)
            }

            fn clear(&mut self, index: usize) {
                self.0[index].future = None;
            }
        }
    };
}

list_children!(List);
list_children!(TryList);

impl<F: Future> Members for List<F> {
    type Output = Vec<F::Output>;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self, _: Option<usize>) -> Self::Output {
        self.0.iter_mut().map(Member::take).collect()
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Members for TryList<F> {
    type Output = Result<Vec<T>, E>;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self, stopped_by: Option<usize>) -> Self::Output {
        if let Some(index) = stopped_by {
            self.0[index].take()?;
        }
        self.0.iter_mut().map(Member::take).collect()
    }
}

/// What [`gather!`](crate::gather!) takes.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`gather!` takes up to 16 futures",
    note = "for more, or for a number known at run time: `asyncio::gather(list_of_futures)`"
)]
pub trait Tuple {
    type Values;
    fn gather(self, awaited_at: &'static Location<'static>) -> impl Future<Output = Self::Values>;
}

/// What [`try_gather!`](crate::try_gather!) takes.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`try_gather!` takes up to 16 futures of a `Result`, all with one error type",
    note = "for more, or for a number known at run time: `asyncio::try_gather(list_of_futures)`"
)]
pub trait TryTuple {
    type Values;
    type Error;
    fn try_gather(
        self,
        awaited_at: &'static Location<'static>,
    ) -> impl Future<Output = Result<Self::Values, Self::Error>>;
}

struct AllOf<M>(M);

struct TryAllOf<M>(M);

impl Tuple for () {
    type Values = ();

    async fn gather(self, _: &'static Location<'static>) {}
}

macro_rules! tuple_children {
    ($wrapper:ident: $($F:ident $index:tt)+) => {
        impl<$($F: Future),+> Children for $wrapper<($(Member<$F>,)+)> {
            fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Verdict> {
                match index {
                    $($index => self.0.$index.poll(cx),)+
                    _ => unreachable!("a tuple has as many children as futures"),
                }
            }

            fn clear(&mut self, index: usize) {
                match index {
                    $($index => self.0.$index.future = None,)+
                    _ => unreachable!("a tuple has as many children as futures"),
                }
            }
        }
    };
}

macro_rules! tuples {
    ($(($($F:ident $T:ident $index:tt)+))+) => {$(
        tuple_children!(AllOf: $($F $index)+);
        tuple_children!(TryAllOf: $($F $index)+);

        impl<$($F: Future),+> Members for AllOf<($(Member<$F>,)+)> {
            type Output = ($($F::Output,)+);

            fn count(&self) -> usize {
                [$($index),+].len()
            }

            fn finish(&mut self, _: Option<usize>) -> Self::Output {
                ($(self.0.$index.take(),)+)
            }
        }

        impl<Error, $($F: Future<Output = Result<$T, Error>>, $T),+> Members
            for TryAllOf<($(Member<$F>,)+)>
        {
            type Output = Result<($($T,)+), Error>;

            fn count(&self) -> usize {
                [$($index),+].len()
            }

            fn finish(&mut self, stopped_by: Option<usize>) -> Self::Output {
                match stopped_by {
                    $(Some($index) => { self.0.$index.take()?; })+
                    _ => {}
                }
                Ok(($(self.0.$index.take()?,)+))
            }
        }

        impl<$($F: Future),+> Tuple for ($($F,)+) {
            type Values = ($($F::Output,)+);

            fn gather(
                self,
                awaited_at: &'static Location<'static>,
            ) -> impl Future<Output = Self::Values> {
                Gather::new(AllOf(($(Member::new(self.$index, |_| false),)+)), awaited_at)
            }
        }

        impl<Error, $($F: Future<Output = Result<$T, Error>>, $T),+> TryTuple for ($($F,)+) {
            type Values = ($($T,)+);
            type Error = Error;

            fn try_gather(
                self,
                awaited_at: &'static Location<'static>,
            ) -> impl Future<Output = Result<Self::Values, Error>> {
                let members = ($(Member::new(self.$index, Result::is_err),)+);
                Gather::new(TryAllOf(members), awaited_at)
            }
        }
    )+};
}

tuples! {
    (F0 T0 0)
    (F0 T0 0 F1 T1 1)
    (F0 T0 0 F1 T1 1 F2 T2 2)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10 F11 T11 11)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10 F11 T11 11 F12 T12 12)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10 F11 T11 11 F12 T12 12 F13 T13 13)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10 F11 T11 11 F12 T12 12 F13 T13 13 F14 T14 14)
    (F0 T0 0 F1 T1 1 F2 T2 2 F3 T3 3 F4 T4 4 F5 T5 5 F6 T6 6 F7 T7 7 F8 T8 8 F9 T9 9 F10 T10 10 F11 T11 11 F12 T12 12 F13 T13 13 F14 T14 14 F15 T15 15)
}
