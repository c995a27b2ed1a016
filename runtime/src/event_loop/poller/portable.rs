//! No poller: the loop waits in async-io for everything.

use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::super::core::Core;

#[derive(Default)]
pub(crate) struct Poller(());

#[expect(clippy::unused_self, reason = "as where there is one")]
impl Poller {
    pub(crate) fn look(&self, _core: &Core) {}

    pub(crate) fn bell(&self) -> Option<&Waker> {
        None
    }

    pub(crate) fn wait(&self, _core: &Core, _deadline: Option<Instant>) -> bool {
        false
    }

    pub(crate) fn nest(&self) -> bool {
        true
    }

    pub(crate) fn poll_nested(&self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
