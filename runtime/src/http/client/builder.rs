//! What a session can be told, before it is made.
//!
//! Mirrors the arguments of `aiohttp.ClientSession` and of its `TCPConnector`.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use url::{Position, Url};

use super::cookies::Jar;
use super::decode;
use super::error::{ClientError, Failure, Stage};
use super::pool::{Limits, Pool};
use super::proxy::Proxies;
use super::target::{basic_auth, check_scheme, parse, take_credentials};
use super::tls::Tls;
use super::{ClientSession, ClientTimeout, Inner, Settings, headers};

/// As aiohttp's `TCPConnector(limit=100)`.
const MOST_CONNECTIONS: usize = 100;

/// As aiohttp's `TCPConnector(keepalive_timeout=15)`.
const LONGEST_IDLE: Duration = Duration::from_secs(15);

/// What is read into memory at most, unless told otherwise.
const LONGEST_BODY: usize = 256 * 1024 * 1024;

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
    base_url: Option<String>,
    headers: Vec<(String, String)>,
    credentials: Option<(String, String)>,
    cookies: Vec<(String, String)>,
    keeps_cookies: bool,
    timeout: ClientTimeout,
    limits: Limits,
    longest_body: Option<usize>,
    decompresses: bool,
    proxy: Option<String>,
    trusts_environment: bool,
    root_certificates: Vec<u8>,
}

impl ClientSessionBuilder {
    pub(super) fn new() -> Self {
        Self {
            base_url: None,
            headers: Vec::new(),
            credentials: None,
            cookies: Vec::new(),
            keeps_cookies: true,
            timeout: ClientTimeout::default(),
            limits: Limits { total: Some(MOST_CONNECTIONS), per_host: None, idle: LONGEST_IDLE },
            longest_body: Some(LONGEST_BODY),
            decompresses: true,
            proxy: None,
            trusts_environment: false,
            root_certificates: Vec::new(),
        }
    }

    /// Where requests begin whose URL is a part of one: with `"http://example.org/api/"`, the URL `"users"`
    /// is `http://example.org/api/users`, and `"/users"` is `http://example.org/users`.
    ///
    /// Mirrors the argument `base_url`; its path ends with `/`, as there. A URL in full stays as it is.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::builder().base_url(&url).build()?;
    ///     assert_eq!(session.get("missing").await?.url().path(), "/missing");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sends the header `name: value` with each request that doesn't say another of that name.
    ///
    /// Mirrors the argument `headers`. A name given twice is sent twice.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let session = ClientSession::builder().header("User-Agent", "crawler/1.0").build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Says with each request who asks: a user name and a password.
    ///
    /// Mirrors the argument `auth=aiohttp.BasicAuth(user, password)`. See
    /// [`RequestBuilder::basic_auth`](super::RequestBuilder::basic_auth).
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let session = ClientSession::builder().basic_auth("ada", "secret").build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Sends the cookie `name=value` with each request. Feature `cookies`.
    ///
    /// Mirrors the argument `cookies`. A redirect doesn't send it on to another origin.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let session = ClientSession::builder().cookie("language", "eo").build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    #[cfg(feature = "cookies")]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.push((name.into(), value.into()));
        self
    }

    /// Whether cookies that servers set are kept, and sent back to them. Default: yes. Feature `cookies`.
    ///
    /// Mirrors `cookie_jar=aiohttp.DummyCookieJar()`. They are kept by the rules of RFC 6265, those of a
    /// host that is an IP address too, which aiohttp wants to be asked for.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let forgetful = ClientSession::builder().keep_cookies(false).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    #[cfg(feature = "cookies")]
    pub fn keep_cookies(mut self, keep: bool) -> Self {
        self.keeps_cookies = keep;
        self
    }

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

    /// How many connections there may be at a time, idle ones included; `None` or 0: any number. Who wants
    /// one more waits, in order, for [`ClientTimeout::pool`] at most.
    ///
    /// Mirrors `aiohttp.TCPConnector(limit=100)`. Default: 100.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let session = ClientSession::builder().limit(10).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn limit(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.limits.total = connections.into().filter(|limit| *limit > 0);
        self
    }

    /// How many connections there may be at a time to one host: one scheme, name and port. `None` or 0: any
    /// number.
    ///
    /// Mirrors `aiohttp.TCPConnector(limit_per_host=0)`. Default: any number. A request that waits for its
    /// host holds up no request to another.
    ///
    /// ```
    /// # use asyncio::http::ClientSession;
    /// let polite = ClientSession::builder().limit_per_host(2).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn limit_per_host(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.limits.per_host = connections.into().filter(|limit| *limit > 0);
        self
    }

    /// How long a connection that nobody uses is kept for the next request. Zero: not at all.
    ///
    /// Mirrors `aiohttp.TCPConnector(keepalive_timeout=15)`. Default: 15 seconds, on the loop's clock.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use asyncio::http::ClientSession;
    /// let session = ClientSession::builder().keepalive_timeout(Duration::ZERO).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn keepalive_timeout(mut self, idle: Duration) -> Self {
        self.limits.idle = idle;
        self
    }

    /// The largest body, in bytes, that [`bytes`](super::Response::bytes), [`text`](super::Response::text)
    /// and `json` read into memory; a larger one is an error. `None`: no limit.
    /// [`chunks`](super::Response::chunks) reads a body of any size.
    ///
    /// Default: 256 MiB. aiohttp has no such limit.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::builder().max_body_size(4).build()?;
    ///     assert!(session.get(&url).await?.bytes().await.is_err());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_body_size(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.longest_body = bytes.into();
        self
    }

    /// Whether answers are asked for in gzip, deflate or brotli, and decompressed. Default: yes, with the
    /// feature `compression`; without it bodies are not asked for compressed, and are left as they come.
    ///
    /// Mirrors the argument `auto_decompress`. The headers stay as they came: `Content-Length` is the length
    /// of what was compressed. [`max_body_size`](Self::max_body_size) counts decompressed bytes. A
    /// compression that isn't known is left as it is.
    ///
    /// Differs from aiohttp: switched off, no compression is asked for.
    ///
    /// ```
    /// use asyncio::http::ClientSession;
    ///
    /// let session = ClientSession::builder().auto_decompress(false).build()?;
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn auto_decompress(mut self, decompresses: bool) -> Self {
        self.decompresses = decompresses;
        self
    }

    /// Sends all requests through this proxy: `http://proxy.example:3128`, or
    /// `http://user:password@proxy.example:3128` for one that wants to know who asks. The environment isn't
    /// looked at then.
    ///
    /// Mirrors the arguments `proxy` and `proxy_auth`. What is for https, and what changes protocols as
    /// WebSockets do, goes through a tunnel (`CONNECT`); all else the proxy sees. To the proxy itself, https
    /// can be spoken.
    ///
    /// ```
    /// use asyncio::http::ClientSession;
    ///
    /// let session = ClientSession::builder().proxy("http://127.0.0.1:3128").build()?;
    /// assert!(ClientSession::builder().proxy("socks5://127.0.0.1:1080").build().is_err());
    /// # Ok::<(), asyncio::http::ClientError>(())
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Whether the environment says which proxies there are, as it is when the session is built. Default:
    /// no.
    ///
    /// Mirrors the argument `trust_env`. `http_proxy` and `https_proxy` are for URLs of those schemes,
    /// `all_proxy` for those that have no other. `no_proxy` lists what is asked directly, between commas:
    /// names, which stand for all that ends in `.name` too, addresses, networks (`10.0.0.0/8`), each but the
    /// last with a port if need be, and `*` for everything. Upper case counts where lower case isn't set; of
    /// `HTTP_PROXY` not in a CGI program, where it is a header of the request.
    ///
    /// Differs from aiohttp: `all_proxy` counts, and networks in `no_proxy`, as for curl; `.netrc` isn't
    /// read.
    ///
    /// ```
    /// use asyncio::http::ClientSession;
    ///
    /// let session = ClientSession::builder().trust_env(true).build();
    /// ```
    pub fn trust_env(mut self, trusts_environment: bool) -> Self {
        self.trusts_environment = trusts_environment;
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
    /// A [`ClientError`]: of the stage [`Request`](Stage::Request) for a base URL or a header that can't be
    /// used; of the stage [`Tls`](Stage::Tls) when what was given to `root_certificates` holds no
    /// certificate, or one that can't be read.
    pub fn build(self) -> Result<ClientSession, ClientError> {
        let settings = self.settings().map_err(Failure::of_session)?;
        let pool = Rc::new(Pool::new(self.limits));
        let jar = Jar::new(self.keeps_cookies);
        Ok(ClientSession { inner: Rc::new(Inner { settings, pool, jar }) })
    }

    fn accepted(&self) -> &'static str {
        if self.decompresses { decode::ACCEPTED } else { "identity" }
    }

    fn proxies(&self) -> Result<Proxies, Failure> {
        match &self.proxy {
            Some(url) => Proxies::all(url),
            None if self.trusts_environment => {
                Proxies::of_environment(|name| std::env::var(name).ok())
            }
            None => Ok(Proxies::default()),
        }
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let mut headers = headers::of_session(&self.headers, self.accepted())?;
        if let Some((user, password)) = &self.credentials {
            let credentials = basic_auth(user.as_bytes(), password.as_bytes());
            headers::add_credentials(&mut headers, Some(credentials));
        }
        let base_url = self.base_url.as_deref().map(base_url).transpose()?;
        Ok(Settings {
            base_url,
            headers,
            cookies: self.cookies.clone(),
            timeout: self.timeout,
            longest_body: self.longest_body,
            decompresses: self.decompresses,
            proxies: self.proxies()?,
            tls: Tls::available(&self.root_certificates)?,
        })
    }
}

fn base_url(text: &str) -> Result<Url, Failure> {
    let parsed = parse(text, None).and_then(|url| check_scheme(&url).map(|()| url));
    let mut url = parsed.map_err(|failure| failure.with_prefix("the base URL: "))?;
    if !url.path().ends_with('/') {
        take_credentials(&mut url);
        let url = &url[..Position::AfterPath];
        let message = format!(
            "the base URL: its path has to end with `/`, or the last part of it would be lost. \
             Try {url}/"
        );
        return Err(Failure::new(Stage::Request, message));
    }
    Ok(url)
}

impl fmt::Debug for ClientSessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSessionBuilder")
            .field("timeout", &self.timeout)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
