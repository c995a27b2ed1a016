//! A request: what to ask for, of whom, and how.
//!
//! Mirrors the arguments of aiohttp's `ClientSession._request`. `exchange` takes it from here.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::rc::Rc;

use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use url::{Url, form_urlencoded};

use super::body::Body;
use super::error::{ClientError, Failure, Stage};
use super::exchange::Exchange;
use super::headers::{self, add_credentials};
use super::multipart::FormData;
use super::target::{basic_auth, check_scheme, parse, take_credentials};
use super::timeouts::Deadline;
use super::{ClientTimeout, Inner, Response};

/// A request that is sent when it is awaited. Made by [`ClientSession::get`](super::ClientSession::get) and
/// its kin.
///
/// Mirrors what `aiohttp.ClientSession.get` returns.
///
/// ```
/// # use std::time::Duration;
/// # use asyncio::http::{ClientError, ClientSession};
#[doc = include_str!("../example_server.txt")]
/// asyncio::run(async {
///     let session = ClientSession::new();
///     let request = session
///         .get(&url)
///         .header("Accept-Language", "eo")
///         .timeout(Duration::from_secs(5));
///     assert_eq!(request.await?.status(), 200);
/// #   Ok::<(), ClientError>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cancel safety
///
/// Dropping it while it is awaited closes its connection. Whether the server has seen the request is
/// then unknown.
#[must_use = "a request is sent when it is awaited"]
pub struct RequestBuilder {
    session: Rc<Inner>,
    method: String,
    url: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    body: Body,
    /// The `Content-Type` that goes with the body, unless a header says another.
    content_type: Option<HeaderValue>,
    credentials: Option<HeaderValue>,
    timeout: ClientTimeout,
    follows: bool,
    /// What was wrong with an argument: said when the request is awaited.
    failure: Option<Failure>,
}

impl RequestBuilder {
    pub(super) fn new(session: Rc<Inner>, method: &str, url: &str) -> Self {
        let timeout = session.settings.timeout;
        Self {
            session,
            method: method.to_owned(),
            url: url.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            body: Body::empty(),
            content_type: None,
            credentials: None,
            timeout,
            follows: true,
            failure: None,
        }
    }

    /// Adds `name=value` to the URL's query for each of the `pairs`, encoded as in a form. May be called
    /// more than once.
    ///
    /// Mirrors the argument `params`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let session = ClientSession::new();
    ///     let response = session.get(&url).query([("q", "a & b")]).query([("page", 2)]).await?;
    ///     assert_eq!(response.url().query(), Some("q=a+%26+b&page=2"));
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn query<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<String>,
        V: ToString,
    {
        self.query.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.to_string())));
        self
    }

    /// Sends the header `name: value`, in place of the session's or the default of that name if there is
    /// one.
    ///
    /// Mirrors the argument `headers`. A name given twice is sent twice. `Authorization`, `Cookie` and
    /// `Host` are not sent on to another origin by a redirect. What can't be sent is an error when the
    /// request is awaited.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let request = session.get("http://example.org/").header("Accept", "text/plain");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sends the cookie `name=value`, beside those that servers have set. Feature `cookies`.
    ///
    /// Mirrors the argument `cookies`. A redirect doesn't send it on to another origin. A header `Cookie`
    /// stands in the place of all cookies.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let request = session.get("http://example.org/").cookie("language", "eo");
    /// ```
    #[cfg(feature = "cookies")]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.push((name.into(), value.into()));
        self
    }

    /// Sends `body`: text, bytes, a [file](crate::fs::File), or a [`Body`] of chunks.
    ///
    /// Mirrors the argument `data`. No `Content-Type` goes with it unless [`header`](Self::header) says one.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let request = ClientSession::new().post(&url).body("Hello");
    ///     assert!(request.header("Content-Type", "text/plain").await?.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.content_type = None;
        self
    }

    /// Sends the `pairs` as a browser sends a form: `name=value&…`, as
    /// `application/x-www-form-urlencoded`.
    ///
    /// Mirrors the argument `data` with a dictionary.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let request = ClientSession::new().post(&url).form([("name", "Ada"), ("born", "1815")]);
    ///     assert!(request.await?.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn form<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<str>,
        V: ToString,
    {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            form.append_pair(name.as_ref(), &value.to_string());
        }
        self.typed_body(
            form.finish(),
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        )
    }

    /// Sends `value` as JSON, as `application/json`. Feature `json`.
    ///
    /// Mirrors the argument `json`. A value that JSON can't say is an error when the request is awaited.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let ada = serde_json::json!({"name": "Ada", "born": 1815});
    ///     assert!(ClientSession::new().post(&url).json(&ada).await?.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn json<T: serde_core::Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.typed_body(json, HeaderValue::from_static("application/json")),
            Err(error) => {
                let message = format!("this can't be said in JSON: {error}");
                self.failure = Some(Failure::new(Stage::Request, message).caused_by(error));
                self
            }
        }
    }

    /// Sends a form of several parts, files among them, as `multipart/form-data`.
    ///
    /// Mirrors the argument `data` with an `aiohttp.FormData`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession, FormData, Part};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let form = FormData::new()
    ///         .field("title", "Notes")
    ///         .part("notes", Part::bytes("one\ntwo\n").file_name("notes.txt"));
    ///     assert!(ClientSession::new().post(&url).multipart(form).await?.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn multipart(mut self, form: FormData) -> Self {
        match form.into_body() {
            Ok((body, content_type)) => self.typed_body(body, content_type),
            Err(failure) => {
                self.failure = Some(failure);
                self
            }
        }
    }

    /// Says who asks: a user name and a password, which go out all but in the open unless the URL is one of
    /// https.
    ///
    /// Mirrors the argument `auth=aiohttp.BasicAuth(user, password)`. It stands above what the URL says, and
    /// below a header `Authorization`. A redirect doesn't send it on to another origin.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(&url).basic_auth("ada", "secret").await?;
    ///     assert!(response.is_ok());
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn basic_auth(mut self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.credentials = Some(basic_auth(user.as_ref().as_bytes(), password.as_ref().as_bytes()));
        self
    }

    /// How long this request may take, in place of what the session says.
    ///
    /// Mirrors the argument `timeout`. A [`Duration`](std::time::Duration) sets
    /// [`total`](ClientTimeout::total) alone.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let request = session.get("http://example.org/").timeout(std::time::Duration::from_secs(5));
    /// ```
    pub fn timeout(mut self, timeout: impl Into<ClientTimeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Whether redirects are followed, 10 at most. Default: yes, but for
    /// [`head`](super::ClientSession::head). Otherwise a redirect is the answer.
    ///
    /// Mirrors the argument `allow_redirects`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let request = ClientSession::new().get(format!("{url}old")).allow_redirects(false);
    ///     assert_eq!(request.await?.status(), 301);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_redirects(mut self, allow_redirects: bool) -> Self {
        self.follows = allow_redirects;
        self
    }

    /// A body whose type is known.
    pub(super) fn typed_body(mut self, body: impl Into<Body>, content_type: HeaderValue) -> Self {
        self.body = body.into();
        self.content_type = Some(content_type);
        self
    }

    /// The request on its way. The limit of the whole counts from here.
    pub(super) fn begin(mut self) -> Result<Exchange, ClientError> {
        let deadline = Deadline::NEVER.or_after("total", self.timeout.total);
        let settings = &self.session.settings;
        let of_session = settings.cookies.iter();
        let of_session =
            of_session.filter(|(name, _)| !self.cookies.iter().any(|own| own.0 == *name));
        let of_session: Vec<_> = of_session.cloned().collect();
        self.cookies.extend(of_session);
        let mut url = parse(&self.url, settings.base_url.as_ref())
            .map_err(|failure| failure.at(self.url.as_str()))?;
        let in_url = take_credentials(&mut url);
        let prepared = self.prepare(&mut url);
        let (method, mut headers) = prepared.map_err(|failure| failure.at(url.as_str()))?;
        if let Some(credentials) = self.credentials {
            // What the session says is below this.
            if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
                headers.insert(AUTHORIZATION, credentials);
            }
        }
        add_credentials(&mut headers, in_url);
        if let Some(content_type) = self.content_type {
            headers.entry(CONTENT_TYPE).or_insert(content_type);
        }
        Ok(Exchange {
            session: self.session,
            method,
            url,
            headers,
            cookies: self.cookies,
            body: self.body,
            timeout: self.timeout,
            deadline,
            history: Vec::new(),
            follows: self.follows,
        })
    }

    fn prepare(&mut self, url: &mut Url) -> Result<(Method, hyper::HeaderMap), Failure> {
        check_scheme(url)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let method = method(&self.method)?;
        let headers = headers::of_request(&self.headers, &self.session.settings.headers)?;
        Ok((method, headers))
    }
}

fn method(name: &str) -> Result<Method, Failure> {
    match Method::from_bytes(name.as_bytes()) {
        // It makes a tunnel of the connection.
        Ok(Method::CONNECT) | Err(_) => {
            let message = format!("{name:?} is not a method to send: try GET or POST");
            Err(Failure::new(Stage::Request, message))
        }
        Ok(method) => Ok(method),
    }
}

/// Leaves out the headers, the body and the credentials in the URL: they are nobody else's business.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Url::parse(&self.url).map(|mut url| {
            take_credentials(&mut url);
            url.to_string()
        });
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("url", url.as_ref().unwrap_or(&self.url))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.begin()?.response().await })
    }
}
