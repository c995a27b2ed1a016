//! What the handles of a group share with its scope: the children's futures, what went wrong, and how the
//! scope drives them beside its body and after it. For `taskgroups` alone.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::exceptions::{Cancelled, Panicked, Payload};
use crate::task::block::Block;
use crate::task::cancel::take_signal;
use crate::task::cancel_point::CancelPoint;
use crate::task::cell::Request;
use crate::task::nursery::{Children, Nursery, Turn, Verdict};
use crate::task::points::Kind;
use crate::task::step::Step;
use crate::task::table;

pub(super) type ChildFuture<'env> = Pin<Box<dyn Future<Output = ()> + 'env>>;

/// A group.
pub(super) struct Shared<'env, E> {
    pub(super) nursery: Nursery,
    /// The children's futures, by their index in the nursery. One that is polled is out.
    futures: RefCell<Vec<Option<ChildFuture<'env>>>>,
    pub(super) errors: RefCell<Vec<E>>,
    /// The first panic.
    pub(super) panic: Cell<Option<Payload>>,
    pub(super) stage: Cell<Stage>,
    /// A child has failed: the group is to be told to stop.
    has_failed: Cell<bool>,
    /// The request that ended the group, and that the body is yet to hear of.
    body_is_to_stop: Cell<Option<Request>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// All were told to stop.
    Aborting,
    Over,
}

/// How a body ended that did not come to its own end.
pub(super) enum End {
    /// By the group.
    CutShort,
    Cancelled(Cancelled),
}

impl<'env, E> Shared<'env, E> {
    pub(super) fn open(cx: &Context<'_>) -> Rc<Self> {
        let (tasks, parent) = table::running_task("TaskGroup::scope");
        Rc::new(Self {
            nursery: Nursery::new(&tasks, &parent, cx),
            futures: RefCell::default(),
            errors: RefCell::default(),
            panic: Cell::new(None),
            stage: Cell::new(Stage::Open),
            has_failed: Cell::new(false),
            body_is_to_stop: Cell::new(None),
        })
    }

    pub(super) fn put(&self, index: usize, child: ChildFuture<'env>) {
        let mut futures = self.futures.borrow_mut();
        if futures.len() <= index {
            futures.resize_with(index + 1, || None);
        }
        futures[index] = Some(child);
    }

    fn take(&self, index: usize) -> Option<ChildFuture<'env>> {
        self.futures.borrow_mut().get_mut(index).and_then(Option::take)
    }

    /// Tells all children and the body to stop, once. The body hears of it in its own turn, behind the
    /// children.
    pub(super) fn abort(&self) {
        self.abort_for(Request::next());
    }

    /// The same where somebody asked for it whom the children may hear, too.
    fn abort_for(&self, request: Request) {
        if self.stage.get() != Stage::Open {
            return;
        }
        self.stage.set(Stage::Aborting);
        self.nursery.cancel_all(request, None);
        self.body_is_to_stop.set(Some(request));
        self.nursery.wake_parent();
    }

    /// Keeps the first panic for the end, and reports a later one.
    pub(super) fn panicked(&self, payload: Payload, origin: &str) {
        match self.panic.take() {
            None => self.panic.set(Some(payload)),
            Some(first) => {
                self.panic.set(Some(first));
                let panicked = Panicked::new(origin.to_owned(), payload);
                let core = table::running_core("TaskGroup::scope");
                core.report_panic("another panic in a task group", panicked);
            }
        }
    }

    /// Polls the body, and the children beside it, until the body ends.
    pub(super) async fn drive_body<F: Future>(
        &self,
        mut body: Pin<&mut F>,
    ) -> Result<F::Output, End> {
        let mut block = Block::default();
        poll_fn(|cx| {
            self.follow(cx);
            if !self.abort_if_failed()
                && !self.nursery.is_childs_turn()
                && let Poll::Ready(ended) = self.poll_body(&mut block, body.as_mut(), cx)
            {
                return Poll::Ready(ended);
            }
            self.poll_children();
            Poll::Pending
        })
        .await
    }

    fn poll_body<F: Future>(
        &self,
        block: &mut Block,
        body: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, End>> {
        if let Some(request) = self.body_is_to_stop.take() {
            block.cancel(request);
        }
        block.poll(body, cx).map_err(|cancelled| {
            if block.was_own() { End::CutShort } else { End::Cancelled(cancelled) }
        })
    }

    /// Polls the children until none is left; gives back the cancellation that came meanwhile.
    pub(super) async fn drive_children(&self) -> Option<Cancelled> {
        let mut point: Option<CancelPoint> = None;
        let mut cancelled = None;
        poll_fn(|cx| {
            self.follow(cx);
            self.abort_if_failed();
            if let Some(signal) = take_signal(&mut point, Kind::Forward, cx) {
                self.abort_for(point.as_ref().map_or_else(Request::next, CancelPoint::request));
                cancelled = Some(signal);
            }
            self.poll_children();
            if self.nursery.len() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        cancelled
    }

    /// Keeps to the task and the waker of this poll.
    fn follow(&self, cx: &Context<'_>) {
        let (_, parent) = table::running_task("TaskGroup::scope");
        self.nursery.follow(&parent, cx);
    }

    /// Polls the children whose turn has come.
    fn poll_children(&self) {
        while let Some(Turn { step, .. }) = self.nursery.step_next(&mut Futures(self)) {
            let has_panicked = matches!(step, Step::Panicked(_));
            if let Step::Panicked(payload) = step {
                self.panicked(payload, "a task of a task group");
            }
            if has_panicked || !self.errors.borrow().is_empty() {
                self.has_failed.set(true);
                self.nursery.wake_parent();
            }
        }
    }

    /// After a failure, in the turn of the task around: as in Python, children that are ready in the turn
    /// of the failure still have theirs. True: the body is to wait until the children were told.
    fn abort_if_failed(&self) -> bool {
        let is_due = self.has_failed.get() && self.stage.get() == Stage::Open;
        if is_due && !self.nursery.is_childs_turn() {
            self.abort();
            return !self.nursery.has_signals();
        }
        false
    }
}

struct Futures<'a, 'env, E>(&'a Shared<'env, E>);

impl<E> Children for Futures<'_, '_, E> {
    fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Verdict> {
        // Out of its place while it runs: it may make other children.
        let mut child = self.0.take(index).expect("a child that is not done has its future");
        let polled = child.as_mut().poll(cx);
        self.0.put(index, child);
        polled.map(|()| Verdict::GoOn)
    }

    fn clear(&mut self, index: usize) {
        let child = self.0.take(index);
        drop(child);
    }
}

/// Ends the group, also where the scope is dropped.
pub(super) struct Closing<'a, 'env, E>(pub(super) &'a Shared<'env, E>);

impl<E> Drop for Closing<'_, '_, E> {
    fn drop(&mut self) {
        self.0.stage.set(Stage::Over);
        self.0.nursery.abandon();
        let left = self.0.futures.take();
        drop(left);
    }
}
