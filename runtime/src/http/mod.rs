//! HTTP/1.1 on the event loop: [`ClientSession`] and [`serve`], for who knows aiohttp. Feature `http`; the table
//! below has those that add to it.
//!
//! Python's standard library has no such module; names and behaviour follow aiohttp.
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
//! A server:
//!
//! ```
//! use asyncio::http::{self, ClientSession};
//! use asyncio::http::web::Request;
//!
//! async fn hello(request: Request) -> String {
//!     format!("Hello from {}", request.path())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! asyncio::run(async {
//!     let server = http::serve(("127.0.0.1", 0), hello).await?;
//!     let url = format!("http://{}/here", server.local_addrs()[0]);
//!     assert_eq!(ClientSession::new().get(url).await?.text().await?, "Hello from /here");
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Features, none of which is on by default, as each costs dependencies:
//!
//! | feature | what it adds | what it costs |
//! |---|---|---|
//! | `http` | the client and the server, of http | hyper, url and smaller ones |
//! | `tls` | https | rustls, ring, Mozilla's roots |
//! | `compression` | answers in gzip, deflate and brotli | async-compression, flate2, brotli |
//! | `cookies` | cookies are kept from answer to request | `cookie`, `cookie_store` |
//! | `json` | values as bodies | `serde`, `serde_json` |
//! | `multipart` | the server reads forms with files; to send them needs nothing | multer |
//! | `ws` | WebSockets on both ends | async-tungstenite |
//!
//! Rooms: `client` is what a caller sees and all that only a client needs, with `io`, which brings a socket to
//! hyper; [`web`] is the server.

mod client;
mod io;
pub mod web;
#[cfg(feature = "ws")]
mod websocket;

#[cfg(feature = "ws")]
pub use client::WsConnect;
pub use client::{
    Body, Chunks, ClientError, ClientSession, ClientSessionBuilder, ClientTimeout, FormData, Part,
    Redirect, RequestBuilder, Response, Stage,
};
#[cfg(feature = "cookies")]
pub use cookie::Cookie;
pub use hyper::body::Bytes;
pub use hyper::header::{self, HeaderMap};
pub use hyper::{Method, StatusCode};
pub use url::Url;
pub use web::serving::serve;
#[cfg(feature = "ws")]
pub use websocket::{Message, WebSocket, WebSocketError, WebSocketErrorKind, WebSocketSender};
