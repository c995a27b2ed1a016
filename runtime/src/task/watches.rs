//! What the user has the loop watch: descriptors and signals. For each thing, one service, which the user
//! ends by naming the thing. Mirrors the selector's map of a loop and its `_signal_handlers`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::service::Service;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Watched {
    /// A descriptor that can be read.
    Readable(i32),
    /// A descriptor that can be written to.
    Writable(i32),
    Signal(i32),
}

#[derive(Default)]
pub(crate) struct Watches(RefCell<HashMap<Watched, Service>>);

impl Watches {
    /// Ends the service that watched the same before.
    pub(crate) fn set(&self, watched: Watched, service: Service) {
        let former = self.0.borrow_mut().insert(watched, service);
        // Dropping what it owns is code of others.
        former.inspect(Service::stop);
    }

    /// Whether there was one.
    pub(crate) fn remove(&self, watched: Watched) -> bool {
        let service = self.0.borrow_mut().remove(&watched);
        let was_there = service.as_ref().is_some_and(|service| !service.is_done());
        service.inspect(Service::stop);
        was_there
    }
}
