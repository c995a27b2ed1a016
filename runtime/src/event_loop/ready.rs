//! What runs next: tasks and callbacks, first in, first out.
//!
//! A ground room: wakers and `call_soon` put entries in, the turn takes them out, all on the loop's
//! own thread. Mirrors `BaseEventLoop._ready`.
//!
//! What must hold:
//! - A task is in the queue at most once, however often it is woken
//!   (`a_task_is_in_the_queue_at_most_once`): its mark says whether it is.
//! - A wake for a task that is gone does nothing, though its place may be taken by another task
//!   (`a_stale_wake_does_not_reach_the_next_tenant`): the mark counts its tenants.
//! - While the loop is parked, the first entry rings the alarm, and only the first
//!   (`the_alarm_rings_once`): each ring costs the loop a wait of the reactor.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::callback::Callback;
use crate::trace::Trace;

/// A task's place in the table, and which of the place's tenants it is. In 32 bits each of one word, so
/// that it is passed in a register: through memory, a wake took a third longer. Never 0, so that
/// where there may be no task, that takes no room. A key that was kept while its place changed hands 2³²
/// times would name a stranger; what it could do there is wake it, which any task can bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskKey(NonZeroU64);

impl TaskKey {
    const fn new(index: u32, tenant: u32) -> Self {
        match NonZeroU64::new((tenant as u64) << 32 | index as u64) {
            Some(key) => Self(key),
            None => panic!("tenants are counted from 1"),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the index")]
    pub(crate) fn index(self) -> usize {
        self.0.get() as u32 as usize
    }

    fn tenant(self) -> u32 {
        (self.0.get() >> 32) as u32
    }
}

/// A place for a key that any thread may read.
pub(crate) struct KeyPlace(AtomicU64);

impl KeyPlace {
    pub(crate) fn new(key: TaskKey) -> Self {
        Self(AtomicU64::new(key.0.get()))
    }

    pub(crate) fn get(&self) -> TaskKey {
        let bits = NonZeroU64::new(self.0.load(Ordering::Relaxed));
        TaskKey(bits.expect("there is always a key in it"))
    }

    pub(crate) fn set(&self, key: TaskKey) {
        self.0.store(key.0.get(), Ordering::Relaxed);
    }
}

/// Somebody to wake later. Naming a task of the loop costs nothing; cloning its waker costs an atomic
/// operation, and another one to drop it (together about 12 ns, a tenth of a spawn and join).
pub(crate) enum Waiter {
    Task(TaskKey),
    Other(Waker),
}

impl Waiter {
    /// Whether waking either is the same.
    pub(crate) fn is_same(&self, other: &Waiter) -> bool {
        match (self, other) {
            (Self::Task(this), Self::Task(other)) => this == other,
            (Self::Other(this), Self::Other(other)) => this.will_wake(other),
            _ => false,
        }
    }
}

/// One entry of the queue.
pub(crate) enum Ready {
    Task(TaskKey),
    Call(Rc<Callback>),
    /// What `stop` leaves behind a finished main: all that is ready before it still runs.
    Stop,
}

/// Which tenant lives at an index, or will next, and whether it is queued.
#[derive(Clone, Copy)]
struct Mark {
    tenant: u32,
    queued: bool,
}

impl Mark {
    const FIRST: Self = Self { tenant: 1, queued: false };
}

/// What stands in the queue for a callback: a key of no task. 8 bytes an entry, and taking one out is
/// reading it.
const CALL: TaskKey = TaskKey::new(u32::MAX, 1);
/// The same for what ends a run.
const STOP: TaskKey = TaskKey::new(u32::MAX, 2);

#[derive(Default)]
struct Lines {
    /// The turn that runs, and where it is.
    now: Vec<TaskKey>,
    at: usize,
    /// What joins meanwhile: the next turn. Two vectors that change places, as a ring would have to look for
    /// its end at each entry: 5 ns of a yield's 32.
    next: Vec<TaskKey>,
    /// For each [`CALL`] in `now` and `next`.
    calls: VecDeque<Rc<Callback>>,
    marks: Vec<Mark>,
}

pub(crate) struct ReadyQueue {
    /// Tells this loop from the others of the process.
    loop_id: u64,
    lines: RefCell<Lines>,
    /// How many entries had their turn, ever; and how many may have had it when the driver is asked again.
    taken: Cell<u64>,
    granted: Cell<u64>,
    /// The waker of `block_on`, while the loop is parked.
    alarm: Cell<Option<Waker>>,
    trace: Trace,
    /// Set by `Runner::builder().seed(n)`.
    random: Option<RefCell<fastrand::Rng>>,
}

impl ReadyQueue {
    pub(crate) fn new(loop_id: u64, seed: Option<u64>, trace: Trace) -> Self {
        Self {
            loop_id,
            lines: RefCell::default(),
            taken: Cell::new(0),
            granted: Cell::new(0),
            alarm: Cell::new(None),
            trace,
            random: seed.map(|seed| RefCell::new(fastrand::Rng::with_seed(seed))),
        }
    }

    /// Gives the task at this place of the table its key.
    #[inline]
    pub(crate) fn admit(&self, index: usize) -> TaskKey {
        let marks = &mut self.lines.borrow_mut().marks;
        while marks.len() <= index {
            marks.push(Mark::FIRST);
        }
        let place = u32::try_from(index).ok().filter(|place| *place < u32::MAX);
        let place = place.expect("fewer than 2³² tasks fit into memory");
        TaskKey::new(place, marks[index].tenant)
    }

    /// Makes a task's key void. Its entry in the queue, if any, is skipped.
    pub(crate) fn retire(&self, key: TaskKey) {
        let mark = &mut self.lines.borrow_mut().marks[key.index()];
        *mark = Mark { tenant: mark.tenant.wrapping_add(1).max(1), queued: false };
    }

    #[inline]
    pub(crate) fn wake(&self, key: TaskKey) {
        let mut lines = self.lines.borrow_mut();
        let Some(mark) = lines.marks.get_mut(key.index()) else { return };
        if mark.tenant != key.tenant() || mark.queued {
            return;
        }
        mark.queued = true;
        lines.next.push(key);
        drop(lines);
        self.trace.task_woken(key.index());
        self.ring();
    }

    /// Lets a callback join.
    pub(crate) fn push_call(&self, callback: Rc<Callback>) {
        let mut lines = self.lines.borrow_mut();
        lines.next.push(CALL);
        lines.calls.push_back(callback);
        drop(lines);
        self.ring();
    }

    /// Lets the end of a run join.
    pub(crate) fn push_stop(&self) {
        self.lines.borrow_mut().next.push(STOP);
        self.ring();
    }

    /// Whether a task will run though nobody wakes it any more.
    pub(crate) fn is_queued(&self, key: TaskKey) -> bool {
        let lines = self.lines.borrow();
        lines.marks.get(key.index()).is_some_and(|mark| mark.tenant == key.tenant() && mark.queued)
    }

    /// Makes a turn of what has joined; `pop` hands that out.
    pub(crate) fn begin_turn(&self) {
        let lines = &mut *self.lines.borrow_mut();
        lines.now.clear();
        lines.at = 0;
        std::mem::swap(&mut lines.now, &mut lines.next);
    }

    /// Grants so many entries their turn.
    pub(crate) fn grant(&self, entries: usize) {
        self.granted.set(self.taken.get() + entries as u64);
    }

    /// Whether it is one more entry's turn.
    #[inline]
    pub(crate) fn begin_next(&self) -> bool {
        let is_granted = self.taken.get() < self.granted.get();
        self.taken.set(self.taken.get() + u64::from(is_granted));
        is_granted
    }

    /// Numbers the entry whose turn it is.
    pub(crate) fn number(&self) -> u64 {
        self.taken.get()
    }

    /// The task whose turn is next, if it is granted.
    #[inline]
    pub(crate) fn next_task(&self) -> Option<TaskKey> {
        let lines = self.lines.borrow();
        let key = *lines.now.get(lines.at)?;
        let is_task = key.index() < lines.marks.len();
        (is_task && self.taken.get() < self.granted.get()).then_some(key)
    }

    /// How many entries of the turn are left.
    pub(crate) fn left(&self) -> usize {
        let lines = self.lines.borrow();
        lines.now.len() - lines.at
    }

    /// Takes the turn's next entry out. `None`: it was the entry of a task that is gone.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Ready> {
        let lines = &mut *self.lines.borrow_mut();
        let key = *lines.now.get(lines.at)?;
        lines.at += 1;
        let Some(mark) = lines.marks.get_mut(key.index()) else { return lines.call_or_stop(key) };
        if mark.tenant != key.tenant() {
            return None;
        }
        mark.queued = false;
        Some(Ready::Task(key))
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        let lines = self.lines.borrow();
        lines.now.len() - lines.at + lines.next.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the entry out that ends a run, if it is still there.
    pub(crate) fn forget_stop(&self) {
        let lines = &mut *self.lines.borrow_mut();
        lines.now.drain(..lines.at);
        lines.at = 0;
        lines.now.retain(|key| *key != STOP);
        lines.next.retain(|key| *key != STOP);
    }

    /// Empties the queue, and gives back the callbacks.
    pub(crate) fn take_calls(&self) -> Vec<Rc<Callback>> {
        let lines = &mut *self.lines.borrow_mut();
        lines.now.clear();
        lines.at = 0;
        lines.next.clear();
        std::mem::take(&mut lines.calls).into()
    }

    /// With a seed, puts the tasks that are ready into another order. Callbacks keep theirs:
    /// `call_soon` promises it.
    #[inline]
    pub(crate) fn shuffle(&self) {
        if let Some(random) = &self.random {
            self.shuffle_with(&mut random.borrow_mut());
        }
    }

    #[cold]
    fn shuffle_with(&self, random: &mut fastrand::Rng) {
        let queue = &mut self.lines.borrow_mut().next;
        let (mut tasks, others): (Vec<TaskKey>, Vec<TaskKey>) =
            queue.drain(..).partition(|key| *key != CALL && *key != STOP);
        random.shuffle(&mut tasks);
        let (mut tasks, mut others) = (VecDeque::from(tasks), VecDeque::from(others));
        while !tasks.is_empty() || !others.is_empty() {
            // Each entry is as likely as any other to come next, so every merge is as likely.
            let from_tasks = random.usize(..tasks.len() + others.len()) < tasks.len();
            let source = if from_tasks { &mut tasks } else { &mut others };
            queue.extend(source.pop_front());
        }
    }

    /// Says whom to wake when something becomes ready outside a turn.
    pub(crate) fn set_alarm(&self, waker: Option<Waker>) {
        drop(self.alarm.replace(waker));
    }

    #[inline]
    fn ring(&self) {
        if let Some(waker) = self.alarm.take() {
            waker.wake();
        }
    }
}

impl Lines {
    #[cold]
    fn call_or_stop(&mut self, key: TaskKey) -> Option<Ready> {
        if key == STOP { Some(Ready::Stop) } else { self.calls.pop_front().map(Ready::Call) }
    }
}

thread_local! {
    /// Never dropped, so reaching it asks no state of the thread's: 2 ns of a wake's 5. It is empty
    /// outside a run, so nothing is left behind.
    static RUNNING: ManuallyDrop<RefCell<Option<Rc<ReadyQueue>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}

thread_local! {
    /// The running loop's turn; 0 outside a run. It has no destructor to look after, so a yield, which
    /// asks twice, pays next to nothing.
    static TURN: Cell<u64> = const { Cell::new(0) };
}

/// Tells one turn from another. 0: no loop runs on this thread.
#[inline]
pub(crate) fn turn() -> u64 {
    TURN.get()
}

pub(crate) fn set_turn(turn: u64) {
    TURN.set(turn);
}

/// Makes `queue` the one that wakes on this thread go to; gives back the former one.
pub(crate) fn set_running(queue: Option<Rc<ReadyQueue>>) -> Option<Rc<ReadyQueue>> {
    RUNNING.with(|running| running.replace(queue))
}

/// Wakes a task of the loop that runs on this thread. False: that loop doesn't run here.
#[inline]
pub(crate) fn wake_here(loop_id: u64, key: TaskKey) -> bool {
    RUNNING.with(|running| match &*running.borrow() {
        Some(queue) if queue.loop_id == loop_id => {
            queue.wake(key);
            true
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    const TASK: TaskKey = TaskKey::new(0, 1);

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn queue_with_tasks(seed: Option<u64>, count: usize) -> ReadyQueue {
        let queue = ReadyQueue::new(1, seed, Trace::default());
        for index in 0..count {
            queue.admit(index);
        }
        queue
    }

    fn order(queue: &ReadyQueue) -> Vec<String> {
        queue.begin_turn();
        std::iter::from_fn(|| queue.pop())
            .map(|entry| match entry {
                Ready::Task(key) => format!("task {}", key.index()),
                Ready::Call(callback) => format!("call {}", callback.serial()),
                Ready::Stop => "stop".to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_task_is_in_the_queue_at_most_once() {
        let queue = queue_with_tasks(None, 1);
        queue.wake(TASK);
        queue.wake(TASK);
        assert_eq!(queue.len(), 1);

        queue.begin_turn();
        queue.pop();
        queue.wake(TASK);
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn a_stale_wake_does_not_reach_the_next_tenant() {
        let queue = queue_with_tasks(None, 1);
        queue.retire(TASK);
        queue.wake(TASK);
        let next = queue.admit(0);
        queue.wake(TASK);
        assert_ne!(next, TASK);
        queue.begin_turn();
        assert!(queue.pop().is_none());
        assert!(queue.is_empty());
    }

    #[test]
    fn the_entry_of_a_task_that_is_gone_is_skipped() {
        let queue = queue_with_tasks(None, 1);
        queue.wake(TASK);
        queue.retire(TASK);
        queue.begin_turn();
        assert!(queue.pop().is_none());
    }

    #[test]
    fn what_joins_during_a_turn_waits_for_the_next() {
        let queue = queue_with_tasks(None, 2);
        queue.wake(TASK);
        queue.begin_turn();
        queue.wake(TaskKey::new(1, 1));
        assert_eq!((queue.left(), queue.len()), (1, 2));
        assert!(queue.pop().is_some());
        assert_eq!((queue.left(), queue.len()), (0, 1));
    }

    #[test]
    fn the_alarm_rings_once() {
        let queue = queue_with_tasks(None, 2);
        let bell = Arc::new(Counter::default());
        queue.set_alarm(Some(bell.clone().into()));
        queue.wake(TASK);
        queue.wake(TaskKey::new(1, 1));
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_seed_reorders_tasks_and_leaves_callbacks_in_order() {
        let shuffled = |seed| {
            let queue = queue_with_tasks(seed, 8);
            for index in 0..8 {
                queue.wake(TaskKey::new(index, 1));
                let serial = u64::from(index);
                let callback = Callback::new(Box::new(|| {}), Location::caller(), serial);
                queue.push_call(callback);
            }
            queue.shuffle();
            order(&queue)
        };
        let calls = |order: &[String]| -> Vec<String> {
            order.iter().filter(|entry| entry.starts_with("call")).cloned().collect()
        };

        assert_ne!(shuffled(Some(1)), shuffled(Some(2)));
        assert_ne!(shuffled(Some(1)), shuffled(None));
        assert_eq!(shuffled(Some(1)), shuffled(Some(1)));
        assert_eq!(calls(&shuffled(Some(1))), calls(&shuffled(None)));
        assert_eq!(shuffled(Some(1)).len(), 16);
    }
}
