//! What can go wrong, as values. Mirrors Python's `asyncio.exceptions`.
//!
//! The lowest room: everything may use it, it uses nothing of ours.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The task was asked to stop. Mirrors Python's `asyncio.CancelledError`.
///
/// [`catch_cancel`](crate::catch_cancel) hands it to the code that catches a cancellation, and
/// [`TaskError::Cancelled`] to whoever awaits a cancelled task.
///
/// ```
/// use asyncio::TaskError;
///
/// asyncio::run(async {
///     let task = asyncio::create_task(std::future::pending::<()>());
///     task.cancel_with("too late");
///     let Err(TaskError::Cancelled(cancelled)) = task.await else { unreachable!() };
///     assert_eq!(cancelled.message(), Some("too late"));
/// });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    message: Option<Arc<str>>,
}

impl Cancelled {
    pub(crate) fn new(message: Option<Arc<str>>) -> Self {
        Self { message }
    }

    /// The message given to [`cancel_with`](crate::TaskRef::cancel_with), if any.
    /// Python's `CancelledError.args[0]`.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {
    ///         asyncio::catch_cancel(std::future::pending::<()>()).await.unwrap_err()
    ///     });
    ///     asyncio::yield_now().await;
    ///     task.cancel();
    ///     assert_eq!(task.await.unwrap().message(), None);
    /// });
    /// ```
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub(crate) fn shared_message(&self) -> Option<Arc<str>> {
        self.message.clone()
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "cancelled: {message}"),
            None => f.write_str("cancelled"),
        }
    }
}

impl Error for Cancelled {}

/// What a panic left behind: its payload, and whose it was.
///
/// ```
/// use asyncio::TaskError;
///
/// asyncio::run(async {
///     let task = asyncio::create_task(async { panic!("out of cheese") }).with_name("shop");
///     let Err(TaskError::Panicked(panicked)) = task.await else { unreachable!() };
///     assert_eq!(panicked.message(), "out of cheese");
///     assert!(panicked.to_string().starts_with("task 'shop' spawned at "));
/// });
/// ```
pub struct Panicked {
    // Boxed: every task has room for its error, and few tasks panic.
    inner: Box<PanickedInner>,
}

struct PanickedInner {
    origin: String,
    message: String,
    // The mutex makes the error `Sync`, so that `?` takes it into a `Box<dyn Error + Send + Sync>`.
    payload: Mutex<Payload>,
}

/// What `panic!` was given.
pub(crate) type Payload = Box<dyn Any + Send>;

impl Panicked {
    pub(crate) fn new(origin: String, payload: Payload) -> Self {
        let message = payload_message(&payload);
        Self { inner: Box::new(PanickedInner { origin, message, payload: Mutex::new(payload) }) }
    }

    /// The panic's message; a payload that is not text is described in its place.
    ///
    /// ```
    /// use asyncio::TaskError;
    ///
    /// let error = asyncio::run(async {
    ///     asyncio::create_task(async { assert_eq!(6 * 7, 43, "sums") }).await.unwrap_err()
    /// });
    /// let TaskError::Panicked(panicked) = error else { unreachable!() };
    /// assert!(panicked.message().contains("sums"));
    /// ```
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The payload, for [`std::panic::resume_unwind`] or a downcast.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async { std::panic::panic_any(7_u8) });
    ///     let Err(asyncio::TaskError::Panicked(panicked)) = task.await else { unreachable!() };
    ///     assert_eq!(*panicked.into_payload().downcast::<u8>().unwrap(), 7);
    /// });
    /// ```
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.inner.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked")
            .field("origin", &self.inner.origin)
            .field("message", &self.inner.message)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked: {}", self.inner.origin, self.inner.message)
    }
}

impl Error for Panicked {}

fn payload_message(payload: &Payload) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "(a payload that is no text)".to_owned()
    }
}

/// Why an awaited task has no value.
///
/// Python raises the task's exception where it is awaited; here it is a value. An error that the
/// task *returned* is part of its output and not in here.
///
/// ```
/// asyncio::run(async {
///     let task = asyncio::create_task(async { 1 });
///     task.cancel();
///     assert_eq!(task.await.unwrap_err().to_string(), "cancelled");
/// });
/// ```
#[derive(Debug)]
pub enum TaskError {
    /// The task was cancelled and did not catch it.
    Cancelled(Cancelled),
    /// The task panicked.
    Panicked(Panicked),
}

impl TaskError {
    /// Whether the task was cancelled.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let task = asyncio::create_task(async {});
    ///     task.cancel();
    ///     assert!(task.await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(cancelled) => cancelled.fmt(f),
            Self::Panicked(panicked) => panicked.fmt(f),
        }
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Cancelled(cancelled) => Some(cancelled),
            Self::Panicked(panicked) => Some(panicked),
        }
    }
}

/// A future that was asked for what it can't do in its state. Mirrors Python's
/// `asyncio.InvalidStateError`.
///
/// ```
/// asyncio::run(async {
///     let future = asyncio::get_running_loop().unwrap().create_future();
///     future.set_result(1).unwrap();
///     let error = future.set_result(2).unwrap_err();
///     assert_eq!(error.to_string(), "the future is done already: its result can be set once");
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidStateError {
    /// A result, an error or a cancellation came to a future that is done.
    AlreadyDone,
    /// The result was asked for before there is one.
    NotDone,
}

impl fmt::Display for InvalidStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyDone => "the future is done already: its result can be set once",
            Self::NotDone => "the future is not done yet: `.await` it for its result",
        })
    }
}

impl Error for InvalidStateError {}

/// Why a [`Future`](crate::Future) has no value.
///
/// ```
/// asyncio::run(async {
///     let future = asyncio::get_running_loop().unwrap().create_future::<u8>();
///     future.set_exception(std::io::Error::other("disk on fire")).unwrap();
///     assert_eq!(future.await.unwrap_err().to_string(), "disk on fire");
/// });
/// ```
#[derive(Clone, Debug)]
pub enum FutureError {
    /// [`Future::cancel`](crate::Future::cancel) was called.
    Cancelled(Cancelled),
    /// The error given to [`Future::set_exception`](crate::Future::set_exception).
    Exception(Rc<dyn Error>),
}

impl fmt::Display for FutureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(cancelled) => cancelled.fmt(f),
            Self::Exception(error) => error.fmt(f),
        }
    }
}

impl Error for FutureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Cancelled(cancelled) => Some(cancelled),
            Self::Exception(error) => Some(&**error),
        }
    }
}

/// A deadline passed before the work was done. Mirrors Python's `asyncio.TimeoutError`.
///
/// As Python's is an `OSError`, this one turns into an [`io::Error`] of the kind
/// [`TimedOut`](io::ErrorKind::TimedOut) where `?` wants one.
///
/// ```
/// use std::time::Duration;
///
/// # asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build().run(async {
/// let never = std::future::pending::<()>();
/// let error: asyncio::TimeoutError =
///     asyncio::timeout(Duration::from_millis(1500), never).await.unwrap_err();
/// assert_eq!(error.to_string(), "timed out after 1.5s");
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutError {
    after: Duration,
}

impl TimeoutError {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after }
    }

    /// How long the work had.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # asyncio::run(async {
    /// let never = std::future::pending::<()>();
    /// let error = asyncio::timeout(Duration::ZERO, never).await.unwrap_err();
    /// assert_eq!(error.after(), Duration::ZERO);
    /// # });
    /// ```
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timed out after {:?}", self.after)
    }
}

impl Error for TimeoutError {}

impl From<TimeoutError> for io::Error {
    fn from(error: TimeoutError) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

/// There is no running event loop on this thread. Python raises `RuntimeError: no running event
/// loop`.
///
/// ```
/// let error = asyncio::get_running_loop().unwrap_err();
/// assert_eq!(error.to_string(), "no running event loop on this thread: call it inside `asyncio::run`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRunningLoop;

impl fmt::Display for NoRunningLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no running event loop on this thread: call it inside `asyncio::run`")
    }
}

impl Error for NoRunningLoop {}

/// The event loop was closed before it could take what another thread handed to it. Python raises
/// `RuntimeError: Event loop is closed`.
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// let handle = event_loop.handle();
/// event_loop.close();
/// assert_eq!(handle.call_soon(|| {}).unwrap_err().to_string(), "Event loop is closed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopClosed;

impl fmt::Display for LoopClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event loop is closed")
    }
}

impl Error for LoopClosed {}

/// What an exception handler is told. Mirrors the `context` dict of Python's
/// `loop.call_exception_handler`.
///
/// ```
/// let context = asyncio::ExceptionContext::new("the cache is inconsistent");
/// assert_eq!(context.message(), "the cache is inconsistent");
/// assert!(context.panicked().is_none());
/// ```
#[derive(Debug)]
pub struct ExceptionContext {
    message: String,
    panicked: Option<Panicked>,
}

impl ExceptionContext {
    /// A context with a message of your own, for
    /// [`call_exception_handler`](crate::EventLoop::call_exception_handler).
    ///
    /// ```
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     event_loop.set_exception_handler(|context| assert_eq!(context.message(), "odd"));
    ///     event_loop.call_exception_handler(&asyncio::ExceptionContext::new("odd"));
    /// });
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), panicked: None }
    }

    pub(crate) fn of_panic(message: &str, panicked: Panicked) -> Self {
        Self { message: message.to_owned(), panicked: Some(panicked) }
    }

    /// What happened, in one sentence.
    ///
    /// ```
    /// assert_eq!(asyncio::ExceptionContext::new("odd").message(), "odd");
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The panic behind it, if there was one.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     event_loop.set_exception_handler(|context| {
    ///         assert_eq!(context.panicked().unwrap().message(), "boom");
    ///     });
    ///     event_loop.call_soon(|| panic!("boom"));
    ///     asyncio::sleep(std::time::Duration::ZERO).await;
    /// });
    /// ```
    pub fn panicked(&self) -> Option<&Panicked> {
        self.panicked.as_ref()
    }
}

impl fmt::Display for ExceptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.panicked {
            Some(panicked) => write!(f, "{}: {panicked}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// `main.rs:14:5`, for messages.
pub(crate) fn place(location: &Location<'_>) -> String {
    format!("{}:{}:{}", location.file(), location.line(), location.column())
}
