//! Running a test under many interleavings; `#[asyncio::test(seeds = 1000)]` stands on this.
//! Python has no such thing.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{ExitCode, Termination};

use crate::event_loop::settings::seed_of_environment;
use crate::runners::RunnerBuilder;

/// Runs `test` on a fresh event loop for each seed from 0 up to `seeds`, each of which runs the tasks
/// that are ready in another order. With `ASYNCIO_SEED=n` in the environment, for seed `n` alone.
///
/// A test that has no choice to make (one task at a time) runs the same under every seed.
///
/// # Panics
///
/// When `seeds` is 0. When the test panics or returns an error: standard error names the seed, and
/// how to run the test with it alone. When `ASYNCIO_SEED` is no number.
///
/// ```
/// use std::cell::Cell;
///
/// asyncio::testing::explore(asyncio::Runner::builder(), 100, || async {
///     let count = Cell::new(0);
///     let add = async || count.set(count.get() + 1);
///     asyncio::gather!(add(), add()).await;
///     assert_eq!(count.get(), 2);
/// });
/// ```
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as `build` takes it")]
pub fn explore<F>(builder: RunnerBuilder, seeds: u64, test: impl Fn() -> F)
where
    F: Future<Output: Termination>,
{
    assert!(seeds > 0, "asyncio: `seeds` is 0, so nothing would be tested: give 1 or more");
    let seeds = match seed_of_environment() {
        Some(seed) => seed..=seed,
        None => 0..=seeds - 1,
    };
    for seed in seeds {
        let mut runner = builder.clone().seed(seed).build();
        let run = || {
            let code = runner.run(test()).report();
            runner.close();
            code
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(code) if code == ExitCode::SUCCESS => {}
            Ok(code) => panic!("{}", failure(seed, &format!("the test returned {code:?}"))),
            Err(payload) => {
                eprintln!("{}", failure(seed, "the test panicked"));
                resume_unwind(payload);
            }
        }
    }
}

fn failure(seed: u64, what: &str) -> String {
    format!(
        "asyncio: {what} under seed {seed}; to run it with this one alone, set ASYNCIO_SEED={seed}"
    )
}
