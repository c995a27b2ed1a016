//! A handler's answer. Mirrors `aiohttp.web.Response`.

use std::borrow::Cow;
use std::fmt;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};

use super::body::Body;
use super::error::{HttpError, value_of};

/// A handler's answer: a status, headers and a body. Mirrors `aiohttp.web.Response`.
///
/// The headers `Date`, `Content-Length` and `Transfer-Encoding` come by themselves.
///
/// ```
/// use asyncio::http::StatusCode;
/// use asyncio::http::web::Response;
///
/// let response = Response::text("made").with_status(StatusCode::CREATED);
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// ```
#[must_use = "a response is sent when the handler returns it"]
pub struct Response(hyper::Response<Body>);

impl Response {
    /// An answer with this body, the status 200, and no header. Mirrors `Response(body=body)`.
    ///
    /// ```
    /// use asyncio::http::web::Response;
    ///
    /// let picture = Response::new(&b"\x89PNG"[..]).with_header("content-type", "image/png");
    /// assert_eq!(picture.body().len(), Some(4));
    /// ```
    pub fn new(body: impl Into<Body>) -> Self {
        Self(hyper::Response::new(body.into()))
    }

    /// A text, as UTF-8. Mirrors `Response(text=text)`.
    ///
    /// ```
    /// let response = asyncio::http::web::Response::text("Hello");
    /// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    /// ```
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(text.into(), "text/plain; charset=utf-8")
    }

    /// A page of HTML, as UTF-8. Mirrors `Response(text=page, content_type="text/html")`.
    ///
    /// ```
    /// let response = asyncio::http::web::Response::html("<!doctype html><title>Hi</title>");
    /// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    /// ```
    pub fn html(page: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(page.into(), "text/html; charset=utf-8")
    }

    fn typed(text: Cow<'static, str>, kind: &'static str) -> Self {
        let mut response = match text {
            Cow::Borrowed(text) => Self::new(text),
            Cow::Owned(text) => Self::new(text),
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }

    /// Sends the client elsewhere: 302, it asks `location`. Mirrors `HTTPFound(location)`.
    ///
    /// For another status of the kind, add [`with_status`](Self::with_status): 301 and 308 for good, 303
    /// after a form, 307 with the same method and body.
    ///
    /// # Panics
    ///
    /// When `location` holds what a header can't: a line break, or a letter outside of ASCII that isn't
    /// percent-encoded.
    ///
    /// ```
    /// let response = asyncio::http::web::Response::redirect("/new");
    /// assert_eq!((response.status().as_u16(), &*response.headers()["location"].as_bytes()), (302, &b"/new"[..]));
    /// ```
    #[doc(alias = "HTTPFound")]
    #[track_caller]
    pub fn redirect(location: &str) -> Self {
        let response = Self::new(()).with_status(StatusCode::FOUND);
        response.with_header(LOCATION.as_str(), location)
    }

    /// Sets the status. Mirrors the argument `status`.
    ///
    /// ```
    /// use asyncio::http::{StatusCode, web::Response};
    ///
    /// let response = Response::new(()).with_status(StatusCode::NO_CONTENT);
    /// assert_eq!(response.status(), 204);
    /// ```
    pub fn with_status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// Sets a header, in the place of what it had. To add one more of its name, see
    /// [`headers_mut`](Self::headers_mut). Mirrors the argument `headers`.
    ///
    /// # Panics
    ///
    /// When `name` is no name of a header, and when `value` holds what a header can't: a line break, for
    /// instance.
    ///
    /// ```
    /// use asyncio::http::web::Response;
    ///
    /// let response = Response::text("a,b\n").with_header("Content-Type", "text/csv");
    /// assert_eq!(response.headers()["content-type"], "text/csv");
    /// ```
    #[track_caller]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let name = parsed.unwrap_or_else(|_| panic!("{name:?} is no name of a header"));
        let value = value_of(&name, value);
        self.0.headers_mut().insert(name, value);
        self
    }

    /// The status. Mirrors `Response.status`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::Response::new(()).status(), 200);
    /// ```
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The headers so far. Mirrors `Response.headers`.
    ///
    /// ```
    /// assert!(asyncio::http::web::Response::new(()).headers().is_empty());
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// The headers, to change them. Mirrors `Response.headers`.
    ///
    /// ```
    /// use asyncio::http::header::{HeaderValue, VARY};
    /// use asyncio::http::web::Response;
    ///
    /// let mut response = Response::text("Hello");
    /// response.headers_mut().append(VARY, HeaderValue::from_static("accept-language"));
    /// assert_eq!(response.headers()["vary"], "accept-language");
    /// ```
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.headers_mut()
    }

    /// The body. Mirrors `Response.body`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::Response::text("Hello").body().len(), Some(5));
    /// ```
    pub fn body(&self) -> &Body {
        self.0.body()
    }
}

impl From<hyper::Response<Body>> for Response {
    fn from(response: hyper::Response<Body>) -> Self {
        Self(response)
    }
}

impl From<Response> for hyper::Response<Body> {
    fn from(response: Response) -> Self {
        response.0
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("headers", self.headers())
            .field("body", self.body())
            .finish()
    }
}

/// What a handler may return: a [`Response`], a text, bytes, a status, both as a pair, and a [`Result`] of
/// them, whose error becomes an [`HttpError`].
///
/// aiohttp's handlers return a `Response` always.
///
/// ```
/// use asyncio::http::StatusCode;
/// use asyncio::http::web::{HttpError, IntoResponse, Request};
///
/// async fn hello(_request: Request) -> &'static str {
///     "Hello"
/// }
///
/// async fn make(mut request: Request) -> Result<(StatusCode, String), HttpError> {
///     let name = request.text().await?;
///     Ok((StatusCode::CREATED, format!("made {name}")))
/// }
///
/// assert_eq!("Hello".into_response().unwrap().status(), 200);
/// # drop((asyncio::http::serve(("127.0.0.1", 0), hello), asyncio::http::serve(("127.0.0.1", 0), make)));
/// ```
pub trait IntoResponse {
    /// The response, or the error that takes its place.
    ///
    /// # Errors
    ///
    /// Those of a [`Result`] alone.
    ///
    /// ```
    /// use asyncio::http::web::{HttpError, IntoResponse};
    ///
    /// let outcome: Result<&str, HttpError> = Err(HttpError::not_found(""));
    /// assert_eq!(outcome.into_response().unwrap_err().status(), 404);
    /// ```
    fn into_response(self) -> Result<Response, HttpError>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(self)
    }
}

impl<T: IntoResponse, E: Into<HttpError>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, HttpError> {
        self.map_err(Into::into)?.into_response()
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Result<Response, HttpError> {
        Err(self)
    }
}

/// No body, and 200.
impl IntoResponse for () {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(Response::new(self))
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(Response::new(()).with_status(self))
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(Response::text(self))
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(Response::text(self))
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Result<Response, HttpError> {
        Bytes::from(self).into_response()
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Result<Response, HttpError> {
        let mut response = Response::new(self);
        let kind = HeaderValue::from_static("application/octet-stream");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        Ok(response)
    }
}

/// The status takes the place of the other's.
impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Result<Response, HttpError> {
        Ok(self.1.into_response()?.with_status(self.0))
    }
}
