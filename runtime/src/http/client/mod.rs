//! The HTTP client: a session, the requests it makes, the answers it gets.
//!
//! Mirrors aiohttp's `client`. A request goes through these rooms:
//!
//! ```text
//! request ─► exchange ─► pool ─► connect, tls ─► connection ─► incoming ─► response, chunks
//!            redirect    (or: an idle one)──────►(hyper)       (the body)
//! ```
//!
//! `request` collects what to ask (`target`: the URL; `headers`; `body`, which `outgoing` sends), `exchange`
//! asks, again after a redirect, `response` is the answer.

mod body;
mod builder;
mod chunks;
mod connect;
mod connection;
#[cfg_attr(not(feature = "cookies"), path = "no_cookies.rs")]
mod cookies;
#[cfg_attr(not(feature = "compression"), path = "no_decode.rs")]
mod decode;
mod error;
mod exchange;
mod headers;
mod incoming;
mod meter;
mod multipart;
mod outgoing;
mod pool;
mod proxy;
mod redirect;
mod request;
mod response;
mod target;
mod timeouts;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod tunnel;
mod upgraded;
#[cfg(feature = "ws")]
mod ws_connect;

use std::fmt;
use std::rc::Rc;

use hyper::HeaderMap;
use url::Url;

pub use body::Body;
pub use builder::ClientSessionBuilder;
pub use chunks::Chunks;
pub use error::{ClientError, Stage};
pub use multipart::{FormData, Part};
pub use redirect::Redirect;
pub use request::RequestBuilder;
pub use response::Response;
pub use timeouts::ClientTimeout;
#[cfg(feature = "ws")]
pub use ws_connect::WsConnect;

use connect::Route;
use connection::Connection;
use cookies::Jar;
use pool::Pool;

/// Makes HTTP requests with settings they share.
///
/// Mirrors `aiohttp.ClientSession`. A clone is the same session: give one to each task.
///
/// ```
/// # use asyncio::http::{ClientError, ClientSession};
#[doc = include_str!("../example_server.txt")]
/// asyncio::run(async {
///     let session = ClientSession::new();
///     let mut response = session.get(&url).await?;
///     assert_eq!(response.status(), 200);
///     assert_eq!(response.text().await?, "Hello");
/// #   Ok::<(), ClientError>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Connections are kept for the next request: 15 seconds, and not beyond the run they were made in. There
/// are 100 at most, and who wants one more waits; see [`ClientSessionBuilder`]. A connection is free again
/// once its answer was read to the end. A [`Response`] that is dropped before closes its connection, unless
/// what is left of the answer is small and here already.
///
/// A request is sent a second time, once, if it was sent on a connection that was used before and that
/// broke without a word: the server may have closed it meanwhile. That is only done where asking twice
/// does no harm: with GET, HEAD, OPTIONS, PUT, DELETE and TRACE, or if nothing went out yet.
///
/// Differs from aiohttp: nothing has to be closed, the last clone that is dropped closes the session.
#[derive(Clone)]
pub struct ClientSession {
    inner: Rc<Inner>,
}

struct Inner {
    settings: Settings,
    pool: Rc<Pool<Route, Connection>>,
    jar: Jar,
}

struct Settings {
    base_url: Option<Url>,
    headers: HeaderMap,
    /// Go with each request.
    cookies: Vec<(String, String)>,
    timeout: ClientTimeout,
    /// The most bytes of a body that are read into memory.
    longest_body: Option<usize>,
    decompresses: bool,
    proxies: proxy::Proxies,
    tls: Option<tls::Tls>,
}

impl ClientSession {
    /// A session with the default settings.
    ///
    /// Mirrors `aiohttp.ClientSession()`. See [`ClientTimeout`] for the limits; https trusts the roots
    /// that Mozilla's browsers trust.
    ///
    /// ```
    /// let session = asyncio::http::ClientSession::new();
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "the default settings are valid")]
    pub fn new() -> Self {
        Self::builder().build().expect("the default settings are valid")
    }

    /// A session with settings of your own.
    ///
    /// Mirrors the keyword arguments of `aiohttp.ClientSession`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use asyncio::http::ClientSession;
    ///
    /// let session = ClientSession::builder().timeout(Duration::from_secs(10)).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn builder() -> ClientSessionBuilder {
        ClientSessionBuilder::new()
    }

    /// A GET request for `url`, which awaiting it sends.
    ///
    /// Mirrors `aiohttp.ClientSession.get`. Redirects are followed, 10 at most.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(&url).header("Accept", "text/plain").await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting it gives a [`ClientError`] when no answer came. An answer such as 404 is no error.
    ///
    /// # Panics
    ///
    /// Awaiting it outside a running event loop panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping the request closes its connection. Whether the server has seen it is then unknown.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("GET", url)
    }

    /// A POST request for `url`: something for the server to work on.
    ///
    /// Mirrors `aiohttp.ClientSession.post`. Sent to where a redirect points, it becomes a GET without a body after 301, 302 and 303.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().post(&url).body("Hello").await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("POST", url)
    }

    /// A PUT request for `url`: what is to be found there from now on.
    ///
    /// Mirrors `aiohttp.ClientSession.put`. A redirect gets the body too.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().put(&url).body("Hello").await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("PUT", url)
    }

    /// A PATCH request for `url`: what is to be changed there.
    ///
    /// Mirrors `aiohttp.ClientSession.patch`. A redirect gets the body too.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().patch(&url).body("Hello").await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("PATCH", url)
    }

    /// A DELETE request for `url`.
    ///
    /// Mirrors `aiohttp.ClientSession.delete`. Redirects are followed, 10 at most.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().delete(&url).await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("DELETE", url)
    }

    /// A HEAD request for `url`: the head of what GET would give.
    ///
    /// Mirrors `aiohttp.ClientSession.head`. As there, redirects are not followed unless
    /// [`allow_redirects`](RequestBuilder::allow_redirects) says so.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let mut response = ClientSession::new().head(&url).await?;
    ///     assert_eq!(response.content_length(), Some(5));
    ///     assert_eq!(response.bytes().await?, "");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("HEAD", url).allow_redirects(false)
    }

    /// An OPTIONS request for `url`: what can be done with it.
    ///
    /// Mirrors `aiohttp.ClientSession.options`. Redirects are followed, 10 at most.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().options(&url).await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn options(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request("OPTIONS", url)
    }

    /// A request for `url` with a method of any name: `"PROPFIND"`, or one of [`Method`](super::Method).
    ///
    /// Mirrors `aiohttp.ClientSession.request`. Names are in capital letters; what can't be one is an error
    /// when the request is awaited.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().request("PROPFIND", &url).await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors, panics and cancel safety
    ///
    /// As [`get`](Self::get).
    pub fn request(&self, method: impl AsRef<str>, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.inner.clone(), method.as_ref(), url.as_ref())
    }

    /// The cookies, name and value, that a request of `url` would get of those that servers have set.
    /// Feature `cookies`.
    ///
    /// Mirrors `session.cookie_jar.filter_cookies(url)`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     session.get(format!("{url}cookie")).await?;
    ///     assert_eq!(session.cookies_for(&url), [("seen".to_owned(), "1".to_owned())]);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "cookies")]
    pub fn cookies_for(&self, url: impl AsRef<str>) -> Vec<(String, String)> {
        let base = self.inner.settings.base_url.as_ref();
        let url = target::parse(url.as_ref(), base);
        url.map(|url| self.inner.jar.kept_for(&url)).unwrap_or_default()
    }

    /// Forgets the cookies that servers have set. Feature `cookies`.
    ///
    /// Mirrors `session.cookie_jar.clear()`.
    ///
    /// ```
    /// asyncio::http::ClientSession::new().clear_cookies();
    /// ```
    #[cfg(feature = "cookies")]
    pub fn clear_cookies(&self) {
        self.inner.jar.clear();
    }

    /// Closes the session, of all clones: idle connections are closed, requests that wait for a place or
    /// come later fail. What is under way goes on to its end.
    ///
    /// Mirrors `await session.close()`; aiohttp breaks off what is under way. Dropping the last clone does
    /// the same.
    ///
    /// ```
    /// # use asyncio::http::{ClientSession, Stage};
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     session.close();
    ///     let error = session.get("http://127.0.0.1/").await.unwrap_err();
    ///     assert_eq!(error.stage(), Stage::Request);
    /// });
    /// ```
    pub fn close(&self) {
        self.inner.pool.close();
    }

    /// Whether [`close`](Self::close) was called.
    ///
    /// Mirrors `aiohttp.ClientSession.closed`.
    ///
    /// ```
    /// assert!(!asyncio::http::ClientSession::new().is_closed());
    /// ```
    #[doc(alias = "closed")]
    pub fn is_closed(&self) -> bool {
        self.inner.pool.is_closed()
    }
}

impl Default for ClientSession {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("timeout", &self.inner.settings.timeout)
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
