//! What a request carries: nothing, bytes, or chunks that are made while they are sent.
//!
//! For `request`; `outgoing` brings it to hyper. Mirrors aiohttp's `payload`.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_io::AsyncBufRead;
use hyper::body::Bytes;

use super::error::{Failure, Stage};
use super::outgoing::Outgoing;
use crate::fs::File;

/// Why the next chunk can't be had.
pub(in crate::http) type ChunkError = Box<dyn Error + Send + Sync>;

/// Gives the next chunk of a body, each time it is called; `None` after the last.
pub(in crate::http) type Chunks =
    Box<dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, ChunkError>>>>;

/// Chunks, and how many bytes they are in all, where that is known.
pub(in crate::http) struct Source {
    pub(in crate::http) chunks: Chunks,
    pub(in crate::http) length: Option<u64>,
}

type Opening = Pin<Box<dyn Future<Output = io::Result<Source>>>>;

/// What a request carries: bytes, or chunks that are made while they are sent.
///
/// Mirrors what aiohttp's argument `data` takes. Text, bytes and open [files](crate::fs::File) become one
/// by themselves where [`body`](super::RequestBuilder::body) wants one.
///
/// Chunks are asked for one at a time, as the server takes them: a body may be larger than the memory.
///
/// ```
/// use asyncio::http::Body;
///
/// let text = Body::from("Hello");
/// assert_eq!(text.len(), Some(5));
/// let numbers = Body::stream(futures::stream::iter(["1", "2"].map(Ok::<_, std::io::Error>)));
/// assert_eq!(numbers.len(), None);
/// ```
pub struct Body(Kind);

enum Kind {
    Whole(Bytes),
    /// Can be sent once; `None`: it was.
    Once {
        source: Option<Source>,
        length: Option<u64>,
    },
    /// Is made anew each time it is sent.
    Made(Rc<dyn Fn() -> Opening>),
}

impl Body {
    /// A body of the chunks that `chunks` gives. It can be sent once: a redirect that asks for it again is
    /// an error, and so is a connection that breaks.
    ///
    /// Mirrors `data=` with an asynchronous generator. An error that the stream gives ends the request with
    /// an error of the stage [`Send`](super::Stage::Send).
    ///
    /// ```
    /// use asyncio::http::Body;
    ///
    /// let chunks = ["one ", "two"].map(Ok::<_, std::io::Error>);
    /// let body = Body::stream(futures::stream::iter(chunks));
    /// assert!(!body.is_replayable());
    /// ```
    pub fn stream<S, B, E>(chunks: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::once(Source { chunks: pull(chunks), length: None })
    }

    /// The content of the file at `path`, which is opened when the body is sent, and again if it has to be
    /// sent again. Its length is the file's then.
    ///
    /// Mirrors `data=open(path, "rb")`. A file that can't be opened is an error of the stage
    /// [`Request`](super::Stage::Request), and names the path.
    ///
    /// ```
    /// let body = asyncio::http::Body::file("report.pdf");
    /// assert!(body.is_replayable());
    /// ```
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self::made(move || {
            let path = path.clone();
            async move { of_file(File::open(path).await?).await }
        })
    }

    /// Says how many bytes the chunks are in all, which is sent ahead as `Content-Length`. Without it they
    /// go out with `Transfer-Encoding: chunked`. Bytes and files know their length.
    ///
    /// Chunks that are more or fewer bytes end the request with an error of the stage
    /// [`Send`](super::Stage::Send).
    ///
    /// ```
    /// use asyncio::http::Body;
    ///
    /// let chunks = futures::stream::iter([Ok::<_, std::io::Error>("Hello")]);
    /// assert_eq!(Body::stream(chunks).with_length(5).len(), Some(5));
    /// ```
    #[must_use]
    pub fn with_length(mut self, length: u64) -> Self {
        if let Kind::Once { source, length: known } = &mut self.0 {
            *known = Some(length);
            if let Some(source) = source {
                source.length = Some(length);
            }
        }
        self
    }

    /// How many bytes it is, where that is known before it is sent.
    ///
    /// ```
    /// assert_eq!(asyncio::http::Body::from("Hello").len(), Some(5));
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "what is not known is neither empty nor not")]
    pub fn len(&self) -> Option<u64> {
        match &self.0 {
            Kind::Whole(bytes) => Some(bytes.len() as u64),
            Kind::Once { length, .. } => *length,
            Kind::Made(_) => None,
        }
    }

    /// Whether it can be sent again, after a redirect or on another connection.
    ///
    /// ```
    /// assert!(asyncio::http::Body::from("Hello").is_replayable());
    /// ```
    pub fn is_replayable(&self) -> bool {
        !matches!(self.0, Kind::Once { .. })
    }

    pub(in crate::http) const fn empty() -> Self {
        Self(Kind::Whole(Bytes::new()))
    }

    pub(in crate::http) fn once(source: Source) -> Self {
        let length = source.length;
        Self(Kind::Once { source: Some(source), length })
    }

    /// A body that `make` begins anew each time it is sent.
    pub(in crate::http) fn made<F>(make: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = io::Result<Source>> + 'static,
    {
        Self(Kind::Made(Rc::new(move || Box::pin(make()))))
    }

    /// What is sent this time.
    pub(super) async fn open(&mut self) -> Result<Outgoing, Failure> {
        match &mut self.0 {
            Kind::Whole(bytes) => Ok(Outgoing::whole(bytes.clone())),
            Kind::Once { source, .. } => source.take().map(Outgoing::source).ok_or_else(|| {
                Failure::new(
                    Stage::Send,
                    "the request's body is a stream, which can't be sent again",
                )
            }),
            Kind::Made(make) => make().await.map(Outgoing::source).map_err(|error| {
                let message = format!("the request's body can't be had: {error}");
                Failure::new(Stage::Request, message).caused_by(error)
            }),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("len", &self.len())
            .field("is_replayable", &self.is_replayable())
            .finish()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Whole(bytes))
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

/// From where the file stands to its end, once.
impl From<File> for Body {
    fn from(file: File) -> Self {
        Self::once(Source { chunks: read(file), length: None })
    }
}

async fn of_file(file: File) -> io::Result<Source> {
    let metadata = file.metadata().await?;
    // Of a device or a pipe, the length says nothing.
    let length = metadata.is_file().then_some(metadata.len());
    Ok(Source { chunks: read(file), length })
}

/// The chunks in which `file` is read.
pub(super) fn read(mut file: File) -> Chunks {
    Box::new(move |cx| {
        let mut file = Pin::new(&mut file);
        let piece = match ready!(file.as_mut().poll_fill_buf(cx)) {
            Ok(piece) => Bytes::copy_from_slice(piece),
            Err(error) => return Poll::Ready(Some(Err(error.into()))),
        };
        file.consume(piece.len());
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    })
}

pub(super) fn pull<S, B, E>(chunks: S) -> Chunks
where
    S: Stream<Item = Result<B, E>> + 'static,
    B: Into<Bytes>,
    E: Into<ChunkError>,
{
    let mut chunks = Box::pin(chunks);
    Box::new(move |cx| {
        let chunk = ready!(chunks.as_mut().poll_next(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map(Into::into).map_err(Into::into)))
    })
}
