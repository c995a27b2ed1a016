//! HTTP/1.1 on the event loop: [`ClientSession`], for who knows aiohttp. Feature `http`; `tls` adds https.
//!
//! Python's standard library has no such module; names and behaviour follow aiohttp's client.
//! [hyper](https://docs.rs/hyper) speaks the protocol. What is here brings it the sockets, the names'
//! addresses, the timeouts and the redirects.
//!
//! ```
//! use asyncio::http::{ClientError, ClientSession};
//!
//! async fn fetch(session: &ClientSession, url: &str) -> Result<String, ClientError> {
//!     session.get(url).await?.text().await
//! }
//!
#![doc = include_str!("example_server.txt")]
//! asyncio::run(async {
//!     let session = ClientSession::new();
//!     assert_eq!(fetch(&session, &url).await?, "Hello");
//! #   Ok::<(), ClientError>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rooms: `client` is what a caller sees and all that only a client needs; `io` brings a socket to hyper.

mod client;
mod io;

pub use client::{
    ClientError, ClientSession, ClientSessionBuilder, ClientTimeout, Redirect, RequestBuilder,
    Response, Stage,
};
pub use hyper::StatusCode;
pub use hyper::body::Bytes;
pub use hyper::header::{self, HeaderMap};
pub use url::Url;
