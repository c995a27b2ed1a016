//! `ClientError`: what went wrong with a request, where, and what to do.
//!
//! For `http::client` alone. Mirrors aiohttp's `ClientError` and its family.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use hyper::StatusCode;

use super::timeouts::Limit;

type Source = Box<dyn Error + Send + Sync>;

/// How far a request came before it failed.
///
/// Mirrors the subclasses of `aiohttp.ClientError`, such as `InvalidURL` or `ClientConnectorError`.
///
/// ```
/// use asyncio::http::{ClientError, ClientSession, Stage};
///
/// fn is_worth_another_try(error: &ClientError) -> bool {
///     matches!(error.stage(), Stage::Resolve | Stage::Connect | Stage::Timeout)
/// }
///
/// asyncio::run(async {
///     let error = ClientSession::new().get("ftp://example.org/").await.unwrap_err();
///     assert!(!is_worth_another_try(&error));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Before anything was sent: the URL, a header or the session's own settings are not usable.
    Request,
    /// Looking up the host's addresses.
    Resolve,
    /// Connecting to the host.
    Connect,
    /// Agreeing on TLS.
    Tls,
    /// Trusting the server's certificate, a part of agreeing on TLS.
    Certificate,
    /// Having the proxy let the request through.
    Proxy,
    /// Sending the request.
    Send,
    /// Reading the answer.
    Read,
    /// Decompressing the body, or making text or a value of it.
    Decode,
    /// Following a redirect.
    Redirect,
    /// Going over to WebSocket.
    Upgrade,
    /// A limit of [`ClientTimeout`](super::ClientTimeout) ran out.
    Timeout,
    /// The answer's status, to who asked for it with
    /// [`error_for_status`](super::Response::error_for_status).
    Status,
}

/// Why a request gave no answer. Its text is one complete line: the URL, what happened, what to do.
///
/// Mirrors `aiohttp.ClientError`; [`stage`](Self::stage) takes the place of its subclasses.
///
/// ```
/// use asyncio::http::{ClientSession, Stage};
///
/// asyncio::run(async {
///     let error = ClientSession::new().get("example").await.unwrap_err();
///     assert_eq!(error.stage(), Stage::Request);
///     assert_eq!(error.url(), Some("example"));
/// });
/// ```
///
/// `source()` gives the cause, an [`std::io::Error`] for instance, to code that wants to look at it.
/// Its text is already part of the error's own.
#[derive(Clone)]
pub struct ClientError(Arc<Inner>);

struct Inner {
    url: Option<String>,
    failure: Failure,
}

impl ClientError {
    /// The URL the request failed at: after a redirect the one that was redirected to. `None` when a
    /// session couldn't be built.
    ///
    /// Mirrors `aiohttp.InvalidURL.url`, for every failed request.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// asyncio::run(async {
    ///     let error = ClientSession::new().get("ftp://example.org/").await.unwrap_err();
    ///     assert_eq!(error.url(), Some("ftp://example.org/"));
    /// });
    /// ```
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// How far the request came.
    ///
    /// Mirrors `type(error)`.
    ///
    /// ```
    /// # use asyncio::http::{ClientSession, Stage};
    /// asyncio::run(async {
    ///     let error = ClientSession::new().get("ftp://example.org/").await.unwrap_err();
    ///     assert_eq!(error.stage(), Stage::Request);
    /// });
    /// ```
    pub fn stage(&self) -> Stage {
        self.0.failure.stage
    }

    /// The status of the answer, of an error of the stage [`Status`](Stage::Status).
    ///
    /// Mirrors `aiohttp.ClientResponseError.status`.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}missing")).await.unwrap();
    ///     let error = response.error_for_status().unwrap_err();
    ///     assert_eq!(error.status().unwrap(), 404);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn status(&self) -> Option<StatusCode> {
        self.0.failure.status
    }

    /// Whether a limit of [`ClientTimeout`](super::ClientTimeout) ran out.
    ///
    /// Mirrors `isinstance(error, TimeoutError)`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::ClientSession;
    #[doc = include_str!("../example_silent_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     let request = session.get(url_of_a_silent_server).timeout(Duration::from_millis(10));
    ///     assert!(request.await.unwrap_err().is_timeout());
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_timeout(&self) -> bool {
        self.stage() == Stage::Timeout
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(url) = self.url() {
            write!(f, "{}: ", shorten(url))?;
        }
        f.write_str(&self.0.failure.message)
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientError")
            .field("url", &self.url())
            .field("stage", &self.stage())
            .field("message", &self.0.failure.message)
            .finish_non_exhaustive()
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.failure.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// A `ClientError` that doesn't know its URL yet: the rooms below have no need to.
#[derive(Debug)]
pub(super) struct Failure {
    stage: Stage,
    message: String,
    source: Option<Source>,
    status: Option<StatusCode>,
}

impl Failure {
    pub(super) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), source: None, status: None }
    }

    pub(super) fn status(status: StatusCode) -> Self {
        let message = format!("the server answered {status}");
        Self { status: Some(status), ..Self::new(Stage::Status, message) }
    }

    pub(super) fn with_prefix(mut self, prefix: &str) -> Self {
        self.message.insert_str(0, prefix);
        self
    }

    /// `doing` completes "timed out after 300s while …".
    pub(super) fn timeout(limit: Limit, doing: impl fmt::Display) -> Self {
        Self::new(Stage::Timeout, format!("timed out after {limit} while {doing}"))
    }

    pub(super) fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn at(self, url: impl Into<String>) -> ClientError {
        ClientError(Arc::new(Inner { url: Some(url.into()), failure: self }))
    }

    pub(super) fn of_session(self) -> ClientError {
        ClientError(Arc::new(Inner { url: None, failure: self }))
    }
}

/// At most 200 characters of `url`: a server chooses where it redirects to, and a message is for reading.
pub(super) fn shorten(url: &str) -> String {
    const LONGEST: usize = 200;
    match url.char_indices().nth(LONGEST) {
        None => url.to_owned(),
        Some((end, _)) => format!("{}…", &url[..end]),
    }
}
