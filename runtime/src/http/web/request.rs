//! A request, as handlers see it. Mirrors `aiohttp.web.Request`.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

use encoding_rs::{Encoding, UTF_8};
use futures_core::Stream;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Uri, Version};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::error::HttpError;
use super::link::Link;
use super::request_body::{BodyError, RequestBody};

/// The most that is reserved for a body on its head's word.
const MOST_RESERVED: u64 = 64 * 1024;

/// A request. Mirrors `aiohttp.web.Request`.
///
/// ```
/// use asyncio::http::web::{HttpError, Request};
///
/// async fn greet(mut request: Request) -> Result<String, HttpError> {
///     let name = match request.query("name") {
///         Some(name) => name.into_owned(),
///         None => request.text().await?,
///     };
///     Ok(format!("Hello, {name}\n"))
/// }
/// # drop(asyncio::http::serve(("127.0.0.1", 0), greet));
/// ```
pub struct Request {
    head: Parts,
    body: RequestBody,
    /// What was read of the body by `bytes` and its like.
    read: Read,
    /// What a router found in the path.
    match_info: Vec<(String, String)>,
    /// `None` of one that no connection brought.
    link: Option<Rc<Link>>,
}

enum Read {
    Some(Vec<u8>),
    All(Bytes),
}

impl Request {
    pub(super) fn new(head: Parts, body: RequestBody, link: Rc<Link>) -> Self {
        Self::of(head, body, Some(link))
    }

    fn of(head: Parts, body: RequestBody, link: Option<Rc<Link>>) -> Self {
        Self { head, body, read: Read::Some(Vec::new()), match_info: Vec::new(), link }
    }

    pub(super) fn set_match_info(&mut self, match_info: Vec<(String, String)>) {
        self.match_info = match_info;
    }

    pub(super) fn link(&self) -> Option<&Rc<Link>> {
        self.link.as_ref()
    }

    /// The method. Mirrors `Request.method`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     request.method().to_string()
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path, with its escapes decoded: `/a b` of `/a%20b?c=d`. Mirrors `Request.path`.
    ///
    /// What isn't UTF-8 becomes `\u{FFFD}`. An escaped slash can't be told from another one here: see
    /// [`uri`](Self::uri) for the path as it came.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     request.path().into_owned()
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn path(&self) -> Cow<'_, str> {
        percent_decode_str(self.head.uri.path()).decode_utf8_lossy()
    }

    /// The request's target as it came: the path and the query. Mirrors `Request.rel_url` and `raw_path`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     request.uri().to_string()
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    #[doc(alias = "raw_path")]
    pub fn uri(&self) -> &Uri {
        &self.head.uri
    }

    /// The version of HTTP: 1.0 or 1.1. Mirrors `Request.version`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     format!("{:?}", request.version())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The headers. Mirrors `Request.headers`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     format!("{:?}", request.headers().get("accept-language"))
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The first value of this name in the query, decoded. Mirrors `Request.query.get(name)`.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn page(request: Request) -> Result<String, HttpError> {
    ///     let page: u32 = match request.query("page") {
    ///         Some(page) => page.parse().map_err(|_| HttpError::bad_request("`page` is no number"))?,
    ///         None => 1,
    ///     };
    ///     Ok(format!("page {page}"))
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), page));
    /// ```
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let query = form_urlencoded::parse(self.head.uri.query()?.as_bytes());
        query.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// All names and values of the query, decoded, in order. Mirrors `Request.query.items()`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     format!("{:?}", request.query_pairs())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(self.head.uri.query().unwrap_or_default().as_bytes())
    }

    /// What stands in the path for a parameter of its route, decoded: `{id}` of
    /// [`Router::get`](super::Router::get)`("/notes/{id}", …)`. Mirrors `Request.match_info[name]`.
    ///
    /// ```
    /// # use asyncio::http::web::{Request, Router};
    /// async fn show(request: Request) -> String {
    ///     format!("note {}", request.match_info("id").unwrap())
    /// }
    ///
    /// let router = Router::new().get("/notes/{id}", show);
    /// # drop(router);
    /// ```
    pub fn match_info(&self, name: &str) -> Option<&str> {
        let found = self.match_info.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| &**value)
    }

    /// The address at the other end of the connection: of a proxy, if there is one between. `None` over a
    /// Unix socket. Mirrors `Request.remote`.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     format!("{:?}", request.remote())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn remote(&self) -> Option<SocketAddr> {
        self.link.as_ref()?.peer
    }

    /// Lets this request's body have `limit` bytes, in the place of what the server allows. Before it is
    /// read. aiohttp has the argument `client_max_size` for the whole application alone.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn upload(mut request: Request) -> Result<String, HttpError> {
    ///     request.set_body_limit(1 << 30);
    ///     Ok(request.bytes().await?.len().to_string())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), upload));
    /// ```
    pub fn set_body_limit(&mut self, limit: u64) {
        self.body.set_limit(limit);
    }

    /// The body as bytes. They are kept: a second call gives them again. Mirrors `Request.read()`.
    ///
    /// # Errors
    ///
    /// The body was larger than the limit (413), didn't come in time (408) or whole (400).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn echo(mut request: Request) -> Result<Vec<u8>, HttpError> {
    ///     Ok(request.bytes().await?.to_vec())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), echo));
    /// ```
    #[doc(alias = "read")]
    pub async fn bytes(&mut self) -> Result<Bytes, HttpError> {
        loop {
            let so_far = match &mut self.read {
                Read::All(bytes) => return Ok(bytes.clone()),
                Read::Some(so_far) => so_far,
            };
            let piece = std::future::poll_fn(|cx| Pin::new(&mut self.body).poll_next(cx)).await;
            match piece.transpose()? {
                // Most bodies are one piece, which needn't be copied.
                Some(piece) if so_far.is_empty() && self.body.is_whole() => {
                    self.read = Read::All(piece);
                }
                Some(piece) => {
                    let left = self.body.left().min(MOST_RESERVED);
                    so_far.reserve(piece.len() + usize::try_from(left).unwrap_or(0));
                    so_far.extend_from_slice(&piece);
                }
                None => self.read = Read::All(std::mem::take(so_far).into()),
            }
        }
    }

    /// The body as text, decoded as the header `Content-Type` says, or as UTF-8. Mirrors `Request.text()`.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); 415 for an encoding that isn't known, and 400 for a text that isn't in it.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn shout(mut request: Request) -> Result<String, HttpError> {
    ///     Ok(request.text().await?.to_uppercase())
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), shout));
    /// ```
    pub async fn text(&mut self) -> Result<String, HttpError> {
        let encoding = self.encoding()?;
        let bytes = self.bytes().await?;
        encoding.decode_without_bom_handling_and_without_replacement(&bytes).map_or_else(
            || Err(HttpError::bad_request(format!("the body is not valid {}", encoding.name()))),
            |text| Ok(text.into_owned()),
        )
    }

    fn encoding(&self) -> Result<&'static Encoding, HttpError> {
        let Some(charset) = self.content_type_parameter("charset") else { return Ok(UTF_8) };
        Encoding::for_label(charset.as_bytes()).ok_or_else(|| {
            HttpError::unsupported_media_type(format!("the charset {charset:?} isn't known here"))
        })
    }

    /// The media type that the header `Content-Type` names, without its parameters, in lower case; an empty
    /// text without the header. Mirrors `Request.content_type`, which says `application/octet-stream` then.
    ///
    /// ```
    /// # use asyncio::http::web::Request;
    /// async fn tell(request: Request) -> String {
    ///     request.content_type()
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    pub fn content_type(&self) -> String {
        let named = self.content_type_header().split(';').next().unwrap_or_default();
        named.trim().to_ascii_lowercase()
    }

    fn content_type_header(&self) -> &str {
        let header = self.head.headers.get(CONTENT_TYPE);
        header.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn content_type_parameter(&self, name: &str) -> Option<&str> {
        self.content_type_header()
            .split(';')
            .skip(1)
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The names and values of a form, as a browser sends one without files
    /// (`application/x-www-form-urlencoded`). Mirrors `Request.post()`.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); 415 for another kind of body.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next call goes on where this one was dropped.
    ///
    /// ```
    /// # use asyncio::http::web::{HttpError, Request};
    /// async fn tell(mut request: Request) -> Result<String, HttpError> {
    ///     let form = request.form().await?;
    ///     let name = form.iter().find(|(name, _)| name == "name");
    ///     Ok(format!("{name:?}"))
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), tell));
    /// ```
    #[doc(alias = "post")]
    pub async fn form(&mut self) -> Result<Vec<(String, String)>, HttpError> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if self.content_type() != FORM {
            let message =
                format!("a form is of the type {FORM}, this is {:?}", self.content_type());
            return Err(HttpError::unsupported_media_type(message));
        }
        Ok(pairs(&self.bytes().await?))
    }

    /// The body as a stream of pieces, for one that is too large to be held. What [`bytes`](Self::bytes) has
    /// read is not in it. Mirrors `Request.content.iter_any()`.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, Request};
    /// use futures::StreamExt;
    ///
    /// async fn save(mut request: Request) -> Result<&'static str, HttpError> {
    ///     let mut file = asyncio::fs::File::create("upload").await?;
    ///     let chunks = request.chunks();
    ///     while let Some(piece) = chunks.next().await {
    ///         file.write_all(piece?).await?;
    ///     }
    ///     Ok("saved")
    /// }
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), save));
    /// ```
    #[doc(alias = "content")]
    pub fn chunks(
        &mut self,
    ) -> &mut (impl Stream<Item = Result<Bytes, BodyError>> + Unpin + use<>) {
        &mut self.body
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// For services of the crate tower.
impl From<Request> for hyper::Request<RequestBody> {
    fn from(request: Request) -> Self {
        Self::from_parts(request.head, request.body)
    }
}

/// A request that no connection brought, for a test of a handler.
///
/// ```
/// use asyncio::http::web::Request;
///
/// let request = hyper::Request::get("/notes?page=2").body("".into()).unwrap();
/// let request = Request::from(request);
/// assert_eq!((&*request.path(), &*request.query("page").unwrap()), ("/notes", "2"));
/// ```
impl From<hyper::Request<Bytes>> for Request {
    fn from(request: hyper::Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        Self::of(head, body.into(), None)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.head.method)
            .field("uri", &self.head.uri)
            .field("headers", &self.head.headers)
            .finish_non_exhaustive()
    }
}
