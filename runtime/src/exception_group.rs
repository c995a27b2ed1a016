//! Several errors as one. Mirrors Python's builtin `ExceptionGroup`, as far as asyncio uses it.

use std::error::Error;
use std::fmt;

/// The errors of a [`TaskGroup`](crate::TaskGroup): one or more. Mirrors Python's `ExceptionGroup`.
///
/// All have one type, that of the group; where children fail in several ways, let that be an enum, or
/// `Box<dyn Error>`, which `?` makes of any error.
///
/// ```
/// use asyncio::{ExceptionGroup, TaskGroup};
///
/// asyncio::run(async {
///     let ended = TaskGroup::scope(async |group| {
///         group.create_task(async { Err::<(), _>("disk full") });
///         group.create_task(async { Err::<(), _>("no such host") });
///     });
///     let group: ExceptionGroup<&str> = ended.await.unwrap_err();
///     assert_eq!(
///         group.to_string(),
///         "unhandled errors in a TaskGroup (2 sub-exceptions): disk full; no such host"
///     );
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionGroup<E> {
    errors: Vec<E>,
}

impl<E> ExceptionGroup<E> {
    pub(crate) fn new(errors: Vec<E>) -> Self {
        Self { errors }
    }

    /// The errors, in the order they came. Mirrors `ExceptionGroup.exceptions`.
    ///
    /// ```
    /// use asyncio::TaskGroup;
    ///
    /// asyncio::run(async {
    ///     let group = TaskGroup::scope(async |_| Err::<(), _>(7)).await.unwrap_err();
    ///     assert_eq!(group.errors(), [7]);
    /// });
    /// ```
    #[doc(alias = "exceptions")]
    pub fn errors(&self) -> &[E] {
        &self.errors
    }

    /// The errors themselves.
    ///
    /// ```
    /// use asyncio::TaskGroup;
    ///
    /// asyncio::run(async {
    ///     let group = TaskGroup::scope(async |_| Err::<(), _>(7)).await.unwrap_err();
    ///     assert_eq!(group.into_errors(), vec![7]);
    /// });
    /// ```
    pub fn into_errors(self) -> Vec<E> {
        self.errors
    }
}

impl<E: fmt::Display> fmt::Display for ExceptionGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len();
        let noun = if count == 1 { "sub-exception" } else { "sub-exceptions" };
        write!(f, "unhandled errors in a TaskGroup ({count} {noun})")?;
        for (number, error) in self.errors.iter().enumerate() {
            let before = if number == 0 { ": " } else { "; " };
            write!(f, "{before}{error}")?;
        }
        Ok(())
    }
}

// The errors may be `Box<dyn Error>`, which is no `Error` itself: so none of them is the source.
impl<E: fmt::Debug + fmt::Display> Error for ExceptionGroup<E> {}
