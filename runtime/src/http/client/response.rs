//! `Response`: an answer's head, and its body as it is read.
//!
//! Mirrors aiohttp's `ClientResponse`.

use std::fmt;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::{StatusCode, http::response};
use url::Url;

use super::connection::Body;
use super::error::{ClientError, Failure, Stage};
use super::redirect::Redirect;
use super::timeouts::Deadline;

/// What is set aside for a body because its head promises that much. More comes as bytes do.
const MOST_SET_ASIDE: usize = 1024 * 1024;

/// An answer: its head is here, its body is read when it is asked for.
///
/// Mirrors `aiohttp.ClientResponse`. Awaiting [`ClientSession::get`](super::ClientSession::get) gives
/// it. Dropping it closes its connection.
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
    deadline: Deadline,
    longest_silence: Option<Duration>,
}

/// How much of the body is here.
enum Content {
    Coming { body: Body, received: Vec<u8> },
    Whole(Bytes),
    Broken(ClientError),
}

impl Response {
    pub(super) fn new(
        answer: hyper::Response<Body>,
        url: Url,
        history: Vec<Redirect>,
        deadline: Deadline,
        longest_silence: Option<Duration>,
    ) -> Self {
        let (head, body) = answer.into_parts();
        let promised = usize::try_from(body.expected().unwrap_or(0)).unwrap_or(usize::MAX);
        let received = Vec::with_capacity(promised.min(MOST_SET_ASIDE));
        Self {
            head,
            url,
            history,
            content: Content::Coming { body, received },
            deadline,
            longest_silence,
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
    /// The body was cut short, the connection broke, or a limit of
    /// [`ClientTimeout`](super::ClientTimeout) ran out. Calling it again gives the same error.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    #[doc(alias = "read")]
    pub async fn bytes(&mut self) -> Result<Bytes, ClientError> {
        while let Content::Coming { .. } = self.content {
            if let Err(failure) = self.read_piece().await {
                self.content = Content::Broken(failure.at(self.url.as_str()));
            }
        }
        match &self.content {
            Content::Whole(bytes) => Ok(bytes.clone()),
            Content::Broken(error) => Err(error.clone()),
            Content::Coming { .. } => unreachable!("the loop above ends the reading"),
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
        if let Some(compression) = self.compression() {
            let message = format!(
                "the body is compressed ({compression}), although nobody asked for it: \
                 take it with bytes()"
            );
            return Err(Failure::new(Stage::Decode, message).at(self.url.as_str()));
        }
        let encoding = charset(&self.head.headers).unwrap_or(UTF_8);
        let (text, _, _) = encoding.decode(&bytes);
        Ok(text.into_owned())
    }

    fn compression(&self) -> Option<String> {
        let value = self.head.headers.get(CONTENT_ENCODING)?;
        let value = String::from_utf8_lossy(value.as_bytes());
        (!value.eq_ignore_ascii_case("identity")).then(|| value.into_owned())
    }

    async fn read_piece(&mut self) -> Result<(), Failure> {
        let Content::Coming { body, received } = &mut self.content else {
            return Ok(());
        };
        let piece = self
            .deadline
            .or_after("read", self.longest_silence)
            .within(body.next(received.len()))
            .await
            .map_err(|limit| {
                let length = received.len();
                Failure::timeout(limit, format_args!("reading the body ({length} bytes came)"))
            })??;
        match piece {
            Some(piece) => received.extend_from_slice(&piece),
            None => self.content = Content::Whole(std::mem::take(received).into()),
        }
        Ok(())
    }
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
