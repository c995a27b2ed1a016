//! The server's end: from a request to a WebSocket.
//!
//! For `http::web`. Mirrors `aiohttp.web.WebSocketResponse`.

use std::time::Duration;

use hyper::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE};

use super::handshake::accept;
use super::{Role, Settings, WebSocket};
use crate::http::web::{HttpError, Request, Response};
use crate::streams::Handled;

/// What answers a request with a WebSocket: its options, and [`prepare`](Self::prepare).
///
/// Mirrors `aiohttp.web.WebSocketResponse`. Its methods that send and receive are those of the
/// [`WebSocket`] that the session gets.
///
/// ```
/// use asyncio::http::web::{HttpError, Request, Response, WebSocketResponse};
/// use asyncio::http::{ClientSession, Message, WebSocket, WebSocketError};
///
/// async fn echo(request: Request) -> Result<Response, HttpError> {
///     WebSocketResponse::new().prepare(&request, async |socket: &mut WebSocket| {
///         while let Some(message) = socket.receive().await? {
///             socket.send(message).await?;
///         }
///         Ok::<(), WebSocketError>(())
///     })
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// asyncio::run(async {
///     let server = asyncio::http::serve(("127.0.0.1", 0), echo).await?;
///     let url = format!("ws://{}/", server.local_addrs()[0]);
///     let mut socket = ClientSession::new().ws_connect(url).await?;
///     socket.send_text("hello").await?;
///     assert_eq!(socket.receive().await?, Some(Message::Text("hello".to_owned())));
///     socket.close(1000, "").await?;
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it becomes an answer with `prepare`"]
pub struct WebSocketResponse {
    protocols: Vec<String>,
    settings: Settings,
}

impl WebSocketResponse {
    /// A WebSocket with the default options.
    ///
    /// Mirrors `aiohttp.web.WebSocketResponse()`.
    ///
    /// ```
    /// let response = asyncio::http::web::WebSocketResponse::new();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The subprotocols that are spoken here. The first that the client asks for among them is taken;
    /// [`WebSocket::protocol`] says which, if any.
    ///
    /// Mirrors the argument `protocols`.
    ///
    /// ```
    /// # use asyncio::http::web::WebSocketResponse;
    /// let response = WebSocketResponse::new().protocols(["chat.v2", "chat"]);
    /// ```
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// How many bytes a message of the client's may have; `None` is no limit. Default: 4 MiB.
    ///
    /// Mirrors the argument `max_msg_size`.
    ///
    /// ```
    /// # use asyncio::http::web::WebSocketResponse;
    /// let response = WebSocketResponse::new().max_message_size(64 * 1024);
    /// ```
    #[doc(alias = "max_msg_size")]
    pub fn max_message_size(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.settings.longest_message = bytes.into();
        self
    }

    /// Pings the client after each silence of this length, while something is received. One that
    /// doesn't answer within half of it is gone. Default: no heartbeat.
    ///
    /// Mirrors the argument `heartbeat`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::web::WebSocketResponse;
    /// let response = WebSocketResponse::new().heartbeat(Duration::from_secs(30));
    /// ```
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.settings.heartbeat = Some(every);
        self
    }

    /// The answer to `request` that opens the WebSocket, and what happens on it: `session`, which runs in
    /// the connection's own task once the answer is sent. When it returns, the WebSocket is closed, with
    /// the code 1000, or 1011 if it returned an error. The error is reported to the loop's exception
    /// handler.
    ///
    /// Mirrors `await ws.prepare(request)` and what follows it in a handler.
    ///
    /// The example of [`WebSocketResponse`] shows it.
    ///
    /// # Errors
    ///
    /// The request doesn't ask for a WebSocket (426), or not in the right way (400).
    #[track_caller]
    pub fn prepare<F, R>(self, request: &Request, session: F) -> Result<Response, HttpError>
    where
        F: AsyncFnOnce(&mut WebSocket) -> R + 'static,
        R: Handled,
    {
        let accepted =
            accept(request.method(), request.version(), request.headers(), &self.protocols);
        let (headers, protocol) = accepted.map_err(|(status, why)| {
            let error = HttpError::new(status, why).with_header(SEC_WEBSOCKET_VERSION, "13");
            // RFC 9110, 15.5.22: a 426 says what to.
            error.with_header(UPGRADE, "websocket").with_header(CONNECTION, "upgrade")
        })?;
        let settings = self.settings;
        let mut response = request.upgrade("websocket", async move |reader, writer| {
            let streams = (reader, writer);
            let mut socket = WebSocket::new(streams, Role::Server, settings, protocol).await;
            let failure = session(&mut socket).await.failure();
            let code = if failure.is_some() { 1011 } else { 1000 };
            // A client that is gone already has nothing to be told.
            let _ = socket.close(code, "").await;
            failure.map_or(Ok(()), Err)
        })?;
        response.headers_mut().extend(headers);
        Ok(response)
    }
}
