//! Stands where `tls` does when the feature is off: a type that has no values, so that https can't be.

use std::rc::Rc;

use url::{Host, Url};

use super::error::Failure;
use crate::net::wire::Wire;

pub(super) enum Tls {}

impl Tls {
    #[expect(clippy::unnecessary_wraps, reason = "`tls` has the same signature")]
    pub(super) fn available(_own_roots: &[u8]) -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    #[expect(clippy::unused_async, reason = "likewise")]
    pub(super) async fn handshake(
        &self,
        _: &Url,
        _: &Host<String>,
        _: Rc<dyn Wire>,
    ) -> Result<Rc<dyn Wire>, Failure> {
        match *self {}
    }
}
