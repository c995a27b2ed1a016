//! Context variables: values that belong to a task and to what it calls. Mirrors Python's `contextvars`.
//!
//! Below the task room: a task and a callback hold a [`Context`], and it is the current one while they
//! run. What must hold: a context is owned by one task, callback or thread at a time; a copy is made
//! where a task or a callback is, so what one sets another never sees.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Numbers variables and contexts. 0 is never given.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

type Value = Arc<dyn Any + Send + Sync>;

/// The values of all context variables, as they were when it was copied.
/// Mirrors Python's `contextvars.Context`; made by [`copy_context`].
///
/// Each task has one: a copy of its maker's, made when the task is. A clone is another copy.
///
/// ```
/// use asyncio::{ContextVar, copy_context};
///
/// static REQUEST: ContextVar<u32> = ContextVar::new("request");
///
/// let mut context = copy_context();
/// context.run(|| REQUEST.set(7));
/// assert!(REQUEST.get().is_err());
/// assert_eq!(context.run(|| REQUEST.get()), Ok(7));
/// ```
#[derive(Default)]
pub struct Context(Option<Box<Values>>);

/// `None` while nothing was set: then a copy costs nothing.
#[derive(Debug)]
struct Values {
    /// What a [`Token`] knows it by.
    id: u64,
    /// By the variables' ids. A program has few.
    values: Vec<(u64, Value)>,
}

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context(None)) };
    /// Whether `CURRENT` was ever anything but empty. Looked at first, since most programs have no
    /// context variables: it spares each poll two exchanges, 2 to 4 ns of 44.
    static IS_USED: Cell<bool> = const { Cell::new(false) };
}

impl Context {
    /// Calls `function` with this as the current context. What it sets is kept in here.
    /// Mirrors `Context.run(f)`.
    ///
    /// ```
    /// let mut context = asyncio::copy_context();
    /// assert_eq!(context.run(|| 1 + 1), 2);
    /// ```
    pub fn run<R>(&mut self, function: impl FnOnce() -> R) -> R {
        let place = Cell::new(std::mem::take(self));
        // It may come from another thread, where variables are used.
        IS_USED.set(true);
        swap(&place);
        let restore = Restore(self, &place);
        let result = function();
        drop(restore);
        result
    }

    fn find(&self, variable: u64) -> Option<&Value> {
        let values = &self.0.as_ref()?.values;
        values.iter().find(|(id, _)| *id == variable).map(|(_, value)| value)
    }

    /// Sets or, with `None`, forgets. Gives what was there.
    fn replace(&mut self, variable: u64, value: Option<Value>) -> Option<Value> {
        let values = &mut self.values().values;
        let position = values.iter().position(|(id, _)| *id == variable);
        match (position, value) {
            (Some(at), Some(value)) => Some(std::mem::replace(&mut values[at].1, value)),
            (Some(at), None) => Some(values.swap_remove(at).1),
            (None, Some(value)) => {
                values.push((variable, value));
                None
            }
            (None, None) => None,
        }
    }

    fn values(&mut self) -> &mut Values {
        self.0.get_or_insert_with(|| Box::new(Values { id: next_id(), values: Vec::new() }))
    }
}

/// Puts a context back, whatever happened while it was the current one.
struct Restore<'a>(&'a mut Context, &'a Cell<Context>);

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        swap(self.1);
        *self.0 = self.1.take();
    }
}

impl Clone for Context {
    fn clone(&self) -> Self {
        let copy = |of: &Values| Box::new(Values { id: next_id(), values: of.values.clone() });
        Self(self.0.as_deref().map(copy))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.as_ref().map_or(0, |values| values.values.len());
        write!(f, "<context of {count} variables>")
    }
}

/// A copy of the current context. Mirrors `contextvars.copy_context()`.
///
/// ```
/// let mut context = asyncio::copy_context();
/// context.run(|| println!("with the values of now"));
/// ```
pub fn copy_context() -> Context {
    if !IS_USED.get() {
        return Context(None);
    }
    CURRENT.try_with(|current| current.borrow().clone()).unwrap_or_default()
}

/// Exchanges the current context for the one in `place`. Called twice, everything is as it was. Each poll
/// does so: where no variable was ever set, it is a look at a flag.
#[inline]
pub(crate) fn swap(place: &Cell<Context>) {
    if IS_USED.get() {
        swap_in_use(place);
    }
}

#[cold]
fn swap_in_use(place: &Cell<Context>) {
    // A thread that is ending has no context any more.
    let _ = CURRENT.try_with(|current| place.set(current.replace(place.take())));
}

/// A variable with a value of its own in each task. Mirrors Python's `contextvars.ContextVar`.
///
/// A task gets the values its maker has at that moment; what it sets stays with it. So does a callback,
/// and so does what [`to_thread`](crate::to_thread) runs on another thread, which is why values must be
/// `Send` and `Sync`. Declare it as a `static`.
///
/// ```
/// use asyncio::{ContextVar, create_task};
///
/// static REQUEST: ContextVar<u32> = ContextVar::new("request");
///
/// async fn log(what: &str) -> String {
///     format!("[{}] {what}", REQUEST.get().expect("set by whoever takes the request"))
/// }
///
/// asyncio::run(async {
///     REQUEST.set(1);
///     let first = create_task(log("asked"));
///     REQUEST.set(2);
///     assert_eq!(first.await.unwrap(), "[1] asked");
///     assert_eq!(log("asked").await, "[2] asked");
/// });
/// ```
pub struct ContextVar<T> {
    name: &'static str,
    default: Option<fn() -> T>,
    id: OnceLock<u64>,
}

impl<T: Clone + Send + Sync + 'static> ContextVar<T> {
    /// A variable without a value. `name` is for messages. Mirrors `ContextVar(name)`.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<String> = asyncio::ContextVar::new("user");
    /// assert_eq!(USER.name(), "user");
    /// ```
    pub const fn new(name: &'static str) -> Self {
        Self { name, default: None, id: OnceLock::new() }
    }

    /// A variable that is `default()` where it was never set.
    /// Mirrors `ContextVar(name, default=…)`.
    ///
    /// ```
    /// use asyncio::ContextVar;
    ///
    /// static LEVEL: ContextVar<u8> = ContextVar::with_default("level", || 3);
    /// assert_eq!(LEVEL.get(), Ok(3));
    /// ```
    pub const fn with_default(name: &'static str, default: fn() -> T) -> Self {
        Self { name, default: Some(default), id: OnceLock::new() }
    }

    /// What it was called when it was made. Mirrors `ContextVar.name`.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<String> = asyncio::ContextVar::new("user");
    /// assert_eq!(USER.name(), "user");
    /// ```
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its value in the current context. Mirrors `ContextVar.get()`.
    ///
    /// # Errors
    ///
    /// [`LookupError`] where it was never set and has no default.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
    /// assert_eq!(USER.get().unwrap_or("nobody"), "nobody");
    /// ```
    pub fn get(&self) -> Result<T, LookupError> {
        let found = CURRENT.try_with(|current| current.borrow().find(self.id()).cloned());
        match found.ok().flatten().and_then(|value| value.downcast_ref::<T>().cloned()) {
            Some(value) => Ok(value),
            None => match self.default {
                Some(default) => Ok(default()),
                None => Err(LookupError { name: self.name }),
            },
        }
    }

    /// Sets it in the current context. The token takes it back: [`reset`](Self::reset).
    /// Mirrors `ContextVar.set(value)`.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
    /// USER.set("Ann");
    /// assert_eq!(USER.get(), Ok("Ann"));
    /// ```
    #[doc(alias = "ContextVar.set")]
    pub fn set(&self, value: T) -> Token<T> {
        let value: Value = Arc::new(value);
        IS_USED.set(true);
        let changed = CURRENT.try_with(|current| {
            let mut current = current.borrow_mut();
            let former = current.replace(self.id(), Some(value));
            (current.values().id, former)
        });
        let (context, former) = changed.unwrap_or_default();
        Token { variable: self.id(), context, former, value: PhantomData }
    }

    /// Gives it the value back that it had before the `set` that `token` is from.
    /// Mirrors `ContextVar.reset(token)`; a token is used up, so it can't be used twice.
    ///
    /// # Panics
    ///
    /// When the token is another variable's, or was made in another context: by another task, say.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
    /// let token = USER.set("Ann");
    /// USER.reset(token);
    /// assert!(USER.get().is_err());
    /// ```
    #[track_caller]
    pub fn reset(&self, token: Token<T>) {
        let name = self.name;
        assert!(
            token.variable == self.id(),
            "asyncio: the token was created by a different ContextVar than {name}: reset each variable \
             with its own"
        );
        let reset = CURRENT.try_with(|current| {
            let mut current = current.borrow_mut();
            let is_here = current.0.as_ref().is_some_and(|values| values.id == token.context);
            let replaced = is_here.then(|| current.replace(self.id(), token.former));
            drop(current);
            // Dropped here: a value's destructor may use variables.
            replaced.map(drop)
        });
        assert!(
            reset.is_ok_and(|reset| reset.is_some()),
            "asyncio: the token of ContextVar {name} was created in a different Context: reset it in the \
             task that set it"
        );
    }

    fn id(&self) -> u64 {
        *self.id.get_or_init(next_id)
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<ContextVar {}>", self.name)
    }
}

/// What a [`ContextVar`] was before it was set. Mirrors Python's `contextvars.Token`.
///
/// ```
/// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
/// USER.set("Ann");
/// let token = USER.set("Bob");
/// assert_eq!(token.old_value(), Some("Ann"));
/// ```
pub struct Token<T> {
    variable: u64,
    context: u64,
    former: Option<Value>,
    value: PhantomData<fn() -> T>,
}

impl<T: Clone + 'static> Token<T> {
    /// The value before; `None`: there was none. Mirrors `Token.old_value`.
    ///
    /// ```
    /// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
    /// assert_eq!(USER.set("Ann").old_value(), None);
    /// ```
    pub fn old_value(&self) -> Option<T> {
        self.former.as_ref()?.downcast_ref::<T>().cloned()
    }
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// A [`ContextVar`] without a value was read. Mirrors the `LookupError` of `ContextVar.get()`.
///
/// ```
/// static USER: asyncio::ContextVar<&str> = asyncio::ContextVar::new("user");
/// let error = USER.get().unwrap_err();
/// assert!(error.to_string().starts_with("the context variable user has no value"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupError {
    name: &'static str,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the context variable {} has no value here: set it before the task that reads it is made, or \
             give it a default",
            self.name
        )
    }
}

impl Error for LookupError {}
