//! What callbacks did, in order.

use std::cell::RefCell;
use std::rc::Rc;

/// A list that callbacks write to.
#[derive(Clone, Default)]
pub(crate) struct Journal(Rc<RefCell<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, what: &str) {
        self.0.borrow_mut().push(what.to_owned());
    }

    pub(crate) fn noting(&self, what: &str) -> impl FnOnce() + use<> {
        let (this, what) = (self.clone(), what.to_owned());
        move || this.note(&what)
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}
