//! A file as an answer: its type, its state, the part that was asked for. Mirrors
//! `aiohttp.web.FileResponse`.

use std::fs::Metadata;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_core::Stream;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};

use super::body::Body;
use super::error::HttpError;
use super::media_types::media_type;
use super::request::Request;
use super::response::Response;
use crate::fs::File;

/// How much is read of a file at a time. One that isn't larger is sent with its head.
const PIECE: usize = 64 * 1024;

/// The file at `path` as the answer to `request`: its type goes by its name; `ETag` and `Last-Modified` let a
/// client that has it do without; a range that is asked for is sent alone. Mirrors
/// `aiohttp.web.FileResponse(path)`.
///
/// Several ranges at once are answered with the whole file, as HTTP allows. A file that is cut short while
/// it is sent breaks the connection off.
///
/// # Errors
///
/// 404 for a file that isn't there or is no regular file, 412 and 416 for what the request's conditions say,
/// 500 for one that can't be read.
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped.
///
/// ```
/// use asyncio::http::web::{self, HttpError, Request, Response};
///
/// async fn manual(request: Request) -> Result<Response, HttpError> {
///     web::file_response(&request, "manual.pdf").await
/// }
/// # drop(asyncio::http::serve(("127.0.0.1", 0), manual));
/// ```
#[doc(alias = "FileResponse")]
pub async fn file_response(
    request: &Request,
    path: impl Into<PathBuf>,
) -> Result<Response, HttpError> {
    let path = path.into();
    // Opening what is no file, a pipe for instance, could take for ever.
    let metadata = crate::fs::metadata(&path).await.map_err(explain)?;
    respond(request, path, metadata).await
}

fn explain(error: io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            HttpError::not_found("").with_cause(error)
        }
        _ => HttpError::internal(error),
    }
}

pub(super) async fn respond(
    request: &Request,
    path: PathBuf,
    metadata: Metadata,
) -> Result<Response, HttpError> {
    if !metadata.is_file() {
        return Err(HttpError::not_found(""));
    }
    let state = State::of(&metadata);
    let mut response = match state.judge(request.headers()) {
        Verdict::Send => send(&path, 0, metadata.len()).await?,
        Verdict::Part { start, length } => {
            let end = start + length - 1;
            let range = format!("bytes {start}-{end}/{}", metadata.len());
            let part = send(&path, start, length).await?.with_status(StatusCode::PARTIAL_CONTENT);
            part.with_header(CONTENT_RANGE.as_str(), &range)
        }
        Verdict::Known => Response::new(()).with_status(StatusCode::NOT_MODIFIED),
        Verdict::Changed => {
            return Err(HttpError::new(StatusCode::PRECONDITION_FAILED, ""));
        }
        Verdict::NoSuchPart => {
            let unsatisfied = HttpError::new(StatusCode::RANGE_NOT_SATISFIABLE, "");
            let length = format!("bytes */{}", metadata.len());
            return Err(unsatisfied.with_header(CONTENT_RANGE, &length));
        }
    };
    state.describe(&path, response.headers_mut());
    Ok(response)
}

async fn send(path: &Path, start: u64, length: u64) -> Result<Response, HttpError> {
    let mut file = File::open(path).await.map_err(explain)?;
    if start > 0 {
        file.seek(SeekFrom::Start(start)).await?;
    }
    if length > PIECE as u64 {
        return Ok(Response::new(Body::sized_stream(length, Pieces::new(file, length))));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(PIECE));
    let mut pieces = Pieces::new(file, length);
    while let Some(piece) = std::future::poll_fn(|cx| Pin::new(&mut pieces).poll_next(cx)).await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(Response::new(bytes))
}

/// What the answer says of the file.
struct State {
    length: u64,
    modified: Option<SystemTime>,
    tag: String,
}

enum Verdict {
    Send,
    Part {
        start: u64,
        length: u64,
    },
    /// The client has it.
    Known,
    /// The client asks for what isn't there any more.
    Changed,
    NoSuchPart,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = since.unwrap_or_default().as_nanos();
        let tag = format!("\"{nanos:x}-{:x}\"", metadata.len());
        Self { length: metadata.len(), modified, tag }
    }

    fn describe(&self, path: &Path, headers: &mut HeaderMap) {
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let mut put = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        put(CONTENT_TYPE, media_type(path).into_owned());
        put(ETAG, self.tag.clone());
        if let Some(modified) = self.modified.filter(|modified| *modified >= UNIX_EPOCH) {
            put(LAST_MODIFIED, httpdate::fmt_http_date(modified));
        }
    }

    /// In the order of RFC 9110, section 13.2.2.
    fn judge(&self, headers: &HeaderMap) -> Verdict {
        let is_changed = match (text(headers, &IF_MATCH), text(headers, &IF_UNMODIFIED_SINCE)) {
            (Some(tags), _) => !self.is_among(tags),
            (None, Some(date)) => self.is_newer_than(date) == Some(true),
            (None, None) => false,
        };
        if is_changed {
            return Verdict::Changed;
        }
        let is_known = match (text(headers, &IF_NONE_MATCH), text(headers, &IF_MODIFIED_SINCE)) {
            (Some(tags), _) => self.is_among(tags),
            (None, Some(date)) => self.is_newer_than(date) == Some(false),
            (None, None) => false,
        };
        if is_known {
            return Verdict::Known;
        }
        match text(headers, &RANGE) {
            Some(range) if self.is_same(text(headers, &IF_RANGE)) => part(range, self.length),
            _ => Verdict::Send,
        }
    }

    fn is_among(&self, tags: &str) -> bool {
        let mut tags = tags.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag)
    }

    /// A date of HTTP knows no fractions. `None`: it is no date.
    fn is_newer_than(&self, date: &str) -> Option<bool> {
        let date = httpdate::parse_http_date(date).ok()?;
        Some(self.modified? >= date + Duration::from_secs(1))
    }

    /// Whether the file is the one that a range is wanted of.
    fn is_same(&self, condition: Option<&str>) -> bool {
        match condition {
            None => true,
            Some(tag) if tag.starts_with('"') => tag == self.tag,
            Some(date) => self.is_newer_than(date) == Some(false),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What a `Range` asks for. One that isn't understood is as none.
fn part(range: &str, length: u64) -> Verdict {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Verdict::Send;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match (number(first.trim()), number(last.trim())) {
        (Some(first), Some(last)) if first <= last => (first, last.min(length.saturating_sub(1))),
        (Some(first), None) if last.trim().is_empty() => (first, length.saturating_sub(1)),
        (None, Some(count)) if first.trim().is_empty() => {
            let start = if count == 0 { length } else { length.saturating_sub(count) };
            (start, length.saturating_sub(1))
        }
        _ => return Verdict::Send,
    };
    if start >= length {
        return Verdict::NoSuchPart;
    }
    Verdict::Part { start, length: end - start + 1 }
}

/// A file, piece by piece.
struct Pieces {
    left: u64,
    reading: Reading,
}

enum Reading {
    Nothing(Option<File>),
    Piece(Pin<Box<dyn Future<Output = (File, io::Result<Bytes>)>>>),
}

impl Pieces {
    fn new(file: File, left: u64) -> Self {
        Self { left, reading: Reading::Nothing(Some(file)) }
    }
}

async fn read(mut file: File, length: usize) -> (File, io::Result<Bytes>) {
    let mut bytes = vec![0; length];
    let read = file.read(&mut bytes).await;
    let read = read.map(|length| {
        bytes.truncate(length);
        bytes.into()
    });
    (file, read)
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &mut self.reading {
                Reading::Nothing(file) => {
                    let Some(file) = file.take().filter(|_| self.left > 0) else {
                        return Poll::Ready(None);
                    };
                    let length = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
                    self.reading = Reading::Piece(Box::pin(read(file, length)));
                }
                Reading::Piece(piece) => {
                    let (file, read) = ready!(piece.as_mut().poll(cx));
                    self.reading = Reading::Nothing(Some(file));
                    let bytes = read?;
                    // The file is shorter than it was: whoever waits for the rest learns it.
                    if bytes.is_empty() {
                        self.reading = Reading::Nothing(None);
                        return Poll::Ready(None);
                    }
                    self.left -= bytes.len() as u64;
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}
