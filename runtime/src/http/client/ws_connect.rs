//! `ClientSession::ws_connect`: a request that becomes a WebSocket.
//!
//! Mirrors aiohttp's `ClientSession.ws_connect`. `http::websocket` has what both ends share.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use super::error::{ClientError, Failure, Stage};
use super::{ClientSession, ClientTimeout, RequestBuilder};
use crate::http::websocket::{Role, Settings, WebSocket, ask};

impl ClientSession {
    /// Opens a WebSocket at `url`, of the scheme `ws`, `wss`, `http` or `https`, when it is awaited.
    ///
    /// Mirrors `aiohttp.ClientSession.ws_connect`. The session's headers, its proxy and its TLS settings hold
    /// here too. The limits of [`ClientTimeout`] end with the handshake. The WebSocket counts as one of the
    /// session's connections until it is dropped.
    ///
    /// ```
    /// use asyncio::http::{ClientSession, Message};
    ///
    /// async fn listen(session: &ClientSession) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut socket = session.ws_connect("wss://example.org/feed").await?;
    ///     socket.send_text("subscribe").await?;
    ///     while let Some(message) = socket.receive().await? {
    ///         println!("{message:?}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting it gives a [`ClientError`] as a request does; of the stage [`Upgrade`](Stage::Upgrade) where
    /// the server answers, but opens no WebSocket.
    ///
    /// # Panics
    ///
    /// Awaiting it outside a running event loop panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes its connection.
    pub fn ws_connect(&self, url: impl AsRef<str>) -> WsConnect {
        WsConnect {
            request: self.get(in_http(url.as_ref())),
            protocols: Vec::new(),
            settings: Settings::default(),
        }
    }
}

/// A WebSocket that is opened when this is awaited. Made by [`ClientSession::ws_connect`].
///
/// Mirrors the arguments of `aiohttp.ClientSession.ws_connect`.
///
/// ```
/// use std::time::Duration;
/// # use asyncio::http::{ClientError, ClientSession, WebSocket};
///
/// async fn open(session: &ClientSession) -> Result<WebSocket, ClientError> {
///     session
///         .ws_connect("ws://example.org/chat")
///         .protocols(["chat.v2", "chat"])
///         .heartbeat(Duration::from_secs(30))
///         .await
/// }
/// ```
#[must_use = "a WebSocket is opened when this is awaited"]
pub struct WsConnect {
    request: RequestBuilder,
    protocols: Vec<String>,
    settings: Settings,
}

impl WsConnect {
    /// Sends the header `name: value` with the handshake. See [`RequestBuilder::header`].
    ///
    /// Mirrors the argument `headers`.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("ws://example.org/").header("Origin", "http://example.org");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Says who asks. See [`RequestBuilder::basic_auth`].
    ///
    /// Mirrors the argument `auth`.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("wss://example.org/").basic_auth("ada", "secret");
    /// ```
    pub fn basic_auth(mut self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.request = self.request.basic_auth(user, password);
        self
    }

    /// How long the handshake may take, in place of what the session says.
    ///
    /// Mirrors the session's argument `timeout`, which `ws_connect` goes by.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("ws://example.org/").timeout(Duration::from_secs(5));
    /// ```
    pub fn timeout(mut self, timeout: impl Into<ClientTimeout>) -> Self {
        self.request = self.request.timeout(timeout);
        self
    }

    /// Offers subprotocols to the server, the one that is liked best first.
    /// [`WebSocket::protocol`] says which one it took, if any.
    ///
    /// Mirrors the argument `protocols`.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("ws://example.org/").protocols(["chat.v2", "chat"]);
    /// ```
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// How many bytes a message of the server's may have; `None` is no limit. Default: 4 MiB.
    ///
    /// Mirrors the argument `max_msg_size`.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("ws://example.org/").max_message_size(64 * 1024);
    /// ```
    #[doc(alias = "max_msg_size")]
    pub fn max_message_size(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.settings.longest_message = bytes.into();
        self
    }

    /// Pings the server after each silence of this length, while something is received. One that
    /// doesn't answer within half of it is gone. Default: no heartbeat.
    ///
    /// Mirrors the argument `heartbeat`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let session = asyncio::http::ClientSession::new();
    /// let opening = session.ws_connect("ws://example.org/").heartbeat(Duration::from_secs(30));
    /// ```
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.settings.heartbeat = Some(every);
        self
    }

    async fn open(self) -> Result<WebSocket, ClientError> {
        let mut exchange = self.request.begin()?;
        let asked = match ask(&mut exchange.headers, &self.protocols) {
            Ok(asked) => asked,
            Err(message) => return Err(Failure::new(Stage::Request, message).at(exchange.url)),
        };
        let response = exchange.response().await?;
        let protocol = asked
            .check(response.status(), response.headers())
            .map_err(|message| Failure::new(Stage::Upgrade, message).at(response.url().as_str()))?;
        let streams = response.upgrade().await?;
        Ok(WebSocket::new(streams, Role::Client, self.settings, protocol).await)
    }
}

impl IntoFuture for WsConnect {
    type Output = Result<WebSocket, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for WsConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConnect")
            .field("request", &self.request)
            .field("protocols", &self.protocols)
            .finish_non_exhaustive()
    }
}

/// The URL of the handshake, which is one of HTTP.
fn in_http(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https://{rest}"),
        _ => url.to_owned(),
    }
}
