//! `Response`: an answer's head, and its body as it is read.
//!
//! Mirrors aiohttp's `ClientResponse`.

use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use encoding_rs::{Encoding, UTF_8};
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use hyper::{StatusCode, http::response};
use url::Url;

use super::chunks::Chunks;
use super::decode;
use super::error::{ClientError, Failure, Stage};
use super::exchange::Exchange;
use super::incoming::{Incoming, Pieces};
use super::redirect::Redirect;
use super::timeouts::Watch;
use crate::streams::{self, StreamReader, StreamWriter};
use crate::task::table;

/// What is set aside for a body because its head promises that much. More comes as bytes do.
const MOST_SET_ASIDE: usize = 1024 * 1024;

/// An answer: its head is here, its body is read when it is asked for.
///
/// Mirrors `aiohttp.ClientResponse`. Awaiting [`ClientSession::get`](super::ClientSession::get) gives
/// it. Its connection is free again once the body was read; dropping it before closes the connection, or
/// reads what is here already of a small rest.
///
/// ```
/// # use asyncio::http::{ClientError, ClientSession};
#[doc = include_str!("../example_server.txt")]
/// asyncio::run(async {
///     let mut response = ClientSession::new().get(&url).await?;
///     assert!(response.is_ok());
///     assert_eq!(response.status(), 200);
///     assert_eq!(response.headers()["content-type"], "text/plain");
///     assert_eq!(response.url().as_str(), url);
///     assert!(response.history().is_empty());
///     assert_eq!(response.text().await?, "Hello");
/// #   Ok::<(), ClientError>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Response {
    head: response::Parts,
    url: Url,
    history: Vec<Redirect>,
    content: Content,
    /// After an answer of 101, what the other protocol goes over.
    switched: Option<Incoming>,
    watch: Watch,
    longest_body: Option<usize>,
    /// The body was compressed, and comes as it was before.
    is_decoded: bool,
}

/// How much of the body is here.
enum Content {
    Coming { body: Box<dyn Pieces>, received: Received, promised: usize },
    Whole(Bytes),
    Broken(ClientError),
}

/// What came of the body and was not handed out. One piece stays as it came.
#[derive(Default)]
struct Received {
    first: Bytes,
    all: Vec<u8>,
}

impl Received {
    fn len(&self) -> usize {
        if self.all.is_empty() { self.first.len() } else { self.all.len() }
    }

    /// `promised` is how many bytes there will be, as the server says.
    fn add(&mut self, piece: Bytes, promised: usize) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(promised.clamp(self.first.len() + piece.len(), MOST_SET_ASIDE));
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn take(&mut self) -> Bytes {
        let Self { first, all } = std::mem::take(self);
        if all.is_empty() { first } else { all.into() }
    }
}

impl Response {
    pub(super) fn new(head: response::Parts, body: Incoming, exchange: Exchange) -> Self {
        let is_switched = head.status == StatusCode::SWITCHING_PROTOCOLS;
        let settings = &exchange.session.settings;
        let mut is_decoded = false;
        let (content, switched) = if is_switched {
            (Content::Whole(Bytes::new()), Some(body))
        } else {
            let promised = usize::try_from(body.expected().unwrap_or(0)).unwrap_or(usize::MAX);
            let body = if settings.decompresses {
                let decoded = decode::decoded(&head.headers, body);
                is_decoded = decoded.is_ok();
                decoded.unwrap_or_else(|as_it_came| as_it_came)
            } else {
                Box::new(body)
            };
            (Content::Coming { body, received: Received::default(), promised }, None)
        };
        Self {
            head,
            url: exchange.url,
            history: exchange.history,
            content,
            switched,
            watch: Watch::new(exchange.deadline, exchange.timeout.read),
            longest_body: settings.longest_body,
            is_decoded,
        }
    }

    /// The status: `response.status() == 200`. It prints as `200 OK`.
    ///
    /// Mirrors `ClientResponse.status` and `.reason`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(&url).await?;
    ///     assert_eq!(response.status(), 200);
    ///     assert_eq!(response.status().to_string(), "200 OK");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Whether the status is below 400.
    ///
    /// Mirrors `ClientResponse.ok`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}missing")).await?;
    ///     assert_eq!(response.status(), 404);
    ///     assert!(!response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ok")]
    pub fn is_ok(&self) -> bool {
        self.head.status.as_u16() < 400
    }

    /// The headers. Names are compared without regard to case.
    ///
    /// Mirrors `ClientResponse.headers`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(&url).await?;
    ///     assert_eq!(response.headers()["content-type"], "text/plain");
    ///     assert!(response.headers().get("ETag").is_none());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// How many bytes the body is, as the header `Content-Length` says; of an answer to HEAD, how many it
    /// would be.
    ///
    /// Mirrors `ClientResponse.content_length`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(&url).await?;
    ///     assert_eq!(response.content_length(), Some(5));
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn content_length(&self) -> Option<u64> {
        self.head.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The cookies that this answer sets. Feature `cookies`.
    ///
    /// Mirrors `ClientResponse.cookies`. A cookie over 4096 bytes is left out, as browsers do.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}cookie")).await?;
    ///     assert_eq!(response.cookies()[0].name_value(), ("seen", "1"));
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "cookies")]
    pub fn cookies(&self) -> Vec<cookie::Cookie<'static>> {
        super::cookies::set_in(&self.head.headers)
    }

    /// The URL that answered: after redirects, the last one. User name and password are taken out.
    ///
    /// Mirrors `ClientResponse.url`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}old")).await?;
    ///     assert_eq!(response.url().as_str(), url);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The redirects that led here, the first one first.
    ///
    /// Mirrors `ClientResponse.history`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}old")).await?;
    ///     let passed = response.history().iter().map(|redirect| redirect.url().path());
    ///     assert_eq!(passed.collect::<Vec<_>>(), ["/old"]);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history(&self) -> &[Redirect] {
        &self.history
    }

    /// The response itself, unless its status is 400 or above: then an error of the stage
    /// [`Status`](Stage::Status).
    ///
    /// Mirrors `ClientResponse.raise_for_status()`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     assert_eq!(session.get(&url).await?.error_for_status()?.text().await?, "Hello");
    ///     let error = session.get(format!("{url}missing")).await?.error_for_status().unwrap_err();
    ///     assert_eq!(error.to_string(), format!("{url}missing: the server answered 404 Not Found"));
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The status is 400 or above.
    #[doc(alias = "raise_for_status")]
    pub fn error_for_status(self) -> Result<Self, ClientError> {
        if self.is_ok() {
            return Ok(self);
        }
        Err(Failure::status(self.head.status).at(self.url.as_str()))
    }

    /// The body as bytes. It is kept: a second call gives it again.
    ///
    /// Mirrors `ClientResponse.read()`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let mut response = ClientSession::new().get(&url).await?;
    ///     assert_eq!(response.bytes().await?.len(), 5);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The body was cut short, the connection broke, a limit of
    /// [`ClientTimeout`](super::ClientTimeout) ran out, or the body is larger than
    /// [`max_body_size`](super::ClientSessionBuilder::max_body_size). Calling it again gives the same error.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    #[doc(alias = "read")]
    pub async fn bytes(&mut self) -> Result<Bytes, ClientError> {
        poll_fn(|cx| self.poll_whole(cx)).await;
        match &self.content {
            Content::Whole(bytes) => Ok(bytes.clone()),
            Content::Broken(error) => Err(error.clone()),
            Content::Coming { .. } => unreachable!("the body was read to its end"),
        }
    }

    /// The body as text, decoded as the header `Content-Type` says, or as UTF-8 if it names no encoding
    /// that is known. What isn't valid becomes `\u{FFFD}`; a byte order mark is believed and removed.
    ///
    /// Mirrors `ClientResponse.text(errors="replace")`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let text = ClientSession::new().get(&url).await?.text().await?;
    ///     assert_eq!(text, "Hello");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); or the server compressed the body, which it wasn't asked to.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    pub async fn text(&mut self) -> Result<String, ClientError> {
        let bytes = self.bytes().await?;
        self.check_decoded()?;
        let encoding = charset(&self.head.headers).unwrap_or(UTF_8);
        let (text, _, _) = encoding.decode(&bytes);
        Ok(text.into_owned())
    }

    /// The body as a value, read as JSON. Feature `json`.
    ///
    /// Mirrors `ClientResponse.json()`, which also wants the `Content-Type` to be `application/json`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let mut response = ClientSession::new().get(format!("{url}json")).await?;
    ///     let ada: serde_json::Value = response.json().await?;
    ///     assert_eq!(ada["name"], "Ada");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); or of the stage [`Decode`](Stage::Decode), when the body is no JSON, is not
    /// UTF-8, or is not what the type wants. The text says where and why.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    #[cfg(feature = "json")]
    pub async fn json<T: serde_core::de::DeserializeOwned>(&mut self) -> Result<T, ClientError> {
        let bytes = self.bytes().await?;
        self.check_decoded()?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("the body is not the JSON that was expected: {error}");
            Failure::new(Stage::Decode, message).caused_by(error).at(self.url.as_str())
        })
    }

    /// The body in chunks, as it comes: a [`Stream`](futures_core::Stream) that holds no more than one of
    /// them. Only what was not read before is in it, and afterwards [`bytes`](Self::bytes) gives what it
    /// left.
    ///
    /// Mirrors `ClientResponse.content.iter_any()`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let mut response = ClientSession::new().get(&url).await?;
    ///     let mut length = 0;
    ///     let mut chunks = response.chunks();
    ///     while let Some(chunk) = chunks.next().await {
    ///         length += chunk?.len();
    ///     }
    ///     assert_eq!(length, 5);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "iter_any")]
    #[doc(alias = "iter_chunked")]
    pub fn chunks(&mut self) -> Chunks<'_> {
        Chunks::new(self)
    }

    /// The connection itself, once the server has answered 101 and agreed to speak another protocol on it. It
    /// keeps its place among the session's connections. The limits of a request end here.
    ///
    /// Mirrors what `aiohttp.ClientSession.ws_connect` does with `ClientResponse.connection`.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     let _ = stream.read(&mut [0; 1024]);
    /// #     let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\n\r\nHEY\n");
    /// # });
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     let request = session.get(&url).header("Connection", "upgrade").header("Upgrade", "shout");
    ///     let (mut reader, writer) = request.await?.upgrade().await?;
    ///     assert_eq!(reader.read_line().await?, b"HEY\n");
    ///     writer.close();
    /// #   Ok::<(), Box<dyn std::error::Error>>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The answer was another one than 101, or the connection broke.
    ///
    /// # Panics
    ///
    /// Outside a running event loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the connection.
    pub async fn upgrade(self) -> Result<(StreamReader, StreamWriter), ClientError> {
        let made_at = Location::caller();
        let Self { head, url, switched, .. } = self;
        let wire = match switched {
            Some(incoming) => incoming.upgrade().await,
            None => Ok(None),
        };
        let no_upgrade = || {
            let message =
                format!("the server doesn't change protocols: it answered {}", head.status);
            Failure::new(Stage::Read, message)
        };
        let wire = wire.and_then(|wire| wire.ok_or_else(no_upgrade));
        let wire = wire.map_err(|failure| failure.at(url))?;
        let Some(tasks) = table::running() else { table::outside_a_loop("Response::upgrade") };
        Ok(streams::pair(&tasks, wire, streams::DEFAULT_LIMIT, made_at))
    }

    /// The next chunk that was not handed out; `None` after the last.
    pub(super) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ClientError>>> {
        loop {
            match &mut self.content {
                Content::Coming { received, .. } if received.len() > 0 => {
                    return Poll::Ready(Some(Ok(received.take())));
                }
                Content::Coming { .. } => ready!(self.poll_more(cx)),
                Content::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
                Content::Whole(bytes) => return Poll::Ready(Some(Ok(std::mem::take(bytes)))),
                Content::Broken(error) => return Poll::Ready(Some(Err(error.clone()))),
            }
        }
    }

    fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Content::Coming { received, .. } = &self.content {
            if let Some(limit) = self.longest_body
                && received.len() > limit
            {
                self.fail(if self.is_decoded { bomb(limit) } else { too_large(limit) });
            } else {
                ready!(self.poll_more(cx));
            }
        }
        Poll::Ready(())
    }

    /// Reads one piece more.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Content::Coming { body, received, promised } = &mut self.content else {
            return Poll::Ready(());
        };
        match ready!(self.watch.poll(cx, |cx| body.poll_piece(cx))) {
            Ok(Ok(Some(piece))) => received.add(piece, *promised),
            Ok(Ok(None)) => self.content = Content::Whole(received.take()),
            Ok(Err(failure)) => self.fail(failure),
            Err(limit) => {
                let doing = format_args!("reading the body ({} bytes came)", received.len());
                let failure = Failure::timeout(limit, doing);
                self.fail(failure);
            }
        }
        Poll::Ready(())
    }

    fn fail(&mut self, failure: Failure) {
        self.content = Content::Broken(failure.at(self.url.as_str()));
    }

    /// An error if the body is compressed still.
    fn check_decoded(&self) -> Result<(), ClientError> {
        let Some(compression) = self.compression() else { return Ok(()) };
        let message = format!(
            "the body is compressed ({compression}), although nobody asked for it: \
             take it with bytes()"
        );
        Err(Failure::new(Stage::Decode, message).at(self.url.as_str()))
    }

    fn compression(&self) -> Option<String> {
        let value = self.head.headers.get(CONTENT_ENCODING).filter(|_| !self.is_decoded)?;
        let value = String::from_utf8_lossy(value.as_bytes());
        (!value.eq_ignore_ascii_case("identity")).then(|| value.into_owned())
    }
}

fn bomb(limit: usize) -> Failure {
    let message = format!(
        "the body is larger than {limit} bytes once it is decompressed, the most that is read into \
         memory: take it with chunks(), or raise max_body_size()"
    );
    Failure::new(Stage::Decode, message)
}

fn too_large(limit: usize) -> Failure {
    let message = format!(
        "the body is larger than {limit} bytes, the most that is read into memory: take it with \
         chunks(), or raise max_body_size()"
    );
    Failure::new(Stage::Read, message)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.head.status)
            .field("url", &self.url.as_str())
            .field("headers", &self.head.headers)
            .finish_non_exhaustive()
    }
}

/// The encoding that `Content-Type: text/html; charset=…` names, if it is a known one.
fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    content_type
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, label)| Encoding::for_label(label.trim().trim_matches('"').as_bytes()))
}
