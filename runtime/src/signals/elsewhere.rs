//! Where there are no Unix signals.

use std::rc::Rc;
use std::task::{Context, Poll};

/// There is no SIGINT here.
pub(crate) struct Interrupts;

impl Interrupts {
    #[track_caller]
    pub(crate) fn watch(_: &Takers) -> Rc<Self> {
        panic!("asyncio: `handle_ctrl_c` needs Unix signals, which this system doesn't have")
    }

    #[expect(clippy::unused_self, reason = "as on Unix")]
    pub(crate) fn poll_next(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[derive(Default)]
pub(crate) struct Takers;
