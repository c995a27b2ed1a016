//! The ground under streams and transports: connected byte streams and what makes them.
//!
//! What is public of it: where to connect to, and what comes of it. `streams` and `transports` are on
//! top. Mirrors the lower half of `asyncio.selector_events` and `asyncio.sslproto`.

pub(crate) mod address;
pub(crate) mod buffer;
pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod listen;
pub(crate) mod outbox;
#[cfg(unix)]
pub(crate) mod pipe;
pub(crate) mod polled;
mod race;
pub(crate) mod resolve;
pub(crate) mod sendfile;
pub(crate) mod sock;
pub(crate) mod socket;
#[cfg(unix)]
mod socket_file;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod wire;
