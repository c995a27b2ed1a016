//! The headers of a request: the caller's, the session's, and the defaults that neither says anything of.
//!
//! For `request`, `exchange` and the session. Mirrors `_prepare_headers` of aiohttp's `client` and
//! `update_auto_headers` of its `client_reqrep`.

use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, USER_AGENT,
};

use super::error::{Failure, Stage};

/// What a session sends with each request: its own headers, and the defaults.
/// `accepted` says which compressions are undone.
pub(super) fn of_session(
    own: &[(String, String)],
    accepted: &'static str,
) -> Result<HeaderMap, Failure> {
    let mut headers = own_headers(own)?;
    for (name, value) in [
        (ACCEPT, "*/*"),
        (ACCEPT_ENCODING, accepted),
        (USER_AGENT, concat!("asyncio/", env!("CARGO_PKG_VERSION"))),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    Ok(headers)
}

/// What a request sends: its `own` headers, and those of the session whose names it doesn't have.
pub(super) fn of_request(
    own: &[(String, String)],
    session: &HeaderMap,
) -> Result<HeaderMap, Failure> {
    if own.is_empty() {
        return Ok(session.clone());
    }
    let mut headers = own_headers(own)?;
    let taken: Vec<HeaderName> = headers.keys().cloned().collect();
    for (name, value) in session {
        if !taken.contains(name) {
            headers.append(name, value.clone());
        }
    }
    Ok(headers)
}

fn own_headers(own: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in own {
        let (name, value) = header(name, value)?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let unusable = |what: &str, text: &str| {
        let message = format!("{what} can't be sent in a header: {text:?}");
        Failure::new(Stage::Request, message)
    };
    let text = name;
    let name = HeaderName::try_from(text).map_err(|_| unusable("this name", text))?;
    let is_secret = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(&name);
    let mut header = HeaderValue::try_from(value).map_err(|_| {
        let shown = if is_secret { "(not shown)" } else { value };
        unusable(&format!("this value of `{text}`"), shown)
    })?;
    header.set_sensitive(is_secret);
    Ok((name, header))
}

/// Adds what a URL said of who asks, unless a header says it.
pub(super) fn add_credentials(headers: &mut HeaderMap, credentials: Option<HeaderValue>) {
    if let Some(credentials) = credentials {
        headers.entry(AUTHORIZATION).or_insert(credentials);
    }
}
