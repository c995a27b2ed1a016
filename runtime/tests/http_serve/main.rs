//! The HTTP server, seen from its clients: what it answers, to whom, and within which limits.

#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod client;
mod files;
mod handlers;
mod hostile;
mod limits;
mod routes;
mod shutdown;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
