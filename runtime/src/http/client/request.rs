//! A request: what to ask for, and the way to its answer.
//!
//! Mirrors aiohttp's `client._request`. Uses all the rooms beside it.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use super::connection::Body;
use super::error::{Failure, Stage, shorten};
use super::redirect::{self, Redirect};
use super::timeouts::Deadline;
use super::{ClientError, ClientSession, ClientTimeout, Response, connect, connection};

/// A request that is sent when it is awaited. Made by [`ClientSession::get`].
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
#[derive(Clone)]
#[must_use = "a request is sent when it is awaited"]
pub struct RequestBuilder {
    session: ClientSession,
    url: String,
    headers: Vec<(String, String)>,
    timeout: ClientTimeout,
}

impl RequestBuilder {
    pub(super) fn new(session: ClientSession, url: &str) -> Self {
        let timeout = session.settings.timeout;
        Self { session, url: url.to_owned(), headers: Vec::new(), timeout }
    }

    /// Sends the header `name: value`, in place of the default of that name if there is one.
    ///
    /// Mirrors the argument `headers`. A name given twice is sent twice. `Authorization` and `Cookie`
    /// are not sent on to another origin by a redirect. What can't be sent is an error when the request
    /// is awaited.
    ///
    /// ```
    /// # let session = asyncio::http::ClientSession::new();
    /// let request = session.get("http://example.org/").header("Accept", "text/plain");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
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

    async fn send(self) -> Result<Response, ClientError> {
        let deadline = Deadline::NEVER.or_after("total", self.timeout.total);
        let mut url = parse(&self.url).map_err(|failure| failure.at(self.url.as_str()))?;
        let credentials = take_credentials(&mut url);
        check_scheme(&url).map_err(|failure| failure.at(url.as_str()))?;
        let mut headers = headers(&self.headers).map_err(|failure| failure.at(url.as_str()))?;
        add_credentials(&mut headers, credentials);
        let mut exchange = Exchange {
            session: self.session,
            url,
            headers,
            timeout: self.timeout,
            deadline,
            history: Vec::new(),
        };
        match exchange.run().await {
            Ok(answer) => Ok(exchange.into_response(answer)),
            Err(failure) => Err(failure.at(exchange.url)),
        }
    }
}

/// Leaves out the headers and the credentials in the URL: they are nobody else's business.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Url::parse(&self.url).map(|mut url| {
            take_credentials(&mut url);
            url.to_string()
        });
        f.debug_struct("RequestBuilder")
            .field("url", url.as_ref().unwrap_or(&self.url))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A request on its way, from redirect to redirect.
struct Exchange {
    session: ClientSession,
    url: Url,
    headers: HeaderMap,
    timeout: ClientTimeout,
    deadline: Deadline,
    history: Vec<Redirect>,
}

impl Exchange {
    async fn run(&mut self) -> Result<hyper::Response<Body>, Failure> {
        loop {
            let answer = self.ask().await?;
            match redirect::target(&self.url, answer.status(), answer.headers())? {
                None => return Ok(answer),
                Some(next) => self.follow(answer, next)?,
            }
        }
    }

    /// Asks the present URL.
    async fn ask(&self) -> Result<hyper::Response<Body>, Failure> {
        let request = self.request()?;
        let deadline = self.deadline.or_after("connect", self.timeout.connect);
        let connection = connect::connect(&self.url, &self.session.settings, deadline).await?;
        self.deadline
            .or_after("read", self.timeout.read)
            .within(connection.send(request))
            .await
            .map_err(|limit| Failure::timeout(limit, "waiting for the answer"))?
    }

    fn request(&self) -> Result<connection::Request, Failure> {
        let unusable = |error: hyper::http::Error| {
            Failure::new(Stage::Request, format!("the URL can't be sent: {error}"))
        };
        let target = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request =
            hyper::Request::get(target).body(Empty::<Bytes>::new()).map_err(unusable)?;
        *request.headers_mut() = self.headers.clone();
        if !self.headers.contains_key(HOST) {
            let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
            let host = HeaderValue::try_from(host).map_err(|error| unusable(error.into()))?;
            request.headers_mut().insert(HOST, host);
        }
        Ok(request)
    }

    fn follow(&mut self, answer: hyper::Response<Body>, mut next: Url) -> Result<(), Failure> {
        let (head, _) = answer.into_parts();
        redirect::keep_credentials_home(&mut self.headers, &self.url, &next);
        add_credentials(&mut self.headers, take_credentials(&mut next));
        self.history.push(Redirect {
            status: head.status,
            url: std::mem::replace(&mut self.url, next),
            headers: head.headers,
        });
        redirect::check_count(&self.history, &self.url)
    }

    fn into_response(self, answer: hyper::Response<Body>) -> Response {
        Response::new(answer, self.url, self.history, self.deadline, self.timeout.read)
    }
}

fn parse(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|error| {
        let (why, better) = match error {
            ParseError::RelativeUrlWithoutBase => {
                ("it doesn't begin with http:// or https://".to_owned(), with_http(text))
            }
            _ => (error.to_string(), None),
        };
        let what_to_do = match better {
            Some(url) => format!("Try {url}"),
            None => "Write it in full, such as http://example.org/page".to_owned(),
        };
        let message = format!("this is not a URL: {why}. {what_to_do}");
        Failure::new(Stage::Request, message).caused_by(error)
    })
}

/// `http://` and `text`, if that alone makes a URL of it.
fn with_http(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(|first: char| first.is_alphanumeric() || first == '[')
        || text.contains("://")
    {
        return None;
    }
    let url = format!("http://{text}");
    Url::parse(&url).ok().map(|_| shorten(&url))
}

fn check_scheme(url: &Url) -> Result<(), Failure> {
    let scheme = url.scheme();
    if matches!(scheme, "http" | "https") {
        return Ok(());
    }
    let what_to_do = match host_and_port(url).and_then(with_http) {
        Some(url) => format!("try {url}"),
        None => "use http or https".to_owned(),
    };
    let message = format!("the scheme \"{scheme}\" is not supported: {what_to_do}");
    Err(Failure::new(Stage::Request, message))
}

/// The text of a `url` such as `localhost:8004`, whose scheme is meant to be a host.
fn host_and_port(url: &Url) -> Option<&str> {
    let port = url.path().split('/').next()?;
    port.parse::<u16>().ok().map(|_| url.as_str())
}

/// The headers of a request: the caller's, and the defaults he says nothing of.
fn headers(own: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in own {
        let (name, value) = header(name, value)?;
        headers.append(name, value);
    }
    for (name, value) in [
        (ACCEPT, "*/*"),
        // Nothing here undoes a compression.
        (ACCEPT_ENCODING, "identity"),
        // A connection serves one request; the server needn't keep its end open.
        (CONNECTION, "close"),
        (USER_AGENT, concat!("asyncio/", env!("CARGO_PKG_VERSION"))),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let unusable = |what: &str, text: &str| {
        let message = format!("{what} can't be sent in a header: {text:?}");
        Failure::new(Stage::Request, message)
    };
    Ok((
        HeaderName::try_from(name).map_err(|_| unusable("this name", name))?,
        HeaderValue::try_from(value)
            .map_err(|_| unusable(&format!("this value of `{name}`"), value))?,
    ))
}

/// Takes `user:password@` out of `url`, so that no message and no history shows it, and makes a header
/// of it.
fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    let header = basic_auth(url.username(), url.password())?;
    // A URL that has credentials lets go of them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(header)
}

fn add_credentials(headers: &mut HeaderMap, credentials: Option<HeaderValue>) {
    if let Some(credentials) = credentials {
        headers.entry(AUTHORIZATION).or_insert(credentials);
    }
}

/// What a URL's user name and password, percent-encoded as they are there, say in a header.
fn basic_auth(user: &str, password: Option<&str>) -> Option<HeaderValue> {
    if user.is_empty() && password.is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password.unwrap_or_default()));
    let mut header = HeaderValue::try_from(format!("Basic {}", BASE64.encode(credentials))).ok()?;
    header.set_sensitive(true);
    Some(header)
}
