//! Going on with another protocol on a connection that began with HTTP: `Request::upgrade`.
//!
//! For `request` and `connection`; `websocket` stands on it. aiohttp has it inside `WebSocketResponse`.

use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;

use hyper::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::{StatusCode, Version};

use super::error::{HttpError, value_of};
use super::link::Link;
use super::request::Request;
use super::response::Response;
use crate::server::ServerHandle;
use crate::streams::{self, Handled, StreamReader, StreamWriter};
use crate::task::table::Tasks;

/// What goes on after the answer 101. It gives the text of its error.
pub(super) type Session =
    Box<dyn FnOnce(StreamReader, StreamWriter) -> Pin<Box<dyn Future<Output = Option<String>>>>>;

impl Request {
    /// Answers that the connection goes on with `protocol`, and runs `session` on it once that is sent.
    ///
    /// The session runs in the connection's own task: what goes wrong in it is reported as with
    /// [`start_server`](crate::start_server), and the server's
    /// [`close_clients`](crate::Server::close_clients) closes its streams. Headers that the protocol wants
    /// are added to the response.
    ///
    /// aiohttp has it for web sockets alone, in `WebSocketResponse.prepare`.
    ///
    /// # Errors
    ///
    /// 426 Upgrade Required, for a request that doesn't ask for an upgrade to `protocol`.
    ///
    /// # Panics
    ///
    /// When `protocol` holds what a header can't.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, Request, Response};
    ///
    /// async fn echo(request: Request) -> Result<Response, HttpError> {
    ///     request.upgrade("echo", async |mut reader, writer| {
    ///         let line = reader.read_line().await?;
    ///         writer.write(line);
    ///         writer.drain().await
    ///     })
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let server = asyncio::http::serve(("127.0.0.1", 0), echo).await?;
    ///     let (mut reader, writer) = asyncio::open_connection(server.local_addrs()).await?;
    ///     writer.write("GET / HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello\n");
    ///     let head = reader.read_until(b"\r\n\r\n").await?;
    ///     assert!(head.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    ///     assert_eq!(reader.read_line().await?, b"hello\n");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[track_caller]
    pub fn upgrade<F, R>(&self, protocol: &str, session: F) -> Result<Response, HttpError>
    where
        F: AsyncFnOnce(StreamReader, StreamWriter) -> R + 'static,
        R: Handled,
    {
        let Some(link) = self.link() else { return Err(HttpError::upgrade_required(protocol)) };
        if self.version() < Version::HTTP_11 || !asks_for(self.headers(), protocol) {
            return Err(HttpError::upgrade_required(protocol));
        }
        let named = value_of(&UPGRADE, protocol);
        let session: Session = Box::new(|reader, writer| {
            Box::pin(async move { session(reader, writer).await.failure() })
        });
        drop(link.session.replace(Some(session)));
        let mut response = Response::new(()).with_status(StatusCode::SWITCHING_PROTOCOLS);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        response.headers_mut().insert(UPGRADE, named);
        Ok(response)
    }
}

fn asks_for(headers: &HeaderMap, protocol: &str) -> bool {
    lists(headers, &CONNECTION, "upgrade") && lists(headers, &UPGRADE, protocol)
}

/// Whether a header that is a list, in one line or several, has this entry.
fn lists(headers: &HeaderMap, name: &HeaderName, entry: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(entry))
}

/// The connection's wire as streams, behind what hyper has read ahead.
pub(super) fn streams(
    link: &Link,
    ahead: &[u8],
    tasks: &Rc<Tasks>,
    server: &ServerHandle,
    made_at: &'static Location<'static>,
) -> (StreamReader, StreamWriter) {
    let (reader, writer) = streams::pair_behind(tasks, link.wire.clone(), ahead, made_at);
    streams::attach(&reader, server);
    (reader, writer)
}

/// Runs a session. What goes wrong in it is reported.
pub(super) async fn run(session: Session, reader: StreamReader, writer: StreamWriter) {
    streams::contain(session(reader, writer)).await;
}
