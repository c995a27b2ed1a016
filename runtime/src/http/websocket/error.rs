//! `WebSocketError`: why a WebSocket can't go on.
//!
//! For `websocket`. Mirrors aiohttp's `WebSocketError`, with a kind in place of its codes.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::tungstenite;
use tungstenite::error::{CapacityError, ProtocolError};

use super::line::EndlessFragments;

/// What kind of trouble a [`WebSocketError`] is.
///
/// Mirrors the codes of `aiohttp.WebSocketError`.
///
/// ```
/// use asyncio::http::{WebSocketError, WebSocketErrorKind};
///
/// fn is_the_peers_fault(error: &WebSocketError) -> bool {
///     use WebSocketErrorKind::{InvalidText, Protocol, TooLarge};
///     matches!(error.kind(), InvalidText | Protocol | TooLarge)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebSocketErrorKind {
    /// Something was to be sent after the WebSocket had closed, or had begun to.
    Closed,
    /// The connection ended or broke without the peer's saying goodbye.
    Lost,
    /// The peer didn't keep to the protocol: a wrong mask, an unknown frame, an answer to nothing. It is
    /// told so, with the code 1002.
    Protocol,
    /// The peer's message is longer than the limit. It is told so, with the code 1009.
    TooLarge,
    /// The peer sent a text that is not UTF-8. It is told so, with the code 1007.
    InvalidText,
    /// The peer hasn't answered a heartbeat's ping in time.
    Silent,
    /// What was to be sent can't be: a close code that isn't one, a ping that is too long.
    Unsendable,
}

/// Why a WebSocket can't go on. Its text is one line.
///
/// Mirrors `aiohttp.WebSocketError`, and `ClientConnectionResetError` where something was to be sent.
///
/// ```
/// use asyncio::http::{WebSocket, WebSocketError};
///
/// async fn echo(mut socket: WebSocket) -> Result<(), WebSocketError> {
///     while let Some(message) = socket.receive().await? {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct WebSocketError {
    kind: WebSocketErrorKind,
    message: String,
    source: Option<Arc<io::Error>>,
}

impl WebSocketError {
    pub(super) fn new(kind: WebSocketErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(super) fn silent(waited: Duration) -> Self {
        let message = format!("the peer has not answered a ping within {waited:?}: it is gone");
        Self::new(WebSocketErrorKind::Silent, message)
    }

    pub(super) fn closed() -> Self {
        Self::new(
            WebSocketErrorKind::Closed,
            "the WebSocket is closed: what was to be sent has not been",
        )
    }

    pub(super) fn from_tungstenite(error: tungstenite::Error) -> Self {
        use tungstenite::Error as E;
        match error {
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Protocol(ProtocolError::SendAfterClosing) => Self::closed(),
            E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::new(
                WebSocketErrorKind::Lost,
                "the peer has closed the connection without closing the WebSocket",
            ),
            E::Capacity(CapacityError::MessageTooLong { size, max_size }) => Self::new(
                WebSocketErrorKind::TooLarge,
                format!("the peer sent a message of {size} bytes or more: the limit is {max_size}"),
            ),
            E::Utf8(_) => {
                Self::new(WebSocketErrorKind::InvalidText, "the peer sent a text that is not UTF-8")
            }
            E::Io(error) if is_endless(&error) => Self::new(
                WebSocketErrorKind::TooLarge,
                "the peer sends one message in fragments without an end",
            ),
            E::Protocol(error) => Self::new(
                WebSocketErrorKind::Protocol,
                format!("the peer doesn't keep to the WebSocket protocol: {error}"),
            ),
            E::Io(error) => Self {
                kind: WebSocketErrorKind::Lost,
                message: format!("the WebSocket's connection broke: {error}"),
                source: Some(Arc::new(error)),
            },
            error => Self::new(
                WebSocketErrorKind::Protocol,
                format!("the peer doesn't keep to the WebSocket protocol: {error}"),
            ),
        }
    }

    /// What kind of trouble it is.
    ///
    /// Mirrors `WebSocketError.code`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocketError, WebSocketErrorKind};
    /// fn is_gone(error: &WebSocketError) -> bool {
    ///     matches!(error.kind(), WebSocketErrorKind::Lost | WebSocketErrorKind::Silent)
    /// }
    /// ```
    pub fn kind(&self) -> WebSocketErrorKind {
        self.kind
    }

    /// The code the peer is told, where its own doing is the reason.
    pub(super) fn close_code(&self) -> Option<u16> {
        match self.kind {
            WebSocketErrorKind::Protocol => Some(1002),
            WebSocketErrorKind::InvalidText => Some(1007),
            WebSocketErrorKind::TooLarge => Some(1009),
            _ => None,
        }
    }
}

fn is_endless(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<EndlessFragments>());
    cause.is_some()
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
