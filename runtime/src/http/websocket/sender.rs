//! The sending half of a WebSocket, which several tasks may hold.
//!
//! For `websocket`. Mirrors the `send_…` methods of aiohttp's WebSockets.

use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use async_tungstenite::tungstenite;
use hyper::body::Bytes;
use tungstenite::protocol::CloseFrame;

use super::line::{Io, Line};
use super::{Message, WebSocketError, WebSocketErrorKind};
use crate::locks::Lock;

/// The longest payload of a ping or a close frame, which has two bytes for the code.
const LONGEST_CONTROL: usize = 125;

/// Sends on a [`WebSocket`](super::WebSocket), from any task of its loop. Made by
/// [`WebSocket::sender`](super::WebSocket::sender); a clone sends on the same one.
///
/// Mirrors the `send_…` methods of `aiohttp.ClientWebSocketResponse`. Messages of several tasks go one
/// after the other, first in, first out, each of them whole.
///
/// ```
/// use asyncio::http::{WebSocket, WebSocketError};
///
/// async fn chat(mut socket: WebSocket) -> Result<(), WebSocketError> {
///     let sender = socket.sender();
///     let greeting = asyncio::create_task(async move { sender.send_text("Good morning").await });
///     while let Some(message) = socket.receive().await? {
///         println!("{message:?}");
///     }
///     greeting.await.expect("nobody cancels it")
/// }
/// ```
#[derive(Clone)]
pub struct WebSocketSender {
    socket: Rc<Lock<async_tungstenite::WebSocketSender<Io>>>,
    line: Rc<Line>,
}

impl WebSocketSender {
    pub(super) fn new(socket: async_tungstenite::WebSocketSender<Io>, line: Rc<Line>) -> Self {
        Self { socket: Rc::new(Lock::new(socket)), line }
    }

    /// Sends a message, and waits until the system has taken it all.
    ///
    /// Mirrors `send_str` and `send_bytes`, whichever fits.
    ///
    /// ```
    /// # use asyncio::http::{Message, WebSocketError, WebSocketSender};
    /// async fn greet(sender: &WebSocketSender) -> Result<(), WebSocketError> {
    ///     sender.send(Message::Text("Good morning".to_owned())).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The WebSocket is closed, or the connection broke.
    ///
    /// # Cancel safety
    ///
    /// Dropped while others send: nothing of it is sent. Dropped later: the peer never sees half of the
    /// message; what the system hasn't taken of it goes before the next one.
    pub async fn send(&self, message: Message) -> Result<(), WebSocketError> {
        self.send_frame(match message {
            Message::Text(text) => tungstenite::Message::text(text),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        })
        .await
    }

    /// Sends a text. Mirrors `send_str`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocketError, WebSocketSender};
    /// async fn greet(sender: &WebSocketSender) -> Result<(), WebSocketError> {
    ///     sender.send_text("Good morning").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    #[doc(alias = "send_str")]
    pub async fn send_text(&self, text: impl Into<String>) -> Result<(), WebSocketError> {
        self.send(Message::Text(text.into())).await
    }

    /// Sends bytes. Mirrors `send_bytes`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocketError, WebSocketSender};
    /// async fn greet(sender: &WebSocketSender) -> Result<(), WebSocketError> {
    ///     sender.send_binary([1, 2, 3].to_vec()).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    #[doc(alias = "send_bytes")]
    pub async fn send_binary(&self, bytes: impl Into<Bytes>) -> Result<(), WebSocketError> {
        self.send(Message::Binary(bytes.into())).await
    }

    /// Sends a ping with `payload`, of at most 125 bytes. Mirrors `ping`.
    ///
    /// The peer's answer is taken by [`WebSocket::receive`](super::WebSocket::receive), which doesn't
    /// show it; to know that the peer is there, set a heartbeat. A ping of the peer's is answered
    /// unasked while something is received.
    ///
    /// ```
    /// # use asyncio::http::{WebSocketError, WebSocketSender};
    /// async fn knock(sender: &WebSocketSender) -> Result<(), WebSocketError> {
    ///     sender.ping("anybody there?").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), or the payload is too long.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&self, payload: impl Into<Bytes>) -> Result<(), WebSocketError> {
        let payload = payload.into();
        if payload.len() > LONGEST_CONTROL {
            let message = format!(
                "a ping of {} bytes can't be sent: {LONGEST_CONTROL} is the most",
                payload.len()
            );
            return Err(WebSocketError::new(WebSocketErrorKind::Unsendable, message));
        }
        self.send_frame(tungstenite::Message::Ping(payload)).await
    }

    /// Begins to close: tells the peer `code` and `reason`. Nothing can be sent after it. The end comes
    /// to who receives; [`WebSocket::close`](super::WebSocket::close) waits for it.
    ///
    /// Mirrors the first half of `close`. 1000 is the normal end, 1001 going away; a program's own codes
    /// are 4000 to 4999. The reason has at most 123 bytes.
    ///
    /// ```
    /// # use asyncio::http::{WebSocketError, WebSocketSender};
    /// async fn leave(sender: &WebSocketSender) -> Result<(), WebSocketError> {
    ///     sender.close(1001, "lunch").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); or the code is not one that may be sent, or the reason is too long.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn close(&self, code: u16, reason: &str) -> Result<(), WebSocketError> {
        self.send_frame(close_frame(code, reason)?).await
    }

    /// Says goodbye if that can be done at once.
    pub(super) fn try_close(&self, code: u16) {
        let Some(mut socket) = self.socket.try_acquire() else { return };
        let Ok(frame) = close_frame(code, "") else { return };
        let sending = pin!(socket.send(frame));
        let _ = sending.poll(&mut Context::from_waker(Waker::noop()));
    }

    async fn send_frame(&self, frame: tungstenite::Message) -> Result<(), WebSocketError> {
        let mut socket = self.socket.acquire().await;
        self.line.begin_poll();
        socket.send(frame).await.map_err(WebSocketError::from_tungstenite)
    }
}

fn close_frame(code: u16, reason: &str) -> Result<tungstenite::Message, WebSocketError> {
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        let message = format!(
            "{code} can't be sent as a close code: 1000 is the normal end, 4000 to 4999 are free"
        );
        return Err(WebSocketError::new(WebSocketErrorKind::Unsendable, message));
    }
    if reason.len() > LONGEST_CONTROL - 2 {
        let message = format!(
            "a close reason of {} bytes can't be sent: {} is the most",
            reason.len(),
            LONGEST_CONTROL - 2
        );
        return Err(WebSocketError::new(WebSocketErrorKind::Unsendable, message));
    }
    Ok(tungstenite::Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })))
}

impl fmt::Debug for WebSocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketSender").finish_non_exhaustive()
    }
}
