//! What the parts of one connection share: its task, hyper's adapter, its requests and their bodies.
//!
//! For `connection` and what it is made of. All but [`Waits`] stays on the loop's thread; a request's body
//! may be moved to another, so what it tells is atomic.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use super::upgrade::Session;
use crate::event_loop::core::Core;
use crate::event_loop::ready::Waiter;
use crate::net::wire::Wire;
use crate::server::Client;
use crate::task::cell::TaskCell;
use crate::task::table;

pub(super) struct Link {
    pub(super) core: Rc<Core>,
    pub(super) wire: Rc<dyn Wire>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) progress: Progress,
    pub(super) waits: Arc<Waits>,
    /// What goes on after an upgrade, from the moment it was asked for.
    pub(super) session: RefCell<Option<Session>>,
    pub(super) is_finishing: Cell<bool>,
    /// Reads fail from now on: the client has kept a body back for too long.
    pub(super) reads_fail: Cell<bool>,
    task: RefCell<Option<Weak<TaskCell>>>,
    waiter: Cell<Option<Waiter>>,
}

/// How far the connection has come, for `watch`.
#[derive(Default)]
pub(super) struct Progress {
    /// A request is being answered: from its head to the end of its answer.
    pub(super) is_answering: Cell<bool>,
    /// Bytes came since the last answer.
    pub(super) has_read: Cell<bool>,
    /// The client takes no more bytes for now.
    pub(super) is_write_blocked: Cell<bool>,
    /// How many requests were answered.
    pub(super) answers: Cell<u64>,
    /// Counts whatever happens.
    pub(super) steps: Cell<u64>,
}

impl Progress {
    pub(super) fn step(&self) {
        self.steps.set(self.steps.get().wrapping_add(1));
    }

    pub(super) fn begin_answer(&self) {
        self.is_answering.set(true);
        self.step();
    }

    pub(super) fn end_answer(&self) {
        self.is_answering.set(false);
        self.has_read.set(false);
        self.answers.set(self.answers.get() + 1);
        self.step();
    }
}

/// What a request's body tells the connection.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waits: AtomicBool,
    left_unread: AtomicBool,
}

impl Waits {
    /// Whether somebody waits for more of the body.
    pub(super) fn get(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Whether nobody wanted the whole body: the client may still be sending it.
    pub(super) fn is_left_unread(&self) -> bool {
        self.left_unread.load(Ordering::Relaxed)
    }

    pub(super) fn leave_unread(&self, unread: bool) {
        self.left_unread.store(unread, Ordering::Relaxed);
    }
}

impl Link {
    pub(super) fn new(core: Rc<Core>, wire: Rc<dyn Wire>) -> Rc<Self> {
        let peer = wire.peer_addr().ok();
        Rc::new(Self {
            core,
            wire,
            peer,
            progress: Progress::default(),
            waits: Arc::default(),
            session: RefCell::new(None),
            is_finishing: Cell::new(false),
            reads_fail: Cell::new(false),
            task: RefCell::new(None),
            waiter: Cell::new(None),
        })
    }

    /// The task that runs the connection.
    pub(super) fn set_task(&self, task: &Rc<TaskCell>) {
        *self.task.borrow_mut() = Some(Rc::downgrade(task));
    }

    /// Whom to wake when the server wants the connection to end.
    pub(super) fn remember(&self, cx: &Context<'_>) {
        self.waiter.set(Some(table::waiter(&self.core, cx)));
    }
}

impl Client for Link {
    /// Answers what it is answering, then closes.
    fn close(&self) {
        self.is_finishing.set(true);
        if let Some(waiter) = self.waiter.take() {
            self.core.wake(waiter);
        }
    }

    fn abort(&self) {
        self.wire.close();
        let task = self.task.borrow().as_ref().and_then(Weak::upgrade);
        if let Some(task) = task {
            task.cancel(None);
        }
    }
}
