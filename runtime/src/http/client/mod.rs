//! The HTTP client: a session, the requests it makes, the answers it gets.
//!
//! Mirrors aiohttp's `client`. `request` runs a request through the rooms below it: `redirect` (where
//! to next), `connect` (addresses, socket, `tls`), `connection` (hyper). `response` reads the body.

mod connect;
mod connection;
mod error;
mod redirect;
mod request;
mod response;
mod timeouts;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

use std::fmt;
use std::rc::Rc;

pub use error::{ClientError, Stage};
pub use redirect::Redirect;
pub use request::RequestBuilder;
pub use response::Response;
pub use timeouts::ClientTimeout;

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
/// Differs from aiohttp: there is nothing to close. Each request has a connection of its own, which
/// ends with the body or when the [`Response`] is dropped.
#[derive(Clone)]
pub struct ClientSession {
    settings: Rc<Settings>,
}

struct Settings {
    timeout: ClientTimeout,
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
        ClientSessionBuilder { timeout: ClientTimeout::default(), root_certificates: Vec::new() }
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
        RequestBuilder::new(self.clone(), url.as_ref())
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
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}

/// Collects a session's settings. Made by [`ClientSession::builder`].
///
/// Mirrors the keyword arguments of `aiohttp.ClientSession`.
///
/// ```
/// use std::time::Duration;
/// use asyncio::http::ClientSession;
///
/// let patient = ClientSession::builder().timeout(Duration::from_secs(600)).build()?;
/// # Ok::<(), asyncio::http::ClientError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientSessionBuilder {
    timeout: ClientTimeout,
    root_certificates: Vec<u8>,
}

impl ClientSessionBuilder {
    /// How long a request may take: a [`ClientTimeout`], or a [`Duration`](std::time::Duration) for
    /// its `total`.
    ///
    /// Mirrors the argument `timeout`. Default: [`ClientTimeout::default`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_silent_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::builder().timeout(Duration::from_millis(10)).build()?;
    ///     let error = session.get(url_of_a_silent_server).await.unwrap_err();
    ///     assert!(error.is_timeout());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeout(mut self, timeout: impl Into<ClientTimeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Trusts the certificates in the PEM text `pem` as roots too, beside the built-in ones: for
    /// servers whose certificates you sign yourself. May be called more than once.
    ///
    /// Mirrors `ssl.SSLContext.load_verify_locations(cadata=pem)`.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let not_pem = ClientSession::builder().root_certificates("no certificate").build();
    /// assert!(not_pem.is_err());
    /// ```
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.root_certificates.extend_from_slice(pem.as_ref());
        self.root_certificates.push(b'\n');
        self
    }

    /// The session.
    ///
    /// Mirrors the call `aiohttp.ClientSession(...)`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::builder().build()?;
    ///     assert_eq!(session.get(&url).await?.text().await?, "Hello");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`ClientError`] of the stage [`Tls`](Stage::Tls) when what was given to `root_certificates`
    /// holds no certificate, or one that can't be read.
    pub fn build(self) -> Result<ClientSession, ClientError> {
        let tls = tls::Tls::available(&self.root_certificates);
        Ok(ClientSession {
            settings: Rc::new(Settings {
                timeout: self.timeout,
                tls: tls.map_err(error::Failure::of_session)?,
            }),
        })
    }
}

impl fmt::Debug for ClientSessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSessionBuilder")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
