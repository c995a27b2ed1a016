//! WebSockets, for both ends. Feature `ws`.
//!
//! Mirrors aiohttp's `ClientWebSocketResponse` and `WebSocketResponse`, which are one type here.
//! [tungstenite](https://docs.rs/tungstenite) speaks the protocol. Rooms: `line` is the connection under
//! it, `sender` the half that sends, `heartbeat` the pings, `handshake` what both ends say in HTTP first.

mod error;
mod handshake;
mod heartbeat;
mod line;
mod sender;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_tungstenite::tungstenite;
use async_tungstenite::{WebSocketReceiver, WebSocketStream};
use futures_core::Stream;
use hyper::body::Bytes;
pub(in crate::http) use tungstenite::protocol::Role;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};

pub use error::{WebSocketError, WebSocketErrorKind};
pub(in crate::http) use handshake::ask;
use heartbeat::Heartbeat;
use line::{Io, Line};
pub use sender::WebSocketSender;
pub use server::WebSocketResponse;

use crate::streams::{StreamReader, StreamWriter};
use crate::task::sleep::{Sleep, sleep};

/// As aiohttp's `max_msg_size`.
const LONGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// How long the peer may take to close in return. As aiohttp.
const TIME_TO_CLOSE: Duration = Duration::from_secs(10);

/// How long the connection stays for a peer that is told something last: that it did something wrong, or that
/// its goodbye came.
const TIME_TO_LISTEN: Duration = Duration::from_secs(1);

/// What is read at a time, and set aside for each WebSocket.
const READ_SIZE: usize = 16 * 1024;

/// What is said of a message's end where the peer says nothing: no code, and no goodbye.
const NO_CODE: u16 = 1005;
const NO_GOODBYE: u16 = 1006;

/// What came, or is to be sent.
///
/// Mirrors `aiohttp.WSMessage` of the types `TEXT` and `BINARY`. Pings, pongs and the end are dealt with
/// and don't show.
///
/// ```
/// use asyncio::http::Message;
///
/// fn show(message: &Message) -> String {
///     match message {
///         Message::Text(text) => text.clone(),
///         Message::Binary(bytes) => format!("{} bytes", bytes.len()),
///     }
/// }
/// assert_eq!(show(&Message::Binary(vec![0; 7].into())), "7 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// What both ends can set.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Settings {
    pub(in crate::http) longest_message: Option<usize>,
    pub(in crate::http) heartbeat: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { longest_message: Some(LONGEST_MESSAGE), heartbeat: None }
    }
}

impl Settings {
    fn for_tungstenite(self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(READ_SIZE)
            .write_buffer_size(0)
            .max_message_size(self.longest_message)
            .max_frame_size(self.longest_message)
    }
}

/// A connection that carries whole messages both ways.
///
/// Mirrors `aiohttp.ClientWebSocketResponse` and `aiohttp.web.WebSocketResponse`. It is also a
/// [`Stream`] of what [`receive`](Self::receive) gives. Other tasks send through
/// its [`sender`](Self::sender).
///
/// ```
/// use asyncio::http::{Message, WebSocket, WebSocketError};
///
/// async fn shout(mut socket: WebSocket) -> Result<(), WebSocketError> {
///     while let Some(message) = socket.receive().await? {
///         match message {
///             Message::Text(text) => socket.send_text(text.to_uppercase()).await?,
///             Message::Binary(bytes) => socket.send_binary(bytes).await?,
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// Dropping it tells the peer that this side is going away (1001), if that can be done at once, and closes
/// the connection. [`close`](Self::close) is the polite way.
///
/// Only a receiving WebSocket notices anything: it answers pings, keeps its heartbeat and sees the end.
/// Differs from aiohttp: messages are not compressed.
pub struct WebSocket {
    sender: WebSocketSender,
    receiver: WebSocketReceiver<Io>,
    line: Rc<Line>,
    heartbeat: Option<Heartbeat>,
    state: State,
    goodbye: Option<Goodbye>,
    protocol: Option<String>,
}

enum State {
    Open,
    /// The peer has closed. What is left is to answer it.
    Ending(Pin<Box<Sleep>>),
    /// The peer is told what it did wrong.
    Failing(Pin<Box<dyn Future<Output = ()>>>, WebSocketError),
    Ended,
}

struct Goodbye {
    code: u16,
    reason: String,
}

impl WebSocket {
    /// The WebSocket that a handshake ended in.
    pub(in crate::http) async fn new(
        (reader, writer): (StreamReader, StreamWriter),
        role: Role,
        settings: Settings,
        protocol: Option<String>,
    ) -> Self {
        let line = Rc::new(Line::new(reader, writer, settings.longest_message));
        let config = Some(settings.for_tungstenite());
        let io = Io(line.clone());
        let socket = WebSocketStream::from_raw_socket(io, role, config).await;
        let (sender, receiver) = socket.split();
        Self {
            sender: WebSocketSender::new(sender, line.clone()),
            receiver,
            line,
            heartbeat: settings.heartbeat.map(Heartbeat::new),
            state: State::Open,
            goodbye: None,
            protocol,
        }
    }

    /// The next message; `None` once the WebSocket is closed, by whichever end.
    ///
    /// Mirrors `async for message in ws` and `receive()`. Pings are answered here, and the peer's close
    /// too.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn count(mut socket: WebSocket) -> Result<usize, WebSocketError> {
    ///     let mut count = 0;
    ///     while socket.receive().await?.is_some() {
    ///         count += 1;
    ///     }
    ///     Ok(count)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The peer went without a goodbye, broke the protocol, sent a message over the limit or a text that
    /// is not UTF-8, or was silent for too long: see [`WebSocketErrorKind`]. After an error the
    /// connection is closed, and the next call gives `None`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    pub async fn receive(&mut self) -> Result<Option<Message>, WebSocketError> {
        std::future::poll_fn(|cx| self.poll_receive(cx)).await.transpose()
    }

    /// Sends a message. See [`WebSocketSender::send`].
    ///
    /// Mirrors `send_str` and `send_bytes`, whichever fits.
    ///
    /// ```
    /// # use asyncio::http::{Message, WebSocket, WebSocketError};
    /// async fn greet(socket: &WebSocket) -> Result<(), WebSocketError> {
    ///     socket.send(Message::Text("Good morning".to_owned())).await
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
        self.sender.send(message).await
    }

    /// Sends a text. Mirrors `send_str`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn greet(socket: &WebSocket) -> Result<(), WebSocketError> {
    ///     socket.send_text("Good morning").await
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
        self.sender.send_text(text).await
    }

    /// Sends bytes. Mirrors `send_bytes`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn greet(socket: &WebSocket) -> Result<(), WebSocketError> {
    ///     socket.send_binary(vec![1, 2, 3]).await
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
        self.sender.send_binary(bytes).await
    }

    /// Sends a ping with `payload`, of at most 125 bytes. See [`WebSocketSender::ping`].
    ///
    /// Mirrors `ping`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn knock(socket: &WebSocket) -> Result<(), WebSocketError> {
    ///     socket.ping("anybody there?").await
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
        self.sender.ping(payload).await
    }

    /// A handle for other tasks to send with.
    ///
    /// Mirrors the `send_…` methods, which any task may call in Python.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn greet(socket: WebSocket) -> Result<(), WebSocketError> {
    ///     let sender = socket.sender();
    ///     asyncio::create_task(async move { sender.send_text("Good morning").await })
    ///         .await
    ///         .expect("nobody cancels it")
    /// }
    /// ```
    pub fn sender(&self) -> WebSocketSender {
        self.sender.clone()
    }

    /// Closes: tells the peer `code` and `reason`, throws away what still comes, and waits until the peer
    /// has closed too, for at most 10 seconds. 1000 is the normal end; see [`WebSocketSender::close`] for
    /// others. On a closed WebSocket it does nothing.
    ///
    /// Mirrors `close(code=…, message=…)`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn leave(mut socket: WebSocket) -> Result<(), WebSocketError> {
    ///     socket.close(1000, "done").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive): the peer was gone already, or did something else than to close. It
    /// is of the kind [`Silent`](WebSocketErrorKind::Silent) where 10 seconds were not enough, and
    /// [`Unsendable`](WebSocketErrorKind::Unsendable) for a code or a reason that can't be sent. In all
    /// cases but the last the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has closed this side; calling it again waits on.
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), WebSocketError> {
        let closing = crate::timeout(TIME_TO_CLOSE, async {
            if matches!(self.state, State::Open) {
                match self.sender.close(code, reason).await {
                    // Closed before: what is left is to wait.
                    Err(error) if error.kind() != WebSocketErrorKind::Closed => return Err(error),
                    _ => {}
                }
            }
            while self.receive().await?.is_some() {}
            Ok(())
        });
        match closing.await {
            Ok(Err(error)) if error.kind() == WebSocketErrorKind::Unsendable => Err(error),
            Ok(outcome) => {
                self.end();
                outcome
            }
            Err(_) if self.goodbye.is_some() => {
                self.end();
                Ok(())
            }
            Err(_) => {
                self.end();
                let message = format!("the peer has not closed in return within {TIME_TO_CLOSE:?}");
                Err(WebSocketError::new(WebSocketErrorKind::Silent, message))
            }
        }
    }

    /// The code with which the peer has closed; 1005 if it gave none, 1006 if it went without a goodbye.
    /// `None` while it hasn't.
    ///
    /// Mirrors `close_code`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn ended_well(mut socket: WebSocket) -> Result<bool, WebSocketError> {
    ///     while socket.receive().await?.is_some() {}
    ///     Ok(socket.close_code() == Some(1000))
    /// }
    /// ```
    pub fn close_code(&self) -> Option<u16> {
        self.goodbye.as_ref().map(|goodbye| goodbye.code)
    }

    /// The reason the peer has given with its close; mostly empty.
    ///
    /// Mirrors `WSMessage.extra` of a `CLOSE` message.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn why(mut socket: WebSocket) -> Result<String, WebSocketError> {
    ///     while socket.receive().await?.is_some() {}
    ///     Ok(socket.close_reason().to_owned())
    /// }
    /// ```
    pub fn close_reason(&self) -> &str {
        self.goodbye.as_ref().map_or("", |goodbye| &goodbye.reason)
    }

    /// Whether it is closed, as far as the receiving side has seen.
    ///
    /// Mirrors `closed`.
    ///
    /// ```
    /// # use asyncio::http::{WebSocket, WebSocketError};
    /// async fn leave(mut socket: WebSocket) {
    ///     let _ = socket.close(1000, "").await;
    ///     assert!(socket.is_closed());
    /// }
    /// ```
    #[doc(alias = "closed")]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// The subprotocol that both ends agreed on, if they did.
    ///
    /// Mirrors `protocol` and `ws_protocol`.
    ///
    /// ```
    /// # use asyncio::http::WebSocket;
    /// fn speaks_chat(socket: &WebSocket) -> bool {
    ///     socket.protocol() == Some("chat")
    /// }
    /// ```
    #[doc(alias = "ws_protocol")]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, WebSocketError>>> {
        self.line.begin_poll();
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Failing(farewell, error) => {
                    if farewell.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    let error = error.clone();
                    self.end();
                    return Poll::Ready(Some(Err(error)));
                }
                State::Ending(alarm) => {
                    // Too late or not, the end is the end: both sides have said goodbye.
                    if alarm.as_mut().poll(cx).is_ready() {
                        self.end();
                        continue;
                    }
                    match Pin::new(&mut self.receiver).poll_next(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Some(Ok(_))) => {}
                        Poll::Ready(Some(Err(_)) | None) => self.end(),
                    }
                }
                State::Open => match Pin::new(&mut self.receiver).poll_next(cx) {
                    Poll::Ready(Some(Ok(message))) => {
                        if let Some(message) = self.take(message) {
                            return Poll::Ready(Some(Ok(message)));
                        }
                    }
                    Poll::Ready(Some(Err(error))) => {
                        self.fail(WebSocketError::from_tungstenite(error));
                    }
                    Poll::Ready(None) => self.end(),
                    Poll::Pending => {
                        let Some(heartbeat) = &mut self.heartbeat else {
                            return Poll::Pending;
                        };
                        match heartbeat.poll(cx, &self.sender) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(error) => self.fail(error),
                        }
                    }
                },
            }
        }
    }

    /// What of `message` is for the caller.
    fn take(&mut self, message: tungstenite::Message) -> Option<Message> {
        self.line.message_came();
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard();
        }
        match message {
            tungstenite::Message::Text(text) => Some(Message::Text(text.as_str().to_owned())),
            tungstenite::Message::Binary(bytes) => Some(Message::Binary(bytes)),
            tungstenite::Message::Close(frame) => {
                self.goodbye = Some(goodbye(frame));
                self.state = State::Ending(Box::pin(sleep(TIME_TO_LISTEN)));
                None
            }
            // Answered, or an answer.
            _ => None,
        }
    }

    /// Tells the peer what it did wrong, if it did and can be told.
    fn fail(&mut self, error: WebSocketError) {
        self.goodbye.get_or_insert(Goodbye { code: NO_GOODBYE, reason: String::new() });
        let (sender, line) = (self.sender.clone(), self.line.clone());
        let code = error.close_code();
        let farewell = async move {
            let Some(code) = code else { return };
            let telling = async {
                if sender.close(code, "").await.is_ok() {
                    // A connection that is closed while something unread is there is reset, and the
                    // peer's system throws away what it was told.
                    line.drain().await;
                }
            };
            let _ = crate::timeout(TIME_TO_LISTEN, telling).await;
        };
        self.state = State::Failing(Box::pin(farewell), error);
    }

    fn end(&mut self) {
        self.state = State::Ended;
        self.heartbeat = None;
        self.line.close();
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_receive(cx)
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        if matches!(self.state, State::Open) {
            self.line.begin_poll();
            self.sender.try_close(1001);
        }
        self.line.close();
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("protocol", &self.protocol)
            .field("is_closed", &self.is_closed())
            .field("close_code", &self.close_code())
            .finish_non_exhaustive()
    }
}

fn goodbye(frame: Option<CloseFrame>) -> Goodbye {
    match frame {
        Some(frame) => {
            Goodbye { code: frame.code.into(), reason: frame.reason.as_str().to_owned() }
        }
        None => Goodbye { code: NO_CODE, reason: String::new() },
    }
}

/// The loop's time, which a test may have made virtual.
fn now() -> Instant {
    crate::get_running_loop()
        .expect("a WebSocket needs a running event loop: use it inside asyncio::run()")
        .time()
}
