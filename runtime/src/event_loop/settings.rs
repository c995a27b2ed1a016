//! How a loop is to be: what the program sets, and what the environment says about the rest.
//!
//! A ground room: `Runner::builder` fills the settings in, the core is made by them.

use std::path::PathBuf;

use super::clock::Clock;

/// What is `None`, the program left open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
    pub(crate) seed: Option<u64>,
    pub(crate) debug: Option<bool>,
    pub(crate) trace: Option<PathBuf>,
}

impl Settings {
    /// Asks the environment about what the program left open.
    #[track_caller]
    pub(crate) fn with_environment(mut self) -> Self {
        if self.seed.is_none() {
            self.seed = seed_of_environment();
        }
        if self.trace.is_none() {
            self.trace = trace_of_environment();
        }
        self.debug.get_or_insert_with(debug_of_environment);
        self
    }
}

/// `ASYNCIO_DEBUG`: on if set, unless to nothing or `0`. (For Python's `PYTHONASYNCIODEBUG`, `0` is on.)
fn debug_of_environment() -> bool {
    std::env::var_os("ASYNCIO_DEBUG").is_some_and(|value| !value.is_empty() && value != "0")
}

/// `ASYNCIO_TRACE`, if set to something.
fn trace_of_environment() -> Option<PathBuf> {
    std::env::var_os("ASYNCIO_TRACE").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// `ASYNCIO_SEED`, if set to something.
#[track_caller]
pub(crate) fn seed_of_environment() -> Option<u64> {
    let value = std::env::var_os("ASYNCIO_SEED").filter(|value| !value.is_empty())?;
    let Some(seed) = value.to_str().and_then(|text| text.parse().ok()) else {
        panic!(
            "ASYNCIO_SEED={} is no seed: give a whole number from 0 to {}",
            value.display(),
            u64::MAX
        );
    };
    Some(seed)
}
