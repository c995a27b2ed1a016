//! Redirects: where an answer sends the request next, and what must not go along.
//!
//! For `request`. Mirrors `history` and the redirect rules of aiohttp's `client`.

use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, HOST, HeaderMap, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use hyper::{Method, StatusCode};
use url::Url;

use super::error::{Failure, Stage, shorten};

/// The most redirects that are followed for one request.
const MOST_REDIRECTS: usize = 10;

/// An answer that sent the request elsewhere. [`Response::history`](super::Response::history) has them.
///
/// Mirrors an `aiohttp.ClientResponse` in `ClientResponse.history`, without its body.
///
/// ```
/// # use asyncio::http::{ClientError, ClientSession};
#[doc = include_str!("../example_server.txt")]
/// asyncio::run(async {
///     let response = ClientSession::new().get(format!("{url}old")).await?;
///     for redirect in response.history() {
///         println!("{} answered {}", redirect.url(), redirect.status());
///     }
///     assert_eq!(response.history().len(), 1);
/// #   Ok::<(), ClientError>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Redirect {
    pub(super) status: StatusCode,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

impl Redirect {
    /// The status: 301, 302, 303, 307 or 308.
    ///
    /// Mirrors `ClientResponse.status`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}old")).await?;
    ///     assert_eq!(response.history()[0].status(), 301);
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The URL that was asked for. Where it sent the request is the next one's, or the response's.
    ///
    /// Mirrors `ClientResponse.url`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}old")).await?;
    ///     assert_eq!(response.history()[0].url().path(), "/old");
    ///     assert_eq!(response.url().path(), "/");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers, `Location` among them.
    ///
    /// Mirrors `ClientResponse.headers`.
    ///
    /// ```
    /// # use asyncio::http::{ClientError, ClientSession};
    #[doc = include_str!("../example_server.txt")]
    /// asyncio::run(async {
    ///     let response = ClientSession::new().get(format!("{url}old")).await?;
    ///     assert_eq!(response.history()[0].headers()["location"], "/");
    /// #   Ok::<(), ClientError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

/// Where an answer from `url` sends the request; `None` if it doesn't.
pub(super) fn target(
    url: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, Failure> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut target =
        url.join(&location).map_err(|error| unusable(&location, &error.to_string()))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(unusable(&location, "only http and https can be followed"));
    }
    // RFC 9110, 10.2.2: the fragment goes on to a target that has none.
    if target.fragment().is_none() {
        target.set_fragment(url.fragment());
    }
    Ok(Some(target))
}

fn unusable(location: &str, why: &str) -> Failure {
    let location = shorten(location);
    let message = format!("the server redirects to \"{location}\", which is not usable: {why}");
    Failure::new(Stage::Redirect, message)
}

/// An error once `history` holds as many redirects as are followed. `next` is where one more would go.
pub(super) fn check_count(history: &[Redirect], next: &Url) -> Result<(), Failure> {
    if history.len() <= MOST_REDIRECTS {
        return Ok(());
    }
    let chain: Vec<_> = history.iter().map(|redirect| &redirect.url).chain([next]).collect();
    let chain: Vec<_> = chain.iter().map(|url| shorten(url.as_str())).collect();
    let message = format!("more than {MOST_REDIRECTS} redirects: {}", chain.join(" -> "));
    Err(Failure::new(Stage::Redirect, message))
}

/// Whether a request is followed with GET and without its body, as browsers and aiohttp do: after 303, and
/// of a POST after 301 and 302.
pub(super) fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

/// Takes out of `headers` what describes a body.
pub(super) fn forget_body(headers: &mut HeaderMap) {
    for name in [
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_LENGTH,
        CONTENT_LOCATION,
        CONTENT_TYPE,
        TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
}

pub(super) fn not_replayable(status: StatusCode, next: &Url) -> Failure {
    let next = shorten(next.as_str());
    let message = format!(
        "the server redirects to {next} and wants the request's body there, too ({status}), but a \
         stream can't be sent again: pass bytes or a file, or ask that URL"
    );
    Failure::new(Stage::Redirect, message)
}

/// Takes out of `headers` what is meant for one origin alone.
pub(super) fn keep_credentials_home(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
}
