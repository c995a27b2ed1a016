//! Stands where `decode` does when the feature `compression` is off: bodies stay as they come.

use hyper::header::HeaderMap;

use super::incoming::Pieces;

/// Compression isn't asked for.
pub(super) const ACCEPTED: &str = "identity";

pub(super) fn decoded(
    _: &HeaderMap,
    body: impl Pieces + 'static,
) -> Result<Box<dyn Pieces>, Box<dyn Pieces>> {
    Err(Box::new(body))
}
