//! What is sent as a response's body: bytes, or a stream of them.
//!
//! For `response` and `connection`. Mirrors what `aiohttp.web.Response(body=…)` takes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A response's body: nothing, bytes, or a stream of them. Mirrors the argument `body` of
/// `aiohttp.web.Response`.
///
/// ```
/// use asyncio::http::web::{Body, Response};
///
/// let body = Body::from("Hello");
/// assert_eq!(body.len(), Some(5));
/// let response = Response::new(body);
/// assert_eq!(response.status().as_u16(), 200);
/// ```
pub struct Body(Content);

enum Content {
    Bytes(Bytes),
    /// A stream, and how much of it is left, if that is known.
    Stream(Pin<Box<dyn Pieces>>, Option<u64>),
}

impl Body {
    /// A body without bytes.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::Body::empty().len(), Some(0));
    /// ```
    pub fn empty() -> Self {
        Self(Content::Bytes(Bytes::new()))
    }

    /// A body that is sent piece by piece, as `stream` gives it. Its length isn't known before, so it is
    /// sent in chunks, to a client of HTTP/1.0 until the connection closes. Mirrors `body=async_generator()`.
    ///
    /// The next piece is asked for when the last one has been sent, or nearly. An error ends the connection
    /// in the middle of the body, so that the client sees that it is not whole; the loop's exception handler
    /// is told.
    ///
    /// ```
    /// use asyncio::http::web::{Body, Response};
    ///
    /// let pieces = ["one ", "two "].map(|piece| Ok::<_, std::io::Error>(piece.into()));
    /// let body = Body::stream(futures::stream::iter(pieces));
    /// assert_eq!(body.len(), None);
    /// # drop(Response::new(body));
    /// ```
    pub fn stream<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + 'static,
        E: Into<BoxError>,
    {
        Self(Content::Stream(Box::pin(stream), None))
    }

    /// The same, where the length in bytes is known. What `stream` gives beyond it is an error, and so is
    /// an end before it.
    ///
    /// ```
    /// use asyncio::http::web::Body;
    ///
    /// let pieces = ["one ", "two "].map(|piece| Ok::<_, std::io::Error>(piece.into()));
    /// let body = Body::sized_stream(8, futures::stream::iter(pieces));
    /// assert_eq!(body.len(), Some(8));
    /// ```
    pub fn sized_stream<S, E>(length: u64, stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + 'static,
        E: Into<BoxError>,
    {
        Self(Content::Stream(Box::pin(stream), Some(length)))
    }

    /// The length in bytes, where it is known before all is sent. What was sent counts no more.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::Body::from("Hello").len(), Some(5));
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "of a stream, nobody knows")]
    pub fn len(&self) -> Option<u64> {
        match &self.0 {
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Stream(_, length) => *length,
        }
    }
}

/// A stream, whatever its errors are.
trait Pieces {
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>>;
}

impl<S, E> Pieces for S
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<BoxError>,
{
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.poll_next(cx).map(|piece| piece.map(|piece| piece.map_err(Into::into)))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Content::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Stream(stream, left) => {
                match std::task::ready!(stream.as_mut().poll_piece(cx)) {
                    Some(Ok(piece)) => Poll::Ready(Some(count(left, piece).map(Frame::data))),
                    Some(Err(error)) => Poll::Ready(Some(Err(error))),
                    None => Poll::Ready(cut_short(*left).map(Err)),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Bytes(bytes) => bytes.is_empty(),
            Content::Stream(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.len().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Takes `piece` off what is left of a known length.
fn count(left: &mut Option<u64>, piece: Bytes) -> Result<Bytes, BoxError> {
    if let Some(left) = left {
        let length = piece.len() as u64;
        *left = left.checked_sub(length).ok_or_else(|| {
            let over = length - *left;
            io::Error::other(format!("the stream gave {over} bytes more than the length said"))
        })?;
    }
    Ok(piece)
}

fn cut_short(left: Option<u64>) -> Option<BoxError> {
    let left = left.filter(|left| *left > 0)?;
    let message = format!("the stream ended {left} bytes before the length said");
    Some(io::Error::new(io::ErrorKind::UnexpectedEof, message).into())
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("len", &self.len()).finish_non_exhaustive()
    }
}
