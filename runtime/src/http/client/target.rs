//! The URL that a request goes to: read, joined to the session's, its query and its credentials.
//!
//! For `request` and `exchange`. Mirrors what aiohttp does with `yarl.URL`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use super::error::{Failure, Stage, shorten};

/// The URL that `text` names, on its own or from `base` on.
pub(super) fn parse(text: &str, base: Option<&Url>) -> Result<Url, Failure> {
    let url = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    url.map_err(|error| {
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

pub(super) fn check_scheme(url: &Url) -> Result<(), Failure> {
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

/// Takes `user:password@` out of `url`, so that no message and no history shows it, and makes a header
/// of it.
pub(super) fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    let header = credentials_in(url)?;
    // A URL that has credentials lets go of them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(header)
}

/// What a URL's user name and password, percent-encoded as they are there, say in a header.
fn credentials_in(url: &Url) -> Option<HeaderValue> {
    let (user, password) = (url.username(), url.password());
    if user.is_empty() && password.is_none() {
        return None;
    }
    let user: Vec<u8> = percent_decode_str(user).collect();
    let password: Vec<u8> = percent_decode_str(password.unwrap_or_default()).collect();
    Some(basic_auth(&user, &password))
}

/// The value of the header `Authorization` for a user name and a password (RFC 7617).
pub(super) fn basic_auth(user: &[u8], password: &[u8]) -> HeaderValue {
    let credentials = [user, b":", password].concat();
    let mut header = HeaderValue::try_from(format!("Basic {}", BASE64.encode(credentials)))
        .expect("Base64 can stand in a header");
    header.set_sensitive(true);
    header
}
