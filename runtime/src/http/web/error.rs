//! `HttpError`: what a handler ends with when it has no answer. Mirrors `aiohttp.web.HTTPException` and its
//! family.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, LOCATION, UPGRADE};

use super::request_body::BodyError;
use super::response::Response;

/// Why a handler has no answer: a status, a text for the client, and for the server's author the cause.
/// Mirrors `aiohttp.web.HTTPException`, whose subclasses are constructors here.
///
/// Any other error becomes one with `?`: the client gets "500 Internal Server Error" and no more, the
/// loop's exception handler the error itself. To make that possible, this type is no
/// [`std::error::Error`].
///
/// ```
/// use asyncio::http::web::{HttpError, Request, Response};
///
/// async fn show(request: Request) -> Result<Response, HttpError> {
///     if request.path() != "/notes.txt" {
///         return Err(HttpError::not_found("there is no such note"));
///     }
///     let text = asyncio::fs::read_to_string("notes.txt").await?;
///     Ok(Response::text(text))
/// }
/// # drop(asyncio::http::serve(("127.0.0.1", 0), show));
/// ```
pub struct HttpError(Box<Inner>);

struct Inner {
    status: StatusCode,
    text: Cow<'static, str>,
    headers: HeaderMap,
    cause: Option<Box<dyn Error>>,
}

impl HttpError {
    /// An error with this status; `text` is for the client. With an empty one, the client gets the
    /// status's own, as "404: Not Found".
    ///
    /// ```
    /// use asyncio::http::StatusCode;
    /// use asyncio::http::web::HttpError;
    ///
    /// let error = HttpError::new(StatusCode::IM_A_TEAPOT, "short and stout");
    /// assert_eq!(error.to_string(), "418 I'm a teapot: short and stout");
    /// ```
    pub fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        let (text, headers) = (text.into(), HeaderMap::new());
        Self(Box::new(Inner { status, text, headers, cause: None }))
    }

    /// 400: the request can't be understood. Mirrors `HTTPBadRequest`.
    ///
    /// ```
    /// let error = asyncio::http::web::HttpError::bad_request("`id` is no number");
    /// assert_eq!(error.status(), 400);
    /// ```
    #[doc(alias = "HTTPBadRequest")]
    pub fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// 401: who is asking? `challenge` becomes the header `WWW-Authenticate`: `Basic realm="notes"`. Mirrors
    /// `HTTPUnauthorized`.
    ///
    /// # Panics
    ///
    /// When `challenge` holds what a header can't: a line break, for instance.
    ///
    /// ```
    /// let error = asyncio::http::web::HttpError::unauthorized("Basic realm=\"notes\"");
    /// assert_eq!(error.status(), 401);
    /// ```
    #[doc(alias = "HTTPUnauthorized")]
    #[track_caller]
    pub fn unauthorized(challenge: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "")
            .with_header(hyper::header::WWW_AUTHENTICATE, challenge)
    }

    /// 403: not for you. Mirrors `HTTPForbidden`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::forbidden("not yours").status(), 403);
    /// ```
    #[doc(alias = "HTTPForbidden")]
    pub fn forbidden(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    /// 404: there is nothing here. Mirrors `HTTPNotFound`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::not_found("no such note").status(), 404);
    /// ```
    #[doc(alias = "HTTPNotFound")]
    pub fn not_found(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// 405: not with this method. `allowed` becomes the header `Allow`. Mirrors `HTTPMethodNotAllowed`.
    ///
    /// # Panics
    ///
    /// When `allowed` holds what a header can't.
    ///
    /// ```
    /// let error = asyncio::http::web::HttpError::method_not_allowed("GET, HEAD");
    /// assert_eq!(error.status(), 405);
    /// ```
    #[doc(alias = "HTTPMethodNotAllowed")]
    #[track_caller]
    pub fn method_not_allowed(allowed: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "").with_header(ALLOW, allowed)
    }

    /// 409: it is in the way of something else. Mirrors `HTTPConflict`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::conflict("the name is taken").status(), 409);
    /// ```
    #[doc(alias = "HTTPConflict")]
    pub fn conflict(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, text)
    }

    /// 413: the body is larger than `limit` bytes. Mirrors `HTTPRequestEntityTooLarge`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::payload_too_large(1024).status(), 413);
    /// ```
    #[doc(alias = "HTTPRequestEntityTooLarge")]
    pub fn payload_too_large(limit: u64) -> Self {
        let text = format!("the body is larger than the limit of {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    }

    /// 415: the body is of a kind that isn't taken here. Mirrors `HTTPUnsupportedMediaType`.
    ///
    /// ```
    /// let error = asyncio::http::web::HttpError::unsupported_media_type("send JSON");
    /// assert_eq!(error.status(), 415);
    /// ```
    #[doc(alias = "HTTPUnsupportedMediaType")]
    pub fn unsupported_media_type(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    }

    /// 422: it can be read, and makes no sense. Mirrors `HTTPUnprocessableEntity`.
    ///
    /// ```
    /// let error = asyncio::http::web::HttpError::unprocessable("the end is before the start");
    /// assert_eq!(error.status(), 422);
    /// ```
    #[doc(alias = "HTTPUnprocessableEntity")]
    pub fn unprocessable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, text)
    }

    /// 426: this is for who speaks `protocol`, as `websocket`. Mirrors `HTTPUpgradeRequired`.
    ///
    /// # Panics
    ///
    /// When `protocol` holds what a header can't.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::upgrade_required("websocket").status(), 426);
    /// ```
    #[doc(alias = "HTTPUpgradeRequired")]
    #[track_caller]
    pub fn upgrade_required(protocol: &str) -> Self {
        let text = format!("this is for clients that ask for an upgrade to {protocol}");
        Self::new(StatusCode::UPGRADE_REQUIRED, text)
            .with_header(UPGRADE, protocol)
            .with_header(hyper::header::CONNECTION, "upgrade")
    }

    /// 500: the server's own trouble. The client gets no more than the status; `cause` goes to the loop's
    /// exception handler. Mirrors `HTTPInternalServerError`.
    ///
    /// An error that `?` turns into an [`HttpError`] is one of these, unless it says more: a
    /// [`BodyError`] keeps its own status.
    ///
    /// ```
    /// let cause = std::io::Error::other("the disk is full");
    /// assert_eq!(asyncio::http::web::HttpError::internal(cause).status(), 500);
    /// ```
    #[doc(alias = "HTTPInternalServerError")]
    pub fn internal(cause: impl Into<Box<dyn Error>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "").with_cause(cause)
    }

    /// A redirect as an error, for who finds out deep inside a function that the answer is elsewhere:
    /// 303, the client is to `GET` `location`. Mirrors `HTTPSeeOther`.
    ///
    /// # Panics
    ///
    /// When `location` holds what a header can't.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::see_other("/login").status(), 303);
    /// ```
    #[doc(alias = "HTTPSeeOther")]
    #[track_caller]
    pub fn see_other(location: &str) -> Self {
        Self::new(StatusCode::SEE_OTHER, "").with_header(LOCATION, location)
    }

    /// Adds a header to the answer. Mirrors the argument `headers`.
    ///
    /// # Panics
    ///
    /// When `value` holds what a header can't: a line break, for instance.
    ///
    /// ```
    /// use asyncio::http::StatusCode;
    /// use asyncio::http::header::RETRY_AFTER;
    /// use asyncio::http::web::HttpError;
    ///
    /// let busy = HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "try again later");
    /// let busy = busy.with_header(RETRY_AFTER, "5");
    /// assert_eq!(busy.status(), 503);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        let value = value_of(&name, value);
        self.0.headers.append(name, value);
        self
    }

    /// Adds what led to it; the client never sees it. Of a status from 500 on, the loop's exception handler
    /// is told. Mirrors `raise … from cause`.
    ///
    /// ```
    /// use asyncio::http::StatusCode;
    /// use asyncio::http::web::HttpError;
    ///
    /// let cause = std::io::Error::other("no answer from the database");
    /// let error = HttpError::new(StatusCode::BAD_GATEWAY, "").with_cause(cause);
    /// assert_eq!(error.to_string(), "502 Bad Gateway: no answer from the database");
    /// ```
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn Error>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The status. Mirrors `HTTPException.status`.
    ///
    /// ```
    /// assert_eq!(asyncio::http::web::HttpError::not_found("").status(), 404);
    /// ```
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What led to it, where somebody said so. Mirrors `HTTPException.__cause__`.
    ///
    /// ```
    /// use asyncio::http::web::HttpError;
    ///
    /// let error = HttpError::from(std::io::Error::other("the disk is full"));
    /// assert_eq!(error.cause().unwrap().to_string(), "the disk is full");
    /// ```
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_deref()
    }

    /// The answer that the client gets.
    pub(super) fn into_answer(self) -> Response {
        let Inner { status, text, headers, .. } = *self.0;
        let text = match (text.is_empty(), status.canonical_reason()) {
            (false, _) => text,
            (true, Some(reason)) => format!("{}: {reason}", status.as_u16()).into(),
            (true, None) => status.as_u16().to_string().into(),
        };
        let mut response = Response::text(text.into_owned()).with_status(status);
        response.headers_mut().extend(headers);
        response
    }
}

/// A header's value of what the caller wrote.
#[track_caller]
pub(super) fn value_of(name: &HeaderName, value: &str) -> HeaderValue {
    HeaderValue::from_str(value)
        .unwrap_or_else(|_| panic!("{value:?} can't be the value of the header `{name}`"))
}

impl<E: Error + 'static> From<E> for HttpError {
    fn from(error: E) -> Self {
        match (&error as &dyn Any).downcast_ref::<BodyError>() {
            Some(of_body) => Self::new(of_body.status(), of_body.to_string()).with_cause(error),
            None => Self::internal(error),
        }
    }
}

/// `404 Not Found: there is no such note`, and of an error without a text its cause.
impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.status.fmt(f)?;
        match (&*self.0.text, &self.0.cause) {
            ("", None) => Ok(()),
            ("", Some(cause)) => write!(f, ": {cause}"),
            (text, _) => write!(f, ": {text}"),
        }
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpError")
            .field("status", &self.0.status)
            .field("text", &self.0.text)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}
