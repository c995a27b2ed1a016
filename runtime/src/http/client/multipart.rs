//! `FormData`: a body of several parts, as a browser's form with files sends it.
//!
//! For `request`. Mirrors aiohttp's `FormData` and `MultipartWriter`. What must hold: a file is never whole
//! in the memory, and is opened when its turn comes.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use futures_core::Stream;
use hyper::body::Bytes;
use hyper::header::HeaderValue;

use super::body::{Body, Chunks, Source, pull, read};
use super::error::{Failure, Stage};
use crate::fs::{self, File};

/// The fields and files of a form, to be sent with
/// [`multipart`](super::RequestBuilder::multipart).
///
/// Mirrors `aiohttp.FormData`.
///
/// ```
/// use asyncio::http::{ClientError, ClientSession, FormData, Part};
///
/// async fn upload(session: &ClientSession, url: &str) -> Result<u16, ClientError> {
///     let form = FormData::new()
///         .field("title", "Annual report")
///         .part("report", Part::file("report.pdf").content_type("application/pdf"))
///         .part("notes", Part::bytes("one\ntwo\n").file_name("notes.txt"));
///     Ok(session.post(url).multipart(form).await?.status().as_u16())
/// }
/// ```
#[derive(Default)]
#[must_use = "a form is sent with `RequestBuilder::multipart`"]
pub struct FormData {
    parts: Vec<(String, Part)>,
}

/// One part of a [`FormData`]: what it holds, and what it is called.
///
/// Mirrors the arguments of `FormData.add_field`.
///
/// ```
/// use asyncio::http::{FormData, Part};
///
/// let form = FormData::new()
///     .part("portrait", Part::bytes(vec![0x89, b'P', b'N', b'G']).content_type("image/png"))
///     .part("letter", Part::file("letter.txt"));
/// ```
#[must_use = "a part is added with `FormData::part`"]
pub struct Part {
    content: Content,
    file_name: Option<String>,
    content_type: Option<String>,
}

enum Content {
    Bytes(Bytes),
    File(PathBuf),
    Stream { chunks: Chunks, length: Option<u64> },
}

impl FormData {
    /// A form without fields.
    ///
    /// Mirrors `aiohttp.FormData()`.
    ///
    /// ```
    /// let form = asyncio::http::FormData::new().field("name", "Ada");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field with a text. A name may come more than once.
    ///
    /// Mirrors `FormData.add_field(name, value)`.
    ///
    /// ```
    /// let form = asyncio::http::FormData::new().field("name", "Ada").field("born", "1815");
    /// ```
    #[doc(alias = "add_field")]
    pub fn field(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let content = Content::Bytes(value.into().into());
        self.part(name, Part { content, file_name: None, content_type: None })
    }

    /// Adds a part: bytes, a file, a stream.
    ///
    /// Mirrors `FormData.add_field(name, value, filename=…, content_type=…)`.
    ///
    /// ```
    /// use asyncio::http::{FormData, Part};
    ///
    /// let form = FormData::new().part("report", Part::file("report.pdf"));
    /// ```
    #[doc(alias = "add_field")]
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// The body, and the `Content-Type` that tells where its parts end.
    pub(super) fn into_body(self) -> Result<(Body, HeaderValue), Failure> {
        let boundary = format!("{:032x}", fastrand::u128(..));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type).expect("it is plain text");
        let mut pieces = Vec::new();
        for (name, part) in self.parts {
            pieces.push(Piece::Bytes(head(&boundary, &name, &part)?.into()));
            pieces.push(match part.content {
                Content::Bytes(bytes) => Piece::Bytes(bytes),
                Content::File(path) => Piece::File(path.into()),
                Content::Stream { chunks, length } => Piece::Stream { chunks, length },
            });
            pieces.push(Piece::Bytes(Bytes::from_static(b"\r\n")));
        }
        pieces.push(Piece::Bytes(format!("--{boundary}--\r\n").into()));
        Ok((body(pieces), content_type))
    }
}

impl fmt::Debug for FormData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.parts.iter().map(|(name, part)| (name, part))).finish()
    }
}

impl Part {
    /// A part of bytes, or of a text.
    ///
    /// Mirrors `add_field(name, b"…")`. It counts as a file, with the name of the field, unless
    /// [`file_name`](Self::file_name) says another. Its type is `application/octet-stream` unless
    /// [`content_type`](Self::content_type) says another.
    ///
    /// ```
    /// let part = asyncio::http::Part::bytes("one\ntwo\n").file_name("notes.txt");
    /// ```
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { content: Content::Bytes(bytes.into()), file_name: None, content_type: None }.typed()
    }

    /// A part with the content of the file at `path`, under the path's last name. It is opened when its
    /// turn to be sent comes, and read piece by piece.
    ///
    /// Mirrors `add_field(name, open(path, "rb"))`. A file that isn't there ends the request with an
    /// error of the stage [`Request`](super::Stage::Request); one that becomes longer or shorter while it
    /// is sent, of the stage [`Send`](super::Stage::Send).
    ///
    /// ```
    /// let part = asyncio::http::Part::file("report.pdf").content_type("application/pdf");
    /// ```
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { content: Content::File(path), file_name: name, content_type: None }.typed()
    }

    /// A part of the chunks of a stream. A form with one can be sent once: see
    /// [`Body::stream`](super::Body::stream).
    ///
    /// Mirrors `add_field(name, …)` with an asynchronous generator.
    ///
    /// ```
    /// use asyncio::http::Part;
    ///
    /// let chunks = futures::stream::iter(["one ", "two"].map(Ok::<_, std::io::Error>));
    /// let part = Part::stream(chunks).with_length(7);
    /// ```
    pub fn stream<S, B, E>(chunks: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let content = Content::Stream { chunks: pull(chunks), length: None };
        Self { content, file_name: None, content_type: None }.typed()
    }

    /// Says how many bytes the stream's chunks are in all. With that of all parts known, the form goes out
    /// with a `Content-Length`, otherwise, and if there is a file too, in chunks.
    ///
    /// aiohttp has no such thing: it sends a form with a stream in chunks.
    ///
    /// ```
    /// use asyncio::http::Part;
    ///
    /// let chunks = futures::stream::iter([Ok::<_, std::io::Error>("Hello")]);
    /// let part = Part::stream(chunks).with_length(5);
    /// ```
    pub fn with_length(mut self, bytes: u64) -> Self {
        if let Content::Stream { length, .. } = &mut self.content {
            *length = Some(bytes);
        }
        self
    }

    /// Says what the file is called for the server.
    ///
    /// Mirrors the argument `filename`.
    ///
    /// ```
    /// let part = asyncio::http::Part::bytes("one\ntwo\n").file_name("notes.txt");
    /// ```
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Says what kind of content it is, such as `image/png`.
    ///
    /// Mirrors the argument `content_type`. What can't stand in a header is an error when the request is
    /// awaited. aiohttp guesses from the file's name; here it is `application/octet-stream` unless this
    /// says otherwise.
    ///
    /// ```
    /// let part = asyncio::http::Part::file("portrait.png").content_type("image/png");
    /// ```
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    fn typed(self) -> Self {
        self.content_type("application/octet-stream")
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content: &dyn fmt::Debug = match &self.content {
            Content::Bytes(bytes) => &bytes.len(),
            Content::File(path) => path,
            Content::Stream { .. } => &"stream",
        };
        f.debug_struct("Part")
            .field("content", content)
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// What stands before a part.
fn head(boundary: &str, name: &str, part: &Part) -> Result<String, Failure> {
    let mut head =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escape(name));
    let file_name = match (&part.file_name, &part.content_type) {
        (Some(file_name), _) => Some(&**file_name),
        // Without a name for the file, servers would take the bytes for a field's text.
        (None, Some(_)) => Some(name),
        (None, None) => None,
    };
    if let Some(file_name) = file_name {
        let _ = write!(head, "; filename=\"{}\"", escape(file_name));
    }
    if let Some(content_type) = &part.content_type {
        if HeaderValue::from_str(content_type).is_err() {
            let message =
                format!("the content type of the part {name:?} can't be sent: {content_type:?}");
            return Err(Failure::new(Stage::Request, message));
        }
        let _ = write!(head, "\r\nContent-Type: {content_type}");
    }
    head.push_str("\r\n\r\n");
    Ok(head)
}

/// A name as browsers write it (the HTML standard, "multipart form data"): UTF-8, without what would end
/// it.
fn escape(name: &str) -> Cow<'_, str> {
    if !name.contains(['"', '\r', '\n']) {
        return name.into();
    }
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A").into()
}

/// What a body is put together of.
enum Piece {
    Bytes(Bytes),
    File(Rc<Path>),
    Stream { chunks: Chunks, length: Option<u64> },
}

impl Piece {
    /// How many bytes it has, where that needs no look at a file.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(_) => None,
            Self::Stream { length, .. } => *length,
        }
    }

    /// The same once more, if it can be had twice.
    fn again(&self) -> Option<Self> {
        match self {
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::File(path) => Some(Self::File(path.clone())),
            Self::Stream { .. } => None,
        }
    }
}

fn body(pieces: Vec<Piece>) -> Body {
    if pieces.iter().any(|piece| matches!(piece, Piece::Stream { .. })) {
        let length = pieces.iter().try_fold(0_u64, |sum, piece| sum.checked_add(piece.length()?));
        return Body::once(Source { chunks: in_turn(pieces), length });
    }
    Body::made(move || opened(pieces.iter().filter_map(Piece::again).collect()))
}

/// The pieces as one body, with the files' lengths as they are now.
async fn opened(pieces: Vec<Piece>) -> io::Result<Source> {
    let mut length = Some(0_u64);
    for piece in &pieces {
        let of_piece = match piece {
            Piece::File(path) => length_of(path).await?,
            piece => piece.length(),
        };
        length = length.zip(of_piece).and_then(|(sum, of_piece)| sum.checked_add(of_piece));
    }
    Ok(Source { chunks: in_turn(pieces), length })
}

/// How long a file is; of a device or a pipe, that says nothing.
async fn length_of(path: &Path) -> io::Result<Option<u64>> {
    let metadata = fs::metadata(path).await?;
    Ok(metadata.is_file().then_some(metadata.len()))
}

/// The chunks of the pieces, one after the other.
fn in_turn(pieces: Vec<Piece>) -> Chunks {
    let mut pieces = pieces.into_iter();
    let mut present = Present::Nothing;
    Box::new(move |cx| {
        loop {
            match &mut present {
                Present::Nothing => match pieces.next() {
                    None => return Poll::Ready(None),
                    Some(Piece::Bytes(bytes)) if bytes.is_empty() => {}
                    Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                    Some(Piece::File(path)) => {
                        present =
                            Present::Opening(Box::pin(async move { File::open(&path).await }));
                    }
                    Some(Piece::Stream { chunks, .. }) => present = Present::Chunks(chunks),
                },
                Present::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(file) => present = Present::Chunks(read(file)),
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                },
                Present::Chunks(chunks) => match ready!(chunks(cx)) {
                    Some(chunk) => return Poll::Ready(Some(chunk)),
                    None => present = Present::Nothing,
                },
            }
        }
    })
}

/// Whose turn it is.
enum Present {
    Nothing,
    Opening(Pin<Box<dyn Future<Output = io::Result<File>>>>),
    Chunks(Chunks),
}
