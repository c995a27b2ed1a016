//! A socket as a span of the trace: from its connection to its close, with each read and write in it.
//!
//! Held by the socket's wire. Without a trace it is a `None`.

use std::cell::RefCell;
use std::rc::Rc;

use super::recorder::Recorder;
use super::{Trace, record};

pub(crate) struct SocketSpan(Option<Begun>);

struct Begun {
    recorder: Rc<RefCell<Recorder>>,
    serial: u64,
}

impl Trace {
    /// A socket was connected, with that `peer`; a Unix socket's has no address.
    #[inline]
    pub(crate) fn socket(&self, peer: impl FnOnce() -> Option<String>) -> SocketSpan {
        SocketSpan(self.0.as_ref().map(|recorder| Begun::new(recorder.clone(), peer())))
    }
}

impl SocketSpan {
    #[inline]
    pub(crate) fn has_read(&self, length: usize) {
        self.note("read", length);
    }

    #[inline]
    pub(crate) fn has_written(&self, length: usize) {
        self.note("write", length);
    }

    #[inline]
    fn note(&self, what: &'static str, length: usize) {
        if let Some(begun) = &self.0 {
            record(&begun.recorder, |recorder| recorder.socket_moves(begun.serial, what, length));
        }
    }
}

impl Begun {
    #[cold]
    fn new(recorder: Rc<RefCell<Recorder>>, peer: Option<String>) -> Self {
        let peer = peer.unwrap_or_else(|| "a Unix socket".to_owned());
        let serial = record(&recorder, |recorder| recorder.socket_opens(&peer));
        Self { recorder, serial }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        record(&self.recorder, |recorder| recorder.socket_ends(self.serial, "closed"));
    }
}
