//! The attributes `#[asyncio::main]` and `#[asyncio::test]`.
//!
//! Use them through the `asyncio` crate, which re-exports both. They mirror what Python writes as
//! `asyncio.run(main())` and as a method of `unittest.IsolatedAsyncioTestCase`.
//!
//! The rooms, from the ground up:
//! - `entry`: which of the two attributes it is;
//! - `keys`: what stands in the parentheses, `#[asyncio::main(debug = true)]`;
//! - `function`: what the attribute stands on, and whether it may;
//! - `expand`: the expansion.
//!
//! The folder `expansions/` beside `src/` holds what each kind of use expands to.

mod entry;
mod expand;
mod function;
mod keys;
#[cfg(test)]
mod tests;

use entry::EntryPoint;
use expand::expand;
use proc_macro::TokenStream;

/// Starts an `async fn` as the program: `async fn main` runs on an event loop of its own.
///
/// Python's `asyncio.run(main())`. The attribute writes what you would write by hand:
///
/// ```
/// #[asyncio::main]
/// async fn main() {
///     println!("Hello");
/// }
/// ```
///
/// becomes
///
/// ```
/// fn main() {
///     async fn main() {
///         println!("Hello");
///     }
///     ::asyncio::run(main())
/// }
/// ```
///
/// So the compiler's errors about the body are those of an ordinary `async fn`. The function keeps
/// its attributes, its visibility and its return type. It need not be called `main`: under another
/// name it is a function that blocks until it is done, and that `main` can call.
///
/// # Return types
///
/// What any `main` may return: `()`, `Result<(), E>`, [`ExitCode`](std::process::ExitCode),
/// `impl Termination`, `!`.
///
/// ```
/// #[asyncio::main]
/// async fn main() -> Result<(), std::num::ParseIntError> {
///     let answer: i32 = "42".parse()?;
///     println!("{answer}");
///     Ok(())
/// }
/// ```
///
/// # Keys
///
/// | key | values | what it does | without it |
/// |---|---|---|---|
/// | `debug` | `true`, `false` | names on standard error what holds the loop up | `ASYNCIO_DEBUG` decides |
/// | `clock` | `"real"`, `"virtual"` | `"virtual"`: time jumps to the next deadline when nothing is ready | `"real"` |
/// | `seed` | 0 to 18446744073709551615 | runs the tasks that are ready in an order drawn from it; the same seed, the same order | `ASYNCIO_SEED` decides, else first in, first out |
/// | `ctrl_c` | `true`, `false` | the first Ctrl-C cancels `main`, which can clean up; the second ends the process | `false`: the first one ends it |
/// | `crate` | a path, in quotes | where the library is, if not at `::asyncio` | `"::asyncio"` |
///
/// Each key stands for a method of `RunnerBuilder`. An hour of sleep, over at once:
///
/// ```
/// use std::time::Duration;
///
/// #[asyncio::main(clock = "virtual", debug = true)]
/// async fn main() {
///     asyncio::sleep(Duration::from_secs(3600)).await;
///     println!("an hour later");
/// }
/// ```
///
/// `crate` is for a library that is imported under another name or re-exported:
///
/// ```
/// extern crate asyncio as renamed;
///
/// #[renamed::main(crate = "renamed")]
/// async fn main() {
///     renamed::yield_now().await;
/// }
/// ```
///
/// # Errors
///
/// A wrong use is a compile error at the wrong token; several are reported together:
/// - the item is no function, is not `async`, has no body, or is a method with `self`;
/// - the function takes arguments, is generic, has a `where` clause, or is `const`, `unsafe`,
///   `extern` or variadic;
/// - a key is unknown, is given twice, has no value, or has a value of the wrong kind or range;
/// - another attribute that starts the function, such as `#[test]` or `#[tokio::main]`, is there.
///
/// # Panics
///
/// As `asyncio::run`: with what `main` panicked with; when a loop is running on this thread already;
/// when `ASYNCIO_SEED` is needed and is no number.
///
/// # Differences from Python
///
/// - `asyncio.run` is a call, and `main` stays a coroutine that others can await. Here the name
///   stands for the blocking function; inside the body it is still the `async fn`.
/// - Python cancels `main` on Ctrl-C always. Here `ctrl_c = true` asks for it, as it takes over the
///   signal for the whole process.
#[expect(clippy::needless_doctest_main, reason = "one example shows what a `main` becomes")]
#[proc_macro_attribute]
pub fn main(keys: TokenStream, item: TokenStream) -> TokenStream {
    expand(EntryPoint::Main, keys.into(), item.into()).into()
}

/// Makes an `async fn` a test, which runs on an event loop of its own.
///
/// A method of Python's `unittest.IsolatedAsyncioTestCase`. The attribute adds `#[test]` and then
/// writes what [`#[asyncio::main]`](macro@main) writes. With `#[should_panic]`, `#[ignore]` or any
/// other attribute it works as `#[test]` does.
///
/// ```
/// use std::time::Duration;
///
/// #[asyncio::test(clock = "virtual")]
/// async fn an_hour_takes_no_time() {
///     let start = std::time::Instant::now();
///     asyncio::sleep(Duration::from_secs(3600)).await;
///     assert!(start.elapsed() < Duration::from_secs(60));
/// }
/// # fn main() {}
/// ```
///
/// # Return types
///
/// What any test may return: `()`, `Result<(), E>`, [`ExitCode`](std::process::ExitCode),
/// `impl Termination`, `!`. An `Err` fails the test.
///
/// # Keys
///
/// | key | values | what it does | without it |
/// |---|---|---|---|
/// | `debug` | `true`, `false` | names on standard error what holds the loop up | `ASYNCIO_DEBUG` decides |
/// | `clock` | `"real"`, `"virtual"` | `"virtual"`: time jumps to the next deadline when nothing is ready | `"real"` |
/// | `seed` | 0 to 18446744073709551615 | runs the tasks that are ready in an order drawn from it; the same seed, the same order | `ASYNCIO_SEED` decides, else first in, first out |
/// | `seeds` | 1 to 18446744073709551615 | runs the test once for each seed from 0 on, so under that many interleavings | one run |
/// | `crate` | a path, in quotes | where the library is, if not at `::asyncio` | `"::asyncio"` |
///
/// A test with `seeds` that fails names its seed; `ASYNCIO_SEED` set to it runs that one again. `seed`
/// and `seeds` exclude each other.
///
/// ```
/// #[asyncio::test(clock = "virtual", seeds = 100)]
/// async fn both_are_done_in_any_order() {
///     let first = asyncio::create_task(async { 1 });
///     let second = asyncio::create_task(async { 2 });
///     assert_eq!(first.await.unwrap() + second.await.unwrap(), 3);
/// }
/// # fn main() {}
/// ```
///
/// # Errors
///
/// Those of [`#[asyncio::main]`](macro@main#errors). Among them is `#[test]` below this attribute,
/// which adds it already. A `#[test]` above it is expanded before and out of its sight: there the
/// compiler says "async functions cannot be used for tests".
///
/// # Differences from Python
///
/// - Each test is a function of its own; there is no class with `asyncSetUp` and `asyncTearDown`.
/// - Python's tests have neither a virtual clock nor seeds.
#[proc_macro_attribute]
pub fn test(keys: TokenStream, item: TokenStream) -> TokenStream {
    expand(EntryPoint::Test, keys.into(), item.into()).into()
}
