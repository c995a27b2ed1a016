//! A request's body as it comes in, under the server's limits.
//!
//! For `request`, and for services of the crate tower, which take it as a `Body` of the crate http-body.
//! Mirrors `aiohttp.web.Request.content`.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use hyper::StatusCode;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};

use super::link::Waits;

/// A request's body, piece by piece: a [`Stream`] of bytes, and a `Body` of the crate http-body. Mirrors
/// `aiohttp.web.Request.content`.
///
/// It is [`Send`], as services of the crate tower want it.
///
/// ```
/// use asyncio::http::web::{HttpError, Request};
/// use futures::StreamExt;
///
/// async fn count(mut request: Request) -> Result<String, HttpError> {
///     let mut length = 0;
///     let chunks = request.chunks();
///     while let Some(piece) = chunks.next().await {
///         length += piece?.len();
///     }
///     Ok(length.to_string())
/// }
/// # drop(asyncio::http::serve(("127.0.0.1", 0), count));
/// ```
pub struct RequestBody {
    content: Content,
    /// How many bytes it may have, and how many came.
    limit: u64,
    received: u64,
    has_ended: bool,
    waits: Option<Arc<Waits>>,
}

enum Content {
    Incoming(Incoming),
    Bytes(Bytes),
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, limit: u64, waits: &Arc<Waits>) -> Self {
        // Nobody waits for nothing.
        let waits = (!incoming.is_end_stream()).then(|| waits.clone());
        Self { content: Content::Incoming(incoming), limit, received: 0, has_ended: false, waits }
    }

    pub(super) fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// How many bytes are still to come, at least.
    pub(super) fn left(&self) -> u64 {
        self.content.least()
    }

    /// Whether all has come, where the head said how much that is.
    pub(super) fn is_whole(&self) -> bool {
        HttpBody::is_end_stream(self)
    }

    fn waits(&self, waits: bool) {
        if let Some(told) = &self.waits {
            told.set(waits);
        }
    }

    fn poll_content(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        // What is too long anyway isn't asked for: a client that waits for "100 Continue" never sends it.
        if self.left().saturating_add(self.received) > self.limit {
            return Poll::Ready(Some(Err(BodyError::TooLarge(self.limit))));
        }
        let incoming = match &mut self.content {
            Content::Incoming(incoming) => incoming,
            Content::Bytes(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Content::Bytes(bytes) => {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))));
            }
        };
        let frame = ready!(Pin::new(incoming).poll_frame(cx));
        Poll::Ready(
            frame.map(|frame| frame.map_err(BodyError::of).and_then(|frame| self.count(frame))),
        )
    }

    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        if self.received > self.limit {
            return Err(BodyError::TooLarge(self.limit));
        }
        Ok(frame)
    }
}

impl Content {
    /// How many bytes will come, at least.
    fn least(&self) -> u64 {
        match self {
            Self::Incoming(incoming) => incoming.size_hint().lower(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = this.poll_content(cx);
        this.waits(frame.is_pending());
        this.has_ended |= matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Incoming(incoming) => incoming.is_end_stream(),
            Content::Bytes(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Incoming(incoming) => incoming.size_hint(),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.as_mut().poll_frame(cx)) {
                // The other kind of frame is trailers, which nobody asks for.
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.waits(false);
        if let Some(told) = &self.waits {
            told.leave_unread(!self.has_ended && !self.is_end_stream());
        }
    }
}

/// A body that is there, for a test of a handler. It has no limit.
impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            content: Content::Bytes(bytes),
            limit: u64::MAX,
            received: 0,
            has_ended: false,
            waits: None,
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("limit", &self.limit)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// Why a request's body didn't come. With `?`, it becomes the answer that is due.
///
/// ```
/// use asyncio::http::web::{BodyError, HttpError};
///
/// let error = HttpError::from(BodyError::TooLarge(1024));
/// assert_eq!(error.status(), 413);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// It is larger than the server allows: so many bytes.
    TooLarge(u64),
    /// Nothing of it came for too long; see [`Serve::stall_timeout`](super::Serve::stall_timeout).
    Stalled,
    /// The connection ended in the middle of it, or it is no HTTP: a chunk without a size, for instance.
    Broken(Box<dyn Error + Send + Sync>),
}

impl BodyError {
    fn of(error: hyper::Error) -> Self {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        if cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::TimedOut) {
            return Self::Stalled;
        }
        Self::Broken(error.into())
    }

    /// The status that is due: 413, 408 or 400.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::BodyError::Stalled.status(), 408);
    /// ```
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => {
                write!(f, "the body is larger than the limit of {limit} bytes")
            }
            Self::Stalled => f.write_str("the rest of the body did not come in time"),
            Self::Broken(_) => f.write_str("the body was cut short, or is not what its head says"),
        }
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(cause) => Some(&**cause),
            _ => None,
        }
    }
}
