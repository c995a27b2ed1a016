//! The ground under streams and transports: connected byte streams and what makes them.
//!
//! Nothing in here is public; `streams` and `transports` are. Mirrors the lower half of
//! `asyncio.selector_events` and `asyncio.sslproto`.

pub(crate) mod socket;
pub(crate) mod wire;
