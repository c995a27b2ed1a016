//! Reading forms of several parts. Feature `multipart`.
//!
//! For `request`. Mirrors `aiohttp.web.Request.multipart` and `MultipartReader`.
//! [multer](https://docs.rs/multer) parses. What must hold: however fast the client sends, there is no more
//! here than a piece of the body and what a part's head takes.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap};

use super::error::HttpError;
use super::request::Request;
use super::request_body::BodyError;

/// How many bytes may come without a part's head being whole.
const LONGEST_HEAD: usize = 64 * 1024;

impl Request {
    /// Reads the body as a form of several parts, `multipart/form-data`, part by part.
    ///
    /// Mirrors `await request.multipart()`. The server's limit of a body's size holds for all parts
    /// together; [`set_body_limit`](Self::set_body_limit) raises it for this request.
    ///
    /// # Errors
    ///
    /// 415 Unsupported Media Type, for a body that is no such form; 400 Bad Request, for one that doesn't
    /// say where its parts end.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, Request};
    /// use asyncio::http::{ClientSession, FormData, Part};
    ///
    /// async fn upload(mut request: Request) -> Result<String, HttpError> {
    ///     let mut answer = String::new();
    ///     let mut form = request.multipart()?;
    ///     while let Some(mut part) = form.next_part().await? {
    ///         let name = part.name().unwrap_or_default().to_owned();
    ///         answer += &format!("{name}: {} bytes\n", part.bytes().await?.len());
    ///     }
    ///     Ok(answer)
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// asyncio::run(async {
    ///     let server = asyncio::http::serve(("127.0.0.1", 0), upload).await?;
    ///     let form = FormData::new().field("title", "Notes").part("notes", Part::bytes("one\ntwo\n"));
    ///     let request = ClientSession::new().post(format!("http://{}/", server.local_addrs()[0]));
    ///     let answer = request.multipart(form).await?.text().await?;
    ///     assert_eq!(answer, "title: 5 bytes\nnotes: 8 bytes\n");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn multipart(&mut self) -> Result<Multipart<'_>, HttpError> {
        let content_type = self.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default());
        let boundary = boundary.map_err(|error| match error {
            multer::Error::NoBoundary => {
                HttpError::bad_request("the form doesn't say where its parts end")
            }
            _ => HttpError::unsupported_media_type("send multipart/form-data"),
        })?;
        let without_head = Arc::<AtomicUsize>::default();
        let body = PieceByPiece {
            body: self.chunks(),
            is_over: false,
            without_head: without_head.clone(),
        };
        let form = multer::Multipart::new(body, boundary);
        Ok(Multipart { form, part: None, without_head })
    }
}

/// The parts of a form, one after the other. Made by [`Request::multipart`].
///
/// Mirrors `aiohttp.MultipartReader`.
///
/// ```
/// use asyncio::http::web::{HttpError, Request};
///
/// async fn names(mut request: Request) -> Result<String, HttpError> {
///     let mut names = Vec::new();
///     let mut form = request.multipart()?;
///     while let Some(part) = form.next_part().await? {
///         names.push(part.name().unwrap_or_default().to_owned());
///     }
///     Ok(names.join(" "))
/// }
/// ```
pub struct Multipart<'a> {
    form: multer::Multipart<'a>,
    part: Option<multer::Field<'a>>,
    without_head: Arc<AtomicUsize>,
}

impl<'a> Multipart<'a> {
    /// The next part, once its head is here; `None` after the last. What is left of the one before is
    /// thrown away.
    ///
    /// Mirrors `await reader.next()`.
    ///
    /// The example of [`Multipart`] shows it.
    ///
    /// # Errors
    ///
    /// 400, for what is no such form or is cut short; 413, for a body over the limit.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    pub async fn next_part(&mut self) -> Result<Option<FormPart<'a, '_>>, HttpError> {
        while let Some(part) = &mut self.part {
            match part.chunk().await.map_err(of_multer)? {
                Some(_) => self.without_head.store(0, Ordering::Relaxed),
                None => self.part = None,
            }
        }
        self.part = self.form.next_field().await.map_err(of_multer)?;
        self.without_head.store(0, Ordering::Relaxed);
        let without_head = &*self.without_head;
        Ok(self.part.as_mut().map(|part| FormPart { part, without_head }))
    }
}

impl fmt::Debug for Multipart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").finish_non_exhaustive()
    }
}

/// A part of a form that comes in: its head is here, its content is read when it is asked for.
///
/// Mirrors `aiohttp.BodyPartReader`.
///
/// ```
/// use asyncio::http::web::{HttpError, Request};
///
/// async fn measure(mut request: Request) -> Result<String, HttpError> {
///     let mut length = 0;
///     let mut form = request.multipart()?;
///     while let Some(mut part) = form.next_part().await? {
///         while let Some(chunk) = part.chunk().await? {
///             length += chunk.len();
///         }
///     }
///     Ok(length.to_string())
/// }
/// ```
pub struct FormPart<'a, 'b> {
    part: &'b mut multer::Field<'a>,
    without_head: &'b AtomicUsize,
}

impl FormPart<'_, '_> {
    /// The name of the field.
    ///
    /// Mirrors `BodyPartReader.name`. The example of [`Multipart`] shows it.
    pub fn name(&self) -> Option<&str> {
        self.part.name()
    }

    /// What the client calls the file. Believe no path in it.
    ///
    /// Mirrors `BodyPartReader.filename`.
    ///
    /// ```
    /// # use asyncio::http::web::FormPart;
    /// fn is_file(part: &FormPart<'_, '_>) -> bool {
    ///     part.file_name().is_some()
    /// }
    /// ```
    #[doc(alias = "filename")]
    pub fn file_name(&self) -> Option<&str> {
        self.part.file_name()
    }

    /// The headers of the part.
    ///
    /// Mirrors `BodyPartReader.headers`.
    ///
    /// ```
    /// # use asyncio::http::web::FormPart;
    /// fn is_image(part: &FormPart<'_, '_>) -> bool {
    ///     part.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"image/"))
    /// }
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        self.part.headers()
    }

    /// The next chunk of the content; `None` after the last.
    ///
    /// Mirrors `await part.read_chunk()`. The example of [`FormPart`] shows it.
    ///
    /// # Errors
    ///
    /// As [`next_part`](Multipart::next_part).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    #[doc(alias = "read_chunk")]
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let chunk = self.part.chunk().await.map_err(of_multer)?;
        self.without_head.store(0, Ordering::Relaxed);
        Ok(chunk)
    }

    /// All that was not read of the content. Set a limit to the body's size: it is kept in the memory.
    ///
    /// Mirrors `await part.read()`. The example of [`Request::multipart`] shows it.
    ///
    /// # Errors
    ///
    /// As [`next_part`](Multipart::next_part).
    ///
    /// # Cancel safety
    ///
    /// Dropped, what it has read is lost.
    #[doc(alias = "read")]
    pub async fn bytes(&mut self) -> Result<Bytes, HttpError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    /// The same as text, of UTF-8; what isn't becomes `\u{FFFD}`.
    ///
    /// Mirrors `await part.text()`.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, Request};
    ///
    /// async fn title(mut request: Request) -> Result<String, HttpError> {
    ///     match request.multipart()?.next_part().await? {
    ///         Some(mut part) => part.text().await,
    ///         None => Err(HttpError::bad_request("there is no title")),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`next_part`](Multipart::next_part).
    ///
    /// # Cancel safety
    ///
    /// Dropped, what it has read is lost.
    pub async fn text(&mut self) -> Result<String, HttpError> {
        Ok(String::from_utf8_lossy(&self.bytes().await?).into_owned())
    }
}

impl fmt::Debug for FormPart<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormPart")
            .field("name", &self.name())
            .field("file_name", &self.file_name())
            .finish_non_exhaustive()
    }
}

/// A body that pauses after each piece: multer takes all there is before it looks at any.
struct PieceByPiece<S> {
    body: S,
    /// A piece was given, and the next call is to pause.
    is_over: bool,
    /// How many bytes came since the last that were a part's content.
    without_head: Arc<AtomicUsize>,
}

impl<S> Stream for PieceByPiece<S>
where
    S: Stream<Item = Result<Bytes, BodyError>> + Unpin,
{
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.is_over) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.without_head.load(Ordering::Relaxed) > LONGEST_HEAD {
            return Poll::Ready(Some(Err(HeadTooLong.into())));
        }
        let piece = ready!(Pin::new(&mut this.body).poll_next(cx));
        if let Some(Ok(piece)) = &piece {
            this.is_over = true;
            this.without_head.fetch_add(piece.len(), Ordering::Relaxed);
        }
        Poll::Ready(piece.map(|piece| piece.map_err(Into::into)))
    }
}

#[derive(Debug)]
struct HeadTooLong;

impl fmt::Display for HeadTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the head of a part is longer than {LONGEST_HEAD} bytes")
    }
}

impl Error for HeadTooLong {}

fn of_multer(error: multer::Error) -> HttpError {
    let cause = match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<BodyError>() {
            Ok(of_body) => return HttpError::from(*of_body),
            Err(cause) => cause,
        },
        error => error.into(),
    };
    HttpError::bad_request(format!("the form can't be read: {cause}"))
}
