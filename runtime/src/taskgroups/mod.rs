//! Structured concurrency: tasks that end before the block that made them. Mirrors
//! `asyncio.taskgroups`.
//!
//! The children live in the scope's own future (see `task::nursery`), which is why they may borrow; the
//! body is a block of the task around it (see `task::block`), which is why it can be cancelled by
//! itself.
//!
//! What must hold: when `scope` is over, no child is left; a child is told once that the group ends,
//! however many hear of it (`a_child_that_the_body_awaits_is_told_once`).

mod shared;

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::panic::{Location, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use shared::{Closing, End, Shared, Stage};

use crate::exception_group::ExceptionGroup;
use crate::exceptions::{Cancelled, TaskError};
use crate::task::TaskRef;
use crate::task::cancel::catch_panic;
use crate::task::join::Join;

/// A group of tasks that end together. Mirrors `asyncio.TaskGroup`.
///
/// [`scope`](TaskGroup::scope) gives it to its body; a clone is another handle to the same group, for
/// children that make children.
///
/// ```
/// use asyncio::TaskGroup;
///
/// async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// asyncio::run(async {
///     let words = ["1".to_owned(), "20".to_owned()];
///     let sum = TaskGroup::scope(async |group| {
///         let one = group.create_task(parse(&words[0])); // Children may borrow.
///         let twenty = group.create_task(parse(&words[1]));
///         Ok(one.await.unwrap() + twenty.await.unwrap())
///     });
///     assert_eq!(sum.await.unwrap(), Some(21));
/// });
/// ```
///
/// Where nothing in the group returns a `Result`, the compiler says `type annotations needed`: it doesn't
/// know the type of the errors. `Infallible` says that there are none:
///
/// ```
/// use std::convert::Infallible;
///
/// async fn say(what: &str) {
///     println!("{what}");
/// }
///
/// asyncio::run(async {
///     let ended = asyncio::TaskGroup::<Infallible>::scope(async |group| {
///         group.create_task(say("hello"));
///         group.create_task(say("world"));
///     });
///     ended.await.unwrap();
/// });
/// ```
pub struct TaskGroup<'env, E = Infallible> {
    shared: Rc<Shared<'env, E>>,
}

/// What a child or the body of a [`TaskGroup`] returns: a `Result`, or nothing, or never.
///
/// ```
/// asyncio::run(async {
///     let ended = asyncio::TaskGroup::scope(async |group| {
///         group.create_task(async {}); // nothing
///         group.create_task(async { Ok::<_, std::fmt::Error>(1) }); // a `Result`
///     });
///     ended.await.unwrap();
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "a child and the body of a `TaskGroup` return `()` or a `Result`, not `{Self}`",
    note = "to return a value, put it into `Ok(…)`"
)]
pub trait Outcome<E> {
    /// What a child's handle gives.
    type Value;

    /// The value, or the error that ends the group.
    ///
    /// # Errors
    ///
    /// What the child or the body returned as one.
    ///
    /// ```
    /// use asyncio::Outcome;
    ///
    /// assert_eq!(Outcome::<u8>::into_result(()), Ok(()));
    /// assert_eq!(Err::<(), _>(7).into_result(), Err(7));
    /// ```
    fn into_result(self) -> Result<Self::Value, E>;
}

impl<E> Outcome<E> for () {
    type Value = ();

    fn into_result(self) -> Result<(), E> {
        Ok(())
    }
}

/// Of what never returns: a server's loop, say.
impl<E> Outcome<E> for Never {
    type Value = Infallible;

    fn into_result(self) -> Result<Infallible, E> {
        self
    }
}

/// The type `!`, which can't be written in this place yet.
type Never = <fn() -> ! as Returns>::Value;

#[doc(hidden)]
pub trait Returns {
    #[doc(hidden)]
    type Value;
}

impl<T> Returns for fn() -> T {
    type Value = T;
}

impl<T, E> Outcome<E> for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Self {
        self
    }
}

impl<'env, E: 'env> TaskGroup<'env, E> {
    /// Runs `body`, which may make tasks in the group, and waits for all of them.
    /// Mirrors `async with asyncio.TaskGroup() as group:`.
    ///
    /// The first error, of a child or of the body, cancels the other children and the body; all are
    /// waited for. Children that are ready in the turn of the error still have theirs, as in Python. A child that is cancelled by itself does no harm. While the group is ending, its
    /// children may make more of them.
    ///
    /// Children may borrow what lives outside of the scope. They can't borrow what the body owns, since
    /// the body may end before them:
    ///
    /// ```compile_fail,E0373
    /// asyncio::run(async {
    ///     let ended = asyncio::TaskGroup::<()>::scope(async |group| {
    ///         let local = String::from("dropped when the body ends");
    ///         group.create_task(async { println!("{local}") });
    ///     });
    ///     ended.await.unwrap();
    /// });
    /// ```
    ///
    /// The body gets the group by value, not by reference: children that make children hold the group,
    /// which holds the children; a reference would have to outlive what it refers to.
    ///
    /// Where no child and not the body returns a `Result`, say that there are no errors:
    /// `TaskGroup::<Infallible>::scope(…)`.
    ///
    /// `Ok(Some(value))` is the body's value; `Ok(None)`: [`cancel`](TaskGroup::cancel) cut the body short.
    /// Python's `async with` has no value.
    ///
    /// # Errors
    ///
    /// All errors that children and the body returned, in the order they came; the body's is the last.
    ///
    /// # Panics
    ///
    /// With what a child or the body panicked with, after all the others were cancelled and have ended;
    /// errors are dropped then, as Python drops them beside a `SystemExit`. When awaited outside a task of
    /// a running event loop.
    ///
    /// # Cancel safety
    ///
    /// A cancellation of the task goes to the body, or to the children if the body has ended. When it
    /// comes out of the body, the children are cancelled. All are waited for; errors win over the
    /// cancellation. (Python 3.13 cancels the task once more then; here the error is a value, which that
    /// would take away.) Dropping the future drops the children.
    ///
    /// ```
    /// use asyncio::TaskGroup;
    /// use std::time::Duration;
    ///
    /// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
    /// let mut log = std::cell::RefCell::new(vec![]);
    /// let ended = TaskGroup::scope(async |group| {
    ///     group.create_task(async { Err::<(), _>("no such host") });
    ///     group.create_task(async {
    ///         asyncio::sleep(Duration::from_secs(60)).await;
    ///         log.borrow_mut().push("never reached");
    ///     });
    /// });
    /// let error = ended.await.unwrap_err();
    /// assert_eq!(error.errors(), ["no such host"]);
    /// assert!(log.get_mut().is_empty());
    /// # });
    /// ```
    pub async fn scope<F, R>(body: F) -> Result<Option<R::Value>, ExceptionGroup<E>>
    where
        F: AsyncFnOnce(TaskGroup<'env, E>) -> R,
        R: Outcome<E>,
    {
        let shared = poll_fn(|cx| Poll::Ready(Shared::open(cx))).await;
        let _closing = Closing(&shared);
        let ended = {
            let body = pin!(catch_panic(body(TaskGroup { shared: shared.clone() })));
            shared.drive_body(body).await
        };
        let mut cancelled = None;
        let mut returned = None;
        match ended {
            Ok(Ok(outcome)) => returned = Some(outcome.into_result()),
            Ok(Err(payload)) => {
                shared.panicked(payload, "the body of a task group");
                shared.abort();
            }
            Err(End::Cancelled(by_others)) => cancelled = Some(by_others),
            Err(End::CutShort) => {}
        }
        if !matches!(returned, None | Some(Ok(_))) || cancelled.is_some() {
            shared.abort();
        }
        cancelled = shared.drive_children().await.or(cancelled);
        if let Some(payload) = shared.panic.take() {
            resume_unwind(payload);
        }
        let value = match returned.transpose() {
            Ok(value) => value,
            Err(error) => {
                shared.errors.borrow_mut().push(error);
                None
            }
        };
        let errors = shared.errors.take();
        match cancelled {
            _ if !errors.is_empty() => Err(ExceptionGroup::new(errors)),
            Some(cancelled) => cancelled.raise().await,
            None => Ok(value),
        }
    }

    /// Makes a task of `future` in the group: it runs from the next turn on.
    /// Mirrors `TaskGroup.create_task(coro)`.
    ///
    /// In a group that is being cancelled, the task is cancelled before it starts; Python raises
    /// `RuntimeError` there.
    ///
    /// # Panics
    ///
    /// When the group's scope is over.
    ///
    /// ```
    /// use asyncio::TaskGroup;
    ///
    /// async fn children(group: TaskGroup<'_>, depth: u32) {
    ///     if depth > 0 {
    ///         let child = Box::pin(children(group.clone(), depth - 1));
    ///         group.create_task(child);
    ///     }
    /// }
    ///
    /// asyncio::run(async {
    ///     TaskGroup::scope(async |group| children(group, 3).await).await.unwrap();
    /// });
    /// ```
    #[track_caller]
    pub fn create_task<F>(&self, future: F) -> GroupTask<<F::Output as Outcome<E>>::Value>
    where
        F: Future<Output: Outcome<E, Value: 'env>> + 'env,
    {
        let shared = &self.shared;
        assert!(
            shared.stage.get() != Stage::Over,
            "asyncio: the scope of this TaskGroup is over: make its tasks inside the scope"
        );
        let (index, cell) = shared.nursery.admit(Location::caller());
        let value = Rc::new(RefCell::new(None));
        let child = keep_value(future, value.clone(), shared.clone());
        shared.put(index, Box::pin(child));
        if shared.stage.get() == Stage::Aborting {
            cell.cancel(None);
        }
        GroupTask { join: Join::new(cell), value }
    }

    /// Ends the scope early and quietly: the children and the body are cancelled, and waited for, and
    /// `scope` returns `Ok`. Mirrors `TaskGroup.cancel()` of Python 3.15.
    ///
    /// A cancellation of the task from outside still comes out of `scope`, and so do errors. Twice, or
    /// after the end, it does nothing.
    ///
    /// ```
    /// use asyncio::TaskGroup;
    /// use std::convert::Infallible;
    /// use std::future::pending;
    ///
    /// asyncio::run(async {
    ///     let ended = TaskGroup::<Infallible>::scope(async |group| {
    ///         let stop = group.clone();
    ///         group.create_task(async move { stop.cancel() });
    ///         pending::<()>().await;
    ///     });
    ///     assert_eq!(ended.await, Ok(None));
    /// });
    /// ```
    pub fn cancel(&self) {
        self.shared.abort();
    }
}

impl<E> Clone for TaskGroup<'_, E> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<E> fmt::Debug for TaskGroup<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stage, tasks) = (self.shared.stage.get(), self.shared.nursery.len());
        write!(f, "<TaskGroup {stage:?} tasks={tasks}>")
    }
}

/// A child of a [`TaskGroup`] and, in the end, its value.
///
/// Awaiting it is not needed: the group waits for it. It does everything a [`TaskRef`] does.
///
/// # Errors
///
/// [`TaskError::Cancelled`] if the child was cancelled. Also if it failed: its error is the group's,
/// and so is its panic.
///
/// # Cancel safety
///
/// As [`Task`](crate::Task).
///
/// ```
/// asyncio::run(async {
///     let ended = asyncio::TaskGroup::<()>::scope(async |group| {
///         let child = group.create_task(async { Ok(42) }).with_name("answer");
///         assert_eq!(child.name(), "answer");
///         Ok(child.await.unwrap())
///     });
///     assert_eq!(ended.await, Ok(Some(42)));
/// });
/// ```
pub struct GroupTask<T> {
    join: Join,
    value: Slot<T>,
}

/// Where a child's value waits for its handle.
type Slot<T> = Rc<RefCell<Option<T>>>;

// A handle holds no `T` in place: moving it moves no value that might be pinned.
impl<T> Unpin for GroupTask<T> {}

impl<T> GroupTask<T> {
    /// Names the task. Mirrors `TaskGroup.create_task(coro, name=…)`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let ended = asyncio::TaskGroup::<()>::scope(async |group| {
    ///         assert_eq!(group.create_task(async {}).with_name("fetch").name(), "fetch");
    ///     });
    ///     ended.await.unwrap();
    /// });
    /// ```
    #[expect(clippy::return_self_not_must_use, reason = "the group waits for it, handle or not")]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.set_name(name);
        self
    }
}

impl<T> Deref for GroupTask<T> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.join.task
    }
}

impl<T> fmt::Debug for GroupTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.join.task.fmt(f)
    }
}

impl<T> Future for GroupTask<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.join.poll(cx));
        let value = self.value.take();
        Poll::Ready(value.ok_or_else(|| TaskError::Cancelled(Cancelled::default())))
    }
}

/// What a child of the group is: its value is for its handle, its error for the group.
async fn keep_value<'env, E, F>(
    future: F,
    value: Slot<<F::Output as Outcome<E>>::Value>,
    shared: Rc<Shared<'env, E>>,
) where
    F: Future<Output: Outcome<E>> + 'env,
{
    match future.await.into_result() {
        Ok(result) => drop(value.replace(Some(result))),
        Err(error) => shared.errors.borrow_mut().push(error),
    }
}
