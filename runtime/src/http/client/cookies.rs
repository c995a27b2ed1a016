//! The cookies of a session: what servers have set, and what goes back to them.
//!
//! For the session and `exchange`. Mirrors aiohttp's `CookieJar`. `cookie_store` keeps them by the rules of
//! RFC 6265; the wall clock says when one has expired.

use std::cell::RefCell;

use cookie::Cookie;
use cookie_store::CookieStore;
use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

use super::error::{Failure, Stage};

/// The longest `Set-Cookie` that is kept: as browsers have it.
const LONGEST_COOKIE: usize = 4096;

pub(super) struct Jar {
    store: RefCell<CookieStore>,
    keeps: bool,
}

impl Jar {
    pub(super) fn new(keeps: bool) -> Self {
        Self { store: RefCell::default(), keeps }
    }

    /// Keeps what an answer from `url` sets.
    pub(super) fn keep(&self, headers: &HeaderMap, url: &Url) {
        if self.keeps && headers.contains_key(SET_COOKIE) {
            self.store.borrow_mut().store_response_cookies(set_in(headers).into_iter(), url);
        }
    }

    /// The header for `url`: the `own` cookies, and the kept ones whose names are not among them.
    pub(super) fn header(
        &self,
        own: &[(String, String)],
        url: &Url,
    ) -> Result<Option<HeaderValue>, Failure> {
        let kept = self.kept_for(url);
        let kept = kept.iter().filter(|(name, _)| !own.iter().any(|(own, _)| own == name));
        let all: Vec<_> =
            own.iter().chain(kept).map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() {
            return Ok(None);
        }
        let mut header = HeaderValue::try_from(all.join("; ")).map_err(|_| {
            Failure::new(Stage::Request, "a cookie has a character that can't be sent in a header")
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    pub(super) fn kept_for(&self, url: &Url) -> Vec<(String, String)> {
        let store = self.store.borrow();
        let kept = store.get_request_values(url);
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub(super) fn clear(&self) {
        self.store.borrow_mut().clear();
    }
}

/// The cookies that an answer sets. What is no cookie is left out, as browsers do.
pub(super) fn set_in(headers: &HeaderMap) -> Vec<Cookie<'static>> {
    let values = headers.get_all(SET_COOKIE).iter().filter(|value| value.len() <= LONGEST_COOKIE);
    values
        .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .filter_map(|text| Cookie::parse(text.to_owned()).ok())
        .collect()
}
