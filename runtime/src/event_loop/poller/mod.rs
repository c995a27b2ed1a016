//! Waiting for the loop's own sockets without async-io, where that is possible: on Linux.

#[cfg(all(target_os = "linux", not(asyncio_portable_poller)))]
mod own;
#[cfg(not(all(target_os = "linux", not(asyncio_portable_poller))))]
mod portable;

#[cfg(all(target_os = "linux", not(asyncio_portable_poller)))]
pub(crate) use own::{Poller, Source};
#[cfg(not(all(target_os = "linux", not(asyncio_portable_poller))))]
pub(crate) use portable::Poller;
