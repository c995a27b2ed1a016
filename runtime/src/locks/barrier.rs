//! Waiting until so many have come. Mirrors `asyncio.Barrier`.
//!
//! ```text
//!          ┌────────────(4)─────────────┐
//!          ▼                            │
//!       filling ──(1)──► draining ──────┤
//!        │   ▲    ──(2)──► resetting ───┘
//!       (3)  │(2, with nobody inside)
//!        ▼   │
//!       broken
//!
//! (1) trip    the last party has come: all go on, each with an index
//! (2) reset   all inside go on with an error; from draining, those that have not run yet
//! (3) abort   the same, from any state, and nobody comes in until a reset
//! (4) leave   the last one inside has gone on
//! ```
//!
//! While it isn't filling, nobody comes in; who would waits for a place, first in, first out.

use std::cell::Cell;
use std::error::Error;
use std::fmt;

use super::permits::Permits;
use super::waiters::Waiters;

/// Lets tasks go on together once so many have come. Mirrors `asyncio.Barrier`.
///
/// It can be used again and again. Unlike Python's it is not bound to one event loop.
///
/// ```
/// asyncio::run(async {
///     let barrier = asyncio::Barrier::new(3);
///     let cook = async || barrier.wait().await.unwrap();
///     let mut indexes = asyncio::gather([cook(), cook(), cook()]).await;
///     indexes.sort_unstable();
///     assert_eq!(indexes, [0, 1, 2]);
/// });
/// ```
pub struct Barrier {
    parties: usize,
    state: Cell<State>,
    /// Those that have come in and not gone on.
    inside: Cell<usize>,
    /// Those among them that wait for the others.
    waiting: Waiters<usize>,
    /// One for each party that may still come in.
    places: Permits<BrokenBarrierError>,
    /// Places that are free again when nobody is inside any more.
    left: Cell<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Filling,
    Draining,
    Resetting,
    Broken,
}

impl Barrier {
    /// A barrier for this many parties. Mirrors `asyncio.Barrier(parties)`.
    ///
    /// # Panics
    ///
    /// When `parties` is 0. Python raises `ValueError`.
    ///
    /// ```
    /// assert_eq!(asyncio::Barrier::new(2).parties(), 2);
    /// ```
    #[track_caller]
    pub fn new(parties: usize) -> Self {
        assert!(parties > 0, "asyncio: a barrier for 0 parties would never open: give 1 or more");
        Self {
            parties,
            state: Cell::new(State::Filling),
            inside: Cell::new(0),
            waiting: Waiters::new(),
            places: Permits::new(parties),
            left: Cell::new(0),
        }
    }

    /// Waits until all parties have come; each gets an index of its own, 0 up to `parties`, in the order
    /// they came. While those of the round before have not all gone on, it waits for them first.
    /// Mirrors `Barrier.wait()`.
    ///
    /// In Python two may get the same index when one was cancelled.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrierError`] when the barrier is [reset](Barrier::reset) meanwhile, or was
    /// [aborted](Barrier::abort).
    ///
    /// # Cancel safety
    ///
    /// Who is dropped while waiting has not come: another party is needed in its place.
    ///
    /// ```
    /// asyncio::run(async {
    ///     assert_eq!(asyncio::Barrier::new(1).wait().await, Ok(0));
    /// });
    /// ```
    pub async fn wait(&self) -> Result<usize, BrokenBarrierError> {
        if self.is_broken() {
            return Err(BrokenBarrierError);
        }
        self.places.acquire().await?;
        let _inside = Inside::enter(self);
        // A reset or an abort came after the place was promised.
        self.assert_whole()?;
        if self.inside.get() == self.parties {
            self.trip();
            return Ok(self.parties - 1);
        }
        let index = self.waiting.wait().await;
        self.assert_whole()?;
        Ok(index)
    }

    /// Lets all who are inside go on with an error, and starts a new round when they have; it mends a
    /// broken barrier. Those who wait for a place stay in line. Mirrors `Barrier.reset()`, which has to
    /// be awaited.
    ///
    /// ```
    /// let barrier = asyncio::Barrier::new(2);
    /// barrier.abort();
    /// barrier.reset();
    /// assert!(!barrier.is_broken());
    /// ```
    pub fn reset(&self) {
        if self.inside.get() == 0 {
            return self.state.set(State::Filling);
        }
        self.state.set(State::Resetting);
        // Nobody comes in until all have gone on.
        self.left.set(self.left.get() + self.places.free());
        self.places.take_all();
        self.waiting.choose_all(&0);
    }

    /// Breaks the barrier: all who wait, and who come later, get an error, until it is
    /// [reset](Barrier::reset). Mirrors `Barrier.abort()`, which has to be awaited.
    ///
    /// ```
    /// asyncio::run(async {
    ///     let barrier = asyncio::Barrier::new(2);
    ///     barrier.abort();
    ///     assert!(barrier.wait().await.is_err());
    /// });
    /// ```
    pub fn abort(&self) {
        self.state.set(State::Broken);
        self.waiting.choose_all(&0);
        self.places.turn_away(&BrokenBarrierError);
    }

    /// How many parties it takes. Mirrors `Barrier.parties`.
    ///
    /// ```
    /// assert_eq!(asyncio::Barrier::new(2).parties(), 2);
    /// ```
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many have come and wait for the others. Mirrors `Barrier.n_waiting`.
    ///
    /// ```
    /// assert_eq!(asyncio::Barrier::new(2).n_waiting(), 0);
    /// ```
    pub fn n_waiting(&self) -> usize {
        if self.state.get() == State::Filling { self.inside.get() } else { 0 }
    }

    /// Whether it was aborted. Mirrors `Barrier.broken`.
    ///
    /// ```
    /// assert!(!asyncio::Barrier::new(2).is_broken());
    /// ```
    #[doc(alias = "broken")]
    pub fn is_broken(&self) -> bool {
        self.state.get() == State::Broken
    }

    fn assert_whole(&self) -> Result<(), BrokenBarrierError> {
        match self.state.get() {
            State::Filling | State::Draining => Ok(()),
            State::Resetting | State::Broken => Err(BrokenBarrierError),
        }
    }

    fn trip(&self) {
        self.state.set(State::Draining);
        for index in 0..self.waiting.waiting() {
            let _ = self.waiting.choose(index);
        }
    }

    /// One goes on, or was dropped. Its place is free at once only while others may still come in.
    fn leave(&self) {
        self.inside.set(self.inside.get() - 1);
        self.left.set(self.left.get() + 1);
        if self.state.get() != State::Filling && self.inside.get() > 0 {
            return;
        }
        if !self.is_broken() {
            self.state.set(State::Filling);
        }
        for _ in 0..self.left.take() {
            self.places.give();
        }
    }
}

/// One who has come in.
struct Inside<'a>(&'a Barrier);

impl<'a> Inside<'a> {
    fn enter(barrier: &'a Barrier) -> Self {
        barrier.inside.set(barrier.inside.get() + 1);
        Self(barrier)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.get() {
            State::Broken => f.write_str("<Barrier [broken]>"),
            state => {
                let name = format!("{state:?}").to_lowercase();
                write!(f, "<Barrier [{name}, waiters:{}/{}]>", self.n_waiting(), self.parties)
            }
        }
    }
}

/// The barrier was aborted, or reset while one waited. Mirrors `asyncio.BrokenBarrierError`.
///
/// ```
/// asyncio::run(async {
///     let barrier = asyncio::Barrier::new(2);
///     barrier.abort();
///     let error: asyncio::BrokenBarrierError = barrier.wait().await.unwrap_err();
///     assert_eq!(error.to_string(), "the barrier was aborted or reset");
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenBarrierError;

impl fmt::Display for BrokenBarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier was aborted or reset")
    }
}

impl Error for BrokenBarrierError {}
