//! Awaiting a signal. The handler writes a byte to a socket, which the reactor watches: Python's wakeup
//! descriptor.
//!
//! What must hold: after the last signal there is at least one report, and any number of signals takes no more
//! memory than the socket's buffer. When that is full, a report is on its way anyhow.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use async_io::Async;
use signal_hook::low_level;

use super::registration::Registration;

pub(super) struct Arrivals {
    pipe: Pipe,
    _registration: Registration,
}

impl Arrivals {
    pub(super) fn new(signal: i32) -> io::Result<Self> {
        let (sender, pipe) = Pipe::new()?;
        let registration = Registration::new(signal, |actions| {
            actions.push(low_level::pipe::register(signal, sender)?);
            Ok(())
        })?;
        Ok(Self { pipe, _registration: registration })
    }

    /// Ready once for all signals that came since it was ready last.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.pipe.poll_next(cx)
    }
}

/// What the handlers of a loop wait for, by signal: a handler that replaces another takes what has come.
#[derive(Default)]
pub(crate) struct Awaited(RefCell<HashMap<i32, Weak<Arrivals>>>);

impl Awaited {
    pub(super) fn arrivals(&self, signal: i32) -> io::Result<Rc<Arrivals>> {
        let mut all = self.0.borrow_mut();
        if let Some(arrivals) = all.get(&signal).and_then(Weak::upgrade) {
            return Ok(arrivals);
        }
        let arrivals = Rc::new(Arrivals::new(signal)?);
        all.insert(signal, Rc::downgrade(&arrivals));
        Ok(arrivals)
    }
}

/// Where the handler's bytes arrive.
pub(super) struct Pipe(Async<UnixStream>);

impl Pipe {
    /// The handler's end, and ours.
    pub(super) fn new() -> io::Result<(UnixStream, Self)> {
        let (sender, receiver) = UnixStream::pair()?;
        Ok((sender, Self(Async::new(receiver)?)))
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Readiness first: who waits for signals may be polled often, and a signal is rare.
        while ready!(self.0.poll_readable(cx)).is_ok() {
            // What doesn't fit is the next report.
            if self.0.get_ref().read(&mut [0; 1024]).is_ok_and(|length| length > 0) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
