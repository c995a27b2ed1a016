//! Stands where `cookies` does when the feature is off: a jar that keeps nothing.

use hyper::header::{HeaderMap, HeaderValue};
use url::Url;

use super::error::Failure;

pub(super) struct Jar;

impl Jar {
    pub(super) fn new(_keeps: bool) -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "`cookies` has the same signature")]
    pub(super) fn keep(&self, _: &HeaderMap, _: &Url) {}

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "likewise")]
    pub(super) fn header(
        &self,
        _: &[(String, String)],
        _: &Url,
    ) -> Result<Option<HeaderValue>, Failure> {
        Ok(None)
    }
}
