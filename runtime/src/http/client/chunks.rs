//! An answer's body in chunks, as it comes.
//!
//! Mirrors `StreamReader.iter_any` of aiohttp's `streams`.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use hyper::body::Bytes;

use super::{ClientError, Response};

/// The chunks of a body, as they come; made by [`Response::chunks`]. Nothing comes after an error.
///
/// ```
/// # use asyncio::http::{ClientError, ClientSession};
/// use futures::TryStreamExt;
///
#[doc = include_str!("../example_server.txt")]
/// asyncio::run(async {
///     let mut response = ClientSession::new().get(&url).await?;
///     let chunks: Vec<_> = response.chunks().try_collect().await?;
///     assert_eq!(chunks.concat(), b"Hello");
/// #   Ok::<(), ClientError>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct Chunks<'a> {
    response: &'a mut Response,
    has_ended: bool,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(response: &'a mut Response) -> Self {
        Self { response, has_ended: false }
    }

    /// The next chunk, of any size but zero; `None` after the last one.
    ///
    /// # Errors
    ///
    /// In the chunk's place: the body was cut short, the connection broke, or a limit of
    /// [`ClientTimeout`](super::ClientTimeout) ran out.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: the next call gives the chunk.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let mut response = ClientSession::new().get(&url).await?;
    ///     let mut chunks = response.chunks();
    ///     while let Some(chunk) = chunks.next().await {
    ///         println!("{} bytes", chunk?.len());
    ///     }
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn next(&mut self) -> Option<Result<Bytes, ClientError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Chunks<'_> {
    type Item = Result<Bytes, ClientError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.has_ended {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.response.poll_chunk(cx));
        this.has_ended = !matches!(chunk, Some(Ok(_)));
        Poll::Ready(chunk)
    }
}

impl fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("response", &self.response).finish_non_exhaustive()
    }
}
