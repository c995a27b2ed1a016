//! What a loop did and when, for a trace viewer. `ASYNCIO_TRACE=file.json` turns it on.
//!
//! The rooms around it call the hooks of [`Trace`]; none of their state is touched. Python has no
//! such thing; its debug mode comes nearest.
//!
//! ```text
//! lane 0   event loop   ▕ turn ▕callback▏ ▏▕── wait ──▏▕ turn ▕timer▏ ▏
//! lane 1   Task-1          ▕poll▏   ╲                         ╲ ▕poll▏
//! lane 2   Task-2                ▕poll▏ the arrows: wakes
//! timers                ▕───────────── timer ───────────────▏
//! sockets                      ▕──────── socket, its reads and writes ────────▏
//! ```
//!
//! What must hold: without a trace, a hook costs one branch and reads no clock; slices nest; an arrow
//! starts inside an open slice and ends in the next poll of the task that was woken; a wake that finds
//! its task awake already draws none.

mod file;
mod recorder;
mod sockets;

use std::cell::RefCell;
use std::panic::Location;
use std::path::Path;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use crate::event_loop::clock::ClockSource;
use file::TraceFile;
use recorder::Recorder;
pub(crate) use sockets::SocketSpan;

/// A loop's trace, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Rc<RefCell<Recorder>>>);

impl Trace {
    /// A trace in the file at `path`, of a loop whose clock says `started`.
    #[track_caller]
    pub(crate) fn open(path: Option<&Path>, started: Instant) -> Self {
        let Some(path) = path else { return Self(None) };
        match TraceFile::create(path) {
            Ok(file) => Self(Some(Rc::new(RefCell::new(Recorder::new(file, started))))),
            Err((path, error)) => panic!(
                "asyncio: the trace {} can't be created: {error}; give `trace` or ASYNCIO_TRACE a \
                 file in a folder that exists and that you may write to",
                path.display()
            ),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A task has its place in the table; it is named after its number.
    #[inline]
    pub(crate) fn task_made(&self, index: usize, id: u64, spawned_at: &Location<'_>) {
        self.record(|recorder| recorder.task_made(index, id, spawned_at));
    }

    #[inline]
    pub(crate) fn task_named(&self, index: usize, id: u64, name: &str) {
        self.record(|recorder| recorder.task_named(index, id, name));
    }

    /// The task at this place of the table has joined the ready queue.
    #[inline]
    pub(crate) fn task_woken(&self, index: usize) {
        self.record(|recorder| recorder.task_woken(index));
    }

    /// One poll, and all that its end brings about; then `outcome` says what it ended with.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        index: usize,
        poll: impl FnOnce() -> R,
        outcome: impl FnOnce() -> &'static str,
    ) -> R {
        self.around(
            |recorder| recorder.poll_begins(index),
            poll,
            |recorder, lane, _| recorder.poll_ends(&lane, outcome()),
        )
    }

    #[inline]
    pub(crate) fn callback<R>(&self, scheduled_at: &Location<'_>, call: impl FnOnce() -> R) -> R {
        self.around(
            |recorder| recorder.callback_begins(scheduled_at),
            call,
            |recorder, (), _| recorder.callback_ends(),
        )
    }

    /// The start of a turn; `collect` fills the ready queue and says how long it is.
    #[inline]
    pub(crate) fn turn(&self, clock: &ClockSource, collect: impl FnOnce() -> usize) -> usize {
        self.around(
            |recorder| recorder.turn_begins(clock.now()),
            collect,
            |recorder, (), length| recorder.count_ready(*length),
        )
    }

    /// Nothing is ready for another turn.
    #[inline]
    pub(crate) fn turn_ends(&self) {
        self.record(Recorder::turn_ends);
    }

    /// All that a run does between two waits.
    #[inline]
    pub(crate) fn between_waits(&self, run: impl FnOnce() -> Poll<()>) -> Poll<()> {
        self.around(Recorder::wait_ends, run, |recorder, (), poll| match poll {
            Poll::Pending => recorder.wait_begins(),
            Poll::Ready(()) => recorder.run_ends(),
        })
    }

    /// A wait that is over when this returns.
    #[inline]
    pub(crate) fn wait<R>(&self, wait: impl FnOnce() -> R) -> R {
        self.around(Recorder::wait_begins, wait, |recorder, (), _| recorder.wait_ends())
    }

    /// A wake that came by letter. That is how other threads do it; and this one, between two runs.
    #[inline]
    pub(crate) fn letter(&self, wake: impl FnOnce()) {
        self.loop_slice("wake from another thread", wake);
    }

    #[inline]
    pub(crate) fn timer_set(&self, serial: u64, deadline: Instant) {
        self.record(|recorder| recorder.timer_set(serial, deadline));
    }

    /// A timer's end: "fired" or "cancelled".
    #[inline]
    pub(crate) fn timer_ends(&self, serial: u64, how: &str) {
        self.record(|recorder| recorder.timer_ends(serial, how));
    }

    /// What a timer does when it fires.
    #[inline]
    pub(crate) fn timer_fires(&self, fire: impl FnOnce()) {
        self.loop_slice("timer", fire);
    }

    /// The loop is closed: the file is whole.
    pub(crate) fn finish(&self) {
        self.record(Recorder::finish);
    }

    #[inline]
    fn loop_slice(&self, name: &'static str, work: impl FnOnce()) {
        self.around(
            |recorder| recorder.loop_slice_begins(name),
            work,
            |recorder, (), ()| recorder.loop_slice_ends(name),
        );
    }

    #[inline]
    fn record(&self, what: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &self.0 {
            record(recorder, what);
        }
    }

    #[inline]
    fn around<R, S>(
        &self,
        before: impl FnOnce(&mut Recorder) -> S,
        work: impl FnOnce() -> R,
        after: impl FnOnce(&mut Recorder, S, &R),
    ) -> R {
        match &self.0 {
            None => work(),
            Some(recorder) => around(recorder, before, work, after),
        }
    }
}

#[cold]
fn record<S>(recorder: &RefCell<Recorder>, what: impl FnOnce(&mut Recorder) -> S) -> S {
    what(&mut recorder.borrow_mut())
}

#[cold]
fn around<R, S>(
    recorder: &RefCell<Recorder>,
    before: impl FnOnce(&mut Recorder) -> S,
    work: impl FnOnce() -> R,
    after: impl FnOnce(&mut Recorder, S, &R),
) -> R {
    let begun = record(recorder, before);
    let result = work();
    record(recorder, |recorder| after(recorder, begun, &result));
    result
}
