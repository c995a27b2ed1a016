//! Deadlines in rough order, put into exact order only when they are near: a hierarchical timer wheel.
//!
//! A ground room: `timers` keeps its queue in here. A deadline is a number of 96 bits, a *tick*; an entry
//! lies where the highest digit (of six bits) lies in which its tick differs from `passed`: that is the
//! wheel's level, and the digit is the place on it. So a deadline that is far lies on a high level, among
//! others that are about as far, and comes nearer only when `passed` has come to its place.
//! Python has a heap (`heapq`) instead; see `timers` for what this one buys.
//!
//! What must hold: places hold their entries in insertion order, and those of one tick are all in one
//! place, so that a stable sort of a place is all the order there is to make
//! (`the_queue_does_what_a_sorted_map_does`). Entries of a level are later than all of the levels below,
//! and on a level a higher digit is later.

use std::collections::VecDeque;

/// A deadline as a number: seconds, then 32 bits for the nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u128);

impl Tick {
    const BITS: u32 = 96;
    pub(crate) const NEVER: Self = Self(u128::MAX);

    pub(crate) fn new(seconds: u64, nanoseconds: u32) -> Self {
        Self(u128::from(seconds) << 32 | u128::from(nanoseconds))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of `new`")]
    pub(crate) fn parts(self) -> (u64, u32) {
        ((self.0 >> 32) as u64, self.0 as u32)
    }
}

/// A tick and whose it is, in 16 bytes: what sorting and moving them costs is memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry(u128);

impl Entry {
    fn new(tick: Tick, owner: u32) -> Self {
        Self(tick.0 << 32 | u128::from(owner))
    }

    pub(crate) fn tick(self) -> Tick {
        Tick(self.0 >> 32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower part is the owner")]
    pub(crate) fn owner(self) -> u32 {
        self.0 as u32
    }
}

/// Six bits a digit: one word says which places of a level have entries, and a timer for a minute moves down
/// five times at most.
const DIGIT: u32 = 6;
const PLACES: usize = 1 << DIGIT;
const LEVELS: usize = Tick::BITS.div_ceil(DIGIT) as usize;

/// An empty place keeps room for so many entries.
const KEPT: usize = 1024;

struct Level {
    /// The places that have entries, as bits.
    occupied: u64,
    places: [Vec<Entry>; PLACES],
}

impl Level {
    fn new() -> Box<Self> {
        Box::new(Self { occupied: 0, places: std::array::from_fn(|_| Vec::new()) })
    }
}

/// Where an entry was put: level and digit. It may be on a lower level by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u16);

impl Place {
    #[expect(clippy::cast_possible_truncation, reason = "there are 1,024 places")]
    fn new(level: usize, digit: usize) -> Self {
        Self((level * PLACES + digit) as u16)
    }

    fn level(self) -> usize {
        usize::from(self.0) / PLACES
    }

    fn digit(self) -> usize {
        usize::from(self.0) % PLACES
    }

    /// The first and the last tick of the place, in a wheel that has come to `passed`.
    fn span(self, passed: Tick) -> (Tick, Tick) {
        let below = DIGIT as usize * self.level();
        let lower = (1 << below) - 1;
        let above = !((PLACES as u128 - 1) << below | lower);
        let first = passed.0 & above | (self.digit() as u128) << below;
        (Tick(first), Tick(first | lower))
    }
}

/// The default stands at tick 0.
#[derive(Default)]
pub(crate) struct Wheel {
    /// Time has come so far: what was due by then is out. An entry that is put in with an earlier tick
    /// lies in the first place of all.
    passed: Tick,
    /// The levels that have entries, as bits.
    occupied: u16,
    /// A level is made when it gets its first entry.
    levels: [Option<Box<Level>>; LEVELS],
}

impl Wheel {
    /// A wheel whose time has come to `passed`.
    pub(crate) fn new(passed: Tick) -> Self {
        Self { passed, ..Self::default() }
    }

    pub(crate) fn passed(&self) -> Tick {
        self.passed
    }

    pub(crate) fn push(&mut self, tick: Tick, owner: u32) -> Place {
        let place = self.place_of(tick);
        self.put(place, Entry::new(tick, owner));
        place
    }

    /// The same, in front of those that came to the place last and to which `comes_later` applies.
    pub(crate) fn push_before(
        &mut self,
        tick: Tick,
        owner: u32,
        comes_later: impl Fn(u32) -> bool,
    ) -> Place {
        let place = self.push(tick, owner);
        let entries = self.entries_mut(place);
        let others = &entries[..entries.len() - 1];
        let overtaken = others.iter().rev().take_while(|entry| comes_later(entry.owner())).count();
        let len = entries.len();
        entries[len - 1 - overtaken..].rotate_right(1);
        place
    }

    /// Takes an entry out again if it was the last one to come to its place.
    pub(crate) fn pop_last(&mut self, place: Place, owner: u32) -> bool {
        let Some(level) = &mut self.levels[place.level()] else { return false };
        let entries = &mut level.places[place.digit()];
        let is_last = entries.pop_if(|entry| entry.owner() == owner).is_some();
        if is_last && entries.is_empty() {
            self.vacate(place);
        }
        is_last
    }

    /// No entry is earlier: the earliest tick, of all entries.
    pub(crate) fn earliest(&self) -> Tick {
        let entries = self.first().map(|place| self.entries(place));
        entries
            .and_then(|entries| entries.iter().map(|entry| entry.tick()).min())
            .unwrap_or(Tick::NEVER)
    }

    /// The earliest tick of those entries whose owners are to be kept; others may be let go.
    pub(crate) fn earliest_of(&mut self, mut keep: impl FnMut(u32) -> bool) -> Tick {
        while let Some(place) = self.first() {
            self.retain_at(place, &mut keep);
            if self.first() == Some(place) {
                break;
            }
        }
        self.earliest()
    }

    /// Time has come to `now`, and never goes back: moves what is due to the end of `due`, in order.
    pub(crate) fn advance(&mut self, now: Tick, due: &mut VecDeque<Entry>) {
        while let Some(place) = self.first() {
            let (first, last) = place.span(self.passed);
            if first > now {
                break;
            }
            let mut entries = std::mem::take(self.entries_mut(place));
            self.vacate(place);
            let first_due = due.len();
            if last <= now {
                due.extend(entries.drain(..));
            } else {
                // `now` lies within this place. What is later moves down, as seen from here; nothing is
                // left on the levels below.
                self.passed = now;
                for entry in entries.drain(..) {
                    if entry.tick() <= now {
                        due.push_back(entry);
                    } else {
                        self.put(self.place_of(entry.tick()), entry);
                    }
                }
            }
            due.make_contiguous()[first_due..].sort_by_key(|entry| entry.tick());
            if entries.capacity() <= KEPT {
                *self.entries_mut(place) = entries;
            }
        }
        self.passed = self.passed.max(now);
    }

    /// Lets go of all entries whose owners are not to be kept, and of the room they took.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for level in 0..LEVELS {
            let mut occupied = self.levels[level].as_ref().map_or(0, |level| level.occupied);
            while occupied != 0 {
                self.retain_at(Place::new(level, occupied.trailing_zeros() as usize), &mut keep);
                occupied &= occupied - 1;
            }
        }
    }

    fn retain_at(&mut self, place: Place, keep: &mut impl FnMut(u32) -> bool) {
        let entries = self.entries_mut(place);
        entries.retain(|entry| keep(entry.owner()));
        if entries.capacity() > KEPT && entries.len() < entries.capacity() / 4 {
            entries.shrink_to(entries.len() * 2);
        }
        if entries.is_empty() {
            self.vacate(place);
        }
    }

    /// The place of the earliest entries.
    fn first(&self) -> Option<Place> {
        let level = (self.occupied != 0).then(|| self.occupied.trailing_zeros() as usize)?;
        let digit = self.levels[level].as_ref()?.occupied.trailing_zeros() as usize;
        Some(Place::new(level, digit))
    }

    fn place_of(&self, tick: Tick) -> Place {
        let tick = tick.max(self.passed).0;
        let differing = (tick ^ self.passed.0) | 1;
        let level = differing.ilog2() / DIGIT;
        let digit = (tick >> (DIGIT * level)) as usize % PLACES;
        Place::new(level as usize, digit)
    }

    fn put(&mut self, place: Place, entry: Entry) {
        let level = self.levels[place.level()].get_or_insert_with(Level::new);
        level.occupied |= 1 << place.digit();
        self.occupied |= 1 << place.level();
        level.places[place.digit()].push(entry);
    }

    fn vacate(&mut self, place: Place) {
        let Some(level) = &mut self.levels[place.level()] else { return };
        level.occupied &= !(1 << place.digit());
        if level.occupied == 0 {
            self.occupied &= !(1 << place.level());
        }
    }

    fn entries(&self, place: Place) -> &[Entry] {
        self.levels[place.level()].as_ref().map_or(&[], |level| &level.places[place.digit()])
    }

    fn entries_mut(&mut self, place: Place) -> &mut Vec<Entry> {
        &mut self.levels[place.level()].get_or_insert_with(Level::new).places[place.digit()]
    }
}
