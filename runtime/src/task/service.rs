//! Services: the loop's own tasks. They watch descriptors, empty write buffers and pump transports, as
//! Python's loop does in its callbacks.
//!
//! Polled as tasks are, but nobody's: no number, not in `all_tasks`, not cancelled at the end of a run.
//! They are dropped when the loop closes, behind the tasks, which may need them to the end.

use std::panic::Location;
use std::rc::{Rc, Weak};

use super::cell::{Body, TaskCell};
use super::output::owned;
use super::table::Tasks;

/// Services count from here, so that neither their numbers nor those of tasks have gaps. A trace has
/// numbers below 2⁵³ only.
pub(super) const FIRST_ID: u64 = 1 << 48;

/// A service, to end it by. Dropping this lets it go on.
#[derive(Clone)]
pub(crate) struct Service {
    tasks: Weak<Tasks>,
    cell: Weak<TaskCell>,
}

/// Starts a service in the next turn. On a loop that is closed, nothing happens: the future is dropped.
pub(crate) fn spawn(
    tasks: &Rc<Tasks>,
    name: impl Into<String>,
    future: impl Future<Output = ()> + 'static,
    made_at: &'static Location<'static>,
) -> Service {
    if tasks.core.is_closed() {
        return Service { tasks: Weak::new(), cell: Weak::new() };
    }
    let cell = tasks.admit_service(Body::Owned(owned(future)), made_at);
    cell.set_name(name.into());
    cell.detach();
    Service { tasks: Rc::downgrade(tasks), cell: Rc::downgrade(&cell) }
}

impl Service {
    /// Ends it: its future is dropped, now, or after the poll that calls this.
    pub(crate) fn stop(&self) {
        if let (Some(tasks), Some(cell)) = (self.tasks.upgrade(), self.cell.upgrade()) {
            tasks.abandon(&cell);
        }
    }

    /// Whether it will run no more.
    pub(crate) fn is_done(&self) -> bool {
        self.cell.upgrade().is_none_or(|cell| cell.is_done())
    }
}
