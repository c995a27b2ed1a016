//! The HTTP server: requests, responses, errors, and what serves them. Mirrors `aiohttp.web`.
//!
//! [`http::serve`](super::serve()) starts one. A handler is an async function from a [`Request`] to
//! anything that is [`IntoResponse`], or any service of the crate tower.
//!
//! Rooms: `serving` is the builder; `handler` what may handle; `connection` runs one connection with hyper,
//! over `io`, while `watch` keeps its times; `link` is what the parts of a connection share. `request`,
//! `request_body`, `response`, `body` and `error` are what handlers see.
//! `router` chooses among them; `static_files`, `file_response` and `media_types` serve files.

mod body;
mod connection;
mod error;
mod file_response;
mod handler;
mod io;
#[cfg(feature = "json")]
mod json;
mod link;
mod media_types;
#[cfg(feature = "multipart")]
mod multipart;
mod request;
mod request_body;
mod response;
mod router;
mod sent;
pub(super) mod serving;
mod static_files;
mod upgrade;
mod watch;

pub use body::Body;
pub use error::HttpError;
pub use file_response::file_response;
pub use handler::Handler;
#[cfg(feature = "json")]
pub use json::json_response;
#[cfg(feature = "multipart")]
pub use multipart::{FormPart, Multipart};
pub use request::Request;
pub use request_body::{BodyError, RequestBody};
pub use response::{IntoResponse, Response};
pub use router::Router;
pub use serving::{Listener, Serve};
pub use static_files::StaticFiles;

#[cfg(feature = "ws")]
pub use super::websocket::WebSocketResponse;
