//! How a transport is shown: `<Transport closing 127.0.0.1:8888 to 127.0.0.1:50000 bufsize=12>`.

use std::fmt;
use std::net::SocketAddr;
use std::panic::Location;

use crate::event_loop::core::{Core, warn};
use crate::exceptions::place;

pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) is_closing: bool,
    pub(super) is_closed: bool,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) bufsize: usize,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        if self.is_closed {
            f.write_str(" closed")?;
        } else if self.is_closing {
            f.write_str(" closing")?;
        }
        if let Some(local) = self.local {
            write!(f, " {local}")?;
        }
        if let Some(peer) = self.peer {
            write!(f, " to {peer}")?;
        }
        write!(f, " bufsize={}>", self.bufsize)
    }
}

/// In debug mode, says that a loop was closed before a transport of its own: Python's `ResourceWarning`.
pub(super) fn warn_unclosed(
    core: &Core,
    transport: &dyn fmt::Display,
    made_at: &'static Location<'static>,
) {
    if core.debug.get() {
        warn(&format!("unclosed transport {transport}, made at {}", place(made_at)));
    }
}
