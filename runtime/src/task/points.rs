//! Where a suspended task can be told that it is cancelled.
//!
//! Rust cancels a future by dropping it, which leaves no place to clean up with awaits. So those
//! awaits that can deal with a cancellation leave a *point* in their task:
//! - `Catch` (`catch_cancel`): gets the cancellation as a value and goes on.
//! - `Forward` (an awaited task, `gather!`): passes it to what it waits for, and waits on.
//! - `Hold` (a cleanup): keeps it until the cleanup is over.
//!
//! Points nest as the awaits do, so they form a tree; a task that uses `join!` of the futures crate
//! may have several branches. A cancellation is given to the innermost point of each branch; a point
//! that turns out not to be awaited any more is passed over
//! (`a_catcher_that_is_not_awaited_is_passed_over`). With no point left, the task ends.
//! Once a branch has taken it, it is not given to the outer points of a branch that has not: the task
//! goes on with the one that has.
//!
//! Used by `step`, which delivers, and by the awaits named above, each through its `CancelPoint`. No module of Python's corresponds:
//! there the interpreter's own exceptions do this.

use std::task::Waker;

use slab::Slab;

use crate::exceptions::Cancelled;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Catch,
    Forward,
    Hold,
}

pub(crate) struct Point {
    kind: Kind,
    parent: Option<usize>,
    /// The cancellation given to this point and not yet taken by it.
    signal: Option<Signal>,
    /// What makes this point be polled, where that is not the task's own waker.
    waker: Option<Waker>,
    /// Was given a cancellation and not polled: the task is suspended elsewhere.
    passed_over: bool,
    /// What it encloses was cancelled by itself; see `block`.
    asked_alone: bool,
    /// A point within has taken a cancellation since.
    taken_within: bool,
}

impl Point {
    fn new(kind: Kind, parent: Option<usize>, waker: Option<Waker>) -> Self {
        let (passed_over, asked_alone, taken_within) = (false, false, false);
        Self { kind, parent, signal: None, waker, passed_over, asked_alone, taken_within }
    }
}

struct Signal {
    cancelled: Cancelled,
    /// The whole task is cancelled, not a block of it alone.
    of_task: bool,
}

/// What came of a cancellation that a block gave to the points within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Taken,
    /// Those who may take it are yet to be polled.
    Late,
    /// None of them is awaited any more.
    Refused,
}

/// A task's points.
#[derive(Default)]
pub(crate) struct Points {
    tree: Slab<Point>,
    /// The parent of a point that is made now.
    innermost: Option<usize>,
    /// Cancellations that came out of a point, with the point they are to be given to next.
    raised: Vec<(Option<usize>, Cancelled)>,
    /// A cancellation that was given to points, until they have been polled.
    on_its_way: Option<Cancelled>,
    /// A point has taken it.
    taken: bool,
}

impl Points {
    /// Adds a point inside of the one that is being polled.
    pub(crate) fn add(&mut self, kind: Kind, waker: Option<Waker>) -> usize {
        let parent = self.innermost;
        self.tree.insert(Point::new(kind, parent, waker))
    }

    /// A point leaves. Points within may outlive it: they are its parent's then.
    pub(crate) fn remove(&mut self, index: usize) -> Point {
        let point = self.tree.remove(index);
        if point.kind != Kind::Forward {
            self.hand_over(index, point.parent);
        }
        point
    }

    /// A point is polled, by means of `waker`: the cancellation given to it, and its former waker.
    pub(crate) fn visit(
        &mut self,
        index: usize,
        waker: Option<Waker>,
    ) -> (Option<Cancelled>, Option<Waker>) {
        let point = &mut self.tree[index];
        point.passed_over = false;
        let former = std::mem::replace(&mut point.waker, waker);
        let Some(signal) = point.signal.take() else { return (None, former) };
        self.taken |= signal.of_task;
        let mut outer = point.parent;
        while let Some(point) = outer {
            self.tree[point].taken_within = true;
            outer = self.tree[point].parent;
        }
        (Some(signal.cancelled), former)
    }

    /// Makes this the point that new ones are inside of; gives back the former one.
    pub(crate) fn set_innermost(&mut self, index: Option<usize>) -> Option<usize> {
        std::mem::replace(&mut self.innermost, index)
    }

    /// A cancellation comes out of a point; the `catch_cancel` around that one is to get it.
    pub(crate) fn raise_from(&mut self, index: usize, cancelled: Cancelled) {
        self.raised.push((self.tree[index].parent, cancelled));
    }

    /// A cancellation comes out of where the task is now.
    pub(crate) fn raise_here(&mut self, cancelled: Cancelled) {
        self.raised.push((self.innermost, cancelled));
    }

    /// Gives the cancellation to the innermost point of each branch. `Err`: there is none.
    pub(crate) fn deliver(&mut self, cancelled: &Cancelled) -> Result<Vec<Waker>, ()> {
        let targets = self.innermost_of(None).ok_or(())?;
        (self.on_its_way, self.taken) = (Some(cancelled.clone()), false);
        Ok(targets.into_iter().filter_map(|target| self.signal(target, cancelled, true)).collect())
    }

    /// The same for what `block` encloses alone.
    pub(crate) fn deliver_within(
        &mut self,
        block: usize,
        cancelled: &Cancelled,
    ) -> Result<Vec<Waker>, ()> {
        let point = &mut self.tree[block];
        (point.asked_alone, point.taken_within) = (true, false);
        let targets = self.innermost_of(Some(block)).ok_or(())?;
        Ok(targets.into_iter().filter_map(|target| self.signal(target, cancelled, false)).collect())
    }

    /// After a poll of a block that followed a delivery within: what came of it. As in
    /// `take_undelivered`, a point that was not polled isn't awaited.
    pub(crate) fn settle_within(&mut self, block: usize, is_polled_again: bool) -> Delivery {
        let given: Vec<usize> = (self.tree.iter())
            .filter(|(index, point)| {
                let alone = point.signal.as_ref().is_some_and(|signal| !signal.of_task);
                alone && self.is_within(*index, block)
            })
            .map(|(index, _)| index)
            .collect();
        let mut some_are_late = false;
        for index in given {
            let point = &mut self.tree[index];
            if is_polled_again && point.waker.is_some() {
                some_are_late = true;
            } else {
                (point.signal, point.passed_over) = (None, true);
            }
        }
        match (some_are_late, self.tree[block].taken_within) {
            (true, _) => Delivery::Late,
            (false, true) => Delivery::Taken,
            (false, false) => Delivery::Refused,
        }
    }

    /// How many of the blocks around a point were cancelled by themselves.
    pub(crate) fn asked_around(&self, index: usize) -> usize {
        self.ancestors(self.tree[index].parent)
            .filter(|outer| self.tree[*outer].asked_alone)
            .count()
    }

    /// The innermost point of each branch, of the task's or of a block's.
    fn innermost_of(&self, block: Option<usize>) -> Option<Vec<usize>> {
        let is_meant = |index: usize| block.is_none_or(|block| self.is_within(index, block));
        let mut encloses = vec![false; self.tree.capacity()];
        for (_, point) in self.awake() {
            if let Some(parent) = point.parent {
                encloses[parent] = true;
            }
        }
        let mut targets: Vec<usize> = self
            .awake()
            .filter(|(index, _)| !encloses[*index] && is_meant(*index))
            .map(|(index, _)| self.outermost_hold(index, block).unwrap_or(index))
            .collect();
        targets.sort_unstable();
        targets.dedup();
        (!targets.is_empty()).then_some(targets)
    }

    /// What a poll left to be done: cancellations that were raised in it, each given to the
    /// `catch_cancel` around it. `Err`: there is none around it. `None`: nothing was raised.
    pub(crate) fn deliver_raised(&mut self) -> Result<Option<Vec<Waker>>, Cancelled> {
        if self.raised.is_empty() {
            return Ok(None);
        }
        let mut wakers = Vec::new();
        for (from, cancelled) in std::mem::take(&mut self.raised) {
            let Some(target) = self.enclosing_catch(from) else { return Err(cancelled) };
            wakers.extend(self.signal(target, &cancelled, true));
        }
        Ok(Some(wakers))
    }

    /// Whether a poll left nothing to be settled.
    pub(crate) fn is_settled(&self) -> bool {
        self.raised.is_empty() && self.on_its_way.is_none()
    }

    /// Whether a cancellation was given to a point that has not taken it yet.
    pub(crate) fn has_signals(&self) -> bool {
        self.tree.iter().any(|(_, point)| point.signal.is_some())
    }

    /// After a poll that followed a delivery: the cancellation, if no point took it. A point that was
    /// not polled isn't awaited, so the cancellation wasn't for it. Only those with a waker of somebody
    /// else's may be late: `FuturesUnordered` gives way now and then, and is polled again at once.
    pub(crate) fn take_undelivered(&mut self, is_polled_again: bool) -> Option<Cancelled> {
        let cancelled = self.on_its_way.take()?;
        let mut some_are_late = false;
        for (_, point) in self.tree.iter_mut().filter(|(_, point)| point.signal.is_some()) {
            if is_polled_again && point.waker.is_some() {
                some_are_late = true;
            } else {
                (point.signal, point.passed_over) = (None, true);
            }
        }
        if some_are_late {
            self.on_its_way = Some(cancelled);
            return None;
        }
        (!self.taken).then_some(cancelled)
    }

    /// `gone` leaves the tree: what it enclosed, and may outlive it, is its parent's now.
    fn hand_over(&mut self, gone: usize, parent: Option<usize>) {
        for (_, point) in &mut self.tree {
            if point.parent == Some(gone) {
                point.parent = parent;
            }
        }
        for (from, _) in &mut self.raised {
            if *from == Some(gone) {
                *from = parent;
            }
        }
    }

    fn awake(&self) -> impl Iterator<Item = (usize, &Point)> {
        self.tree.iter().filter(|(_, point)| !point.passed_over)
    }

    fn signal(&mut self, target: usize, cancelled: &Cancelled, of_task: bool) -> Option<Waker> {
        let point = &mut self.tree[target];
        let of_task = of_task || point.signal.as_ref().is_some_and(|signal| signal.of_task);
        point.signal = Some(Signal { cancelled: cancelled.clone(), of_task });
        point.waker.clone()
    }

    fn is_within(&self, index: usize, block: usize) -> bool {
        self.ancestors(self.tree[index].parent).any(|outer| outer == block)
    }

    fn ancestors(&self, from: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(from, |index| self.tree[*index].parent)
    }

    /// The outermost cleanup around a point, up to the block that is cancelled.
    fn outermost_hold(&self, from: usize, block: Option<usize>) -> Option<usize> {
        self.ancestors(Some(from))
            .take_while(|index| Some(*index) != block)
            .filter(|index| self.tree[*index].kind == Kind::Hold)
            .last()
    }

    fn enclosing_catch(&self, from: Option<usize>) -> Option<usize> {
        self.ancestors(from).find(|index| self.tree[*index].kind == Kind::Catch)
    }
}
