//! The timer queue: order, what removed timers leave, and that it does what a sorted map would do.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::panic::Location;

const SECOND: Duration = Duration::from_secs(1);

fn timers() -> (Timers, Instant) {
    let now = Instant::now();
    (Timers::new(Trace::default(), now), now)
}

fn callback(serial: u64) -> Timer {
    Timer::Call(Callback::new(Box::new(|| {}), Location::caller(), serial))
}

fn serial(timer: &Timer) -> u64 {
    match timer {
        Timer::Call(callback) => callback.serial(),
        Timer::Wake(_) => unreachable!("only callbacks were put in"),
    }
}

fn serials_due(timers: &Timers, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| timers.pop_due(now)).map(|timer| serial(&timer)).collect()
}

fn before(now: Instant, distance: Duration) -> Instant {
    now.checked_sub(distance).expect("the test's instants are not far from now")
}

#[test]
fn equal_deadlines_come_out_in_insertion_order() {
    let (timers, now) = timers();
    for serial in 0..100 {
        timers.insert(now, callback(serial));
    }
    assert_eq!(serials_due(&timers, now), (0..100).collect::<Vec<_>>());
}

#[test]
fn earlier_deadlines_come_first_and_later_ones_stay() {
    let (timers, now) = timers();
    timers.insert(now + 3 * SECOND, callback(3));
    timers.insert(now + SECOND, callback(1));
    timers.insert(now + 2 * SECOND, callback(2));
    assert_eq!(serials_due(&timers, now + 2 * SECOND), [1, 2]);
    assert_eq!(timers.earliest(), Some(now + 3 * SECOND));
}

#[test]
fn deadlines_before_the_loop_began_keep_their_order() {
    let (timers, now) = timers();
    let millisecond = Duration::from_millis(1);
    timers.insert(now, callback(3));
    timers.insert(before(now, millisecond), callback(2));
    timers.insert(before(now, 2 * millisecond), callback(1));
    assert_eq!(timers.earliest(), Some(before(now, 2 * millisecond)));
    assert_eq!(serials_due(&timers, now), [1, 2, 3]);
}

#[test]
fn removed_timers_leave_next_to_nothing_behind() {
    let (timers, now) = timers();
    let far = now + 600 * SECOND;
    let kept = timers.insert(far, callback(0));
    // Each is the last one that was put in; then each is the first one of a thousand.
    for serial in 0..10_000 {
        assert!(timers.remove(timers.insert(far, callback(serial))).is_some());
    }
    let mut keys: VecDeque<_> =
        (0..1000).map(|serial| timers.insert(far, callback(serial))).collect();
    for serial in 0..20_000 {
        keys.push_back(timers.insert(far + Duration::from_nanos(serial), callback(serial)));
        assert!(keys.pop_front().is_some_and(|key| timers.remove(key).is_some()));
        assert!(timers.queue.borrow().slots.len() < 2 * (keys.len() + 2 + SWEPT));
    }
    for key in keys {
        assert!(timers.remove(key).is_some());
    }
    assert!(timers.remove(kept).is_some() && timers.is_empty());
    assert!(timers.queue.borrow().slots.capacity() <= SMALL);
    assert_eq!((timers.earliest(), timers.not_before()), (None, None));
}

#[test]
fn timers_that_fired_give_their_memory_back() {
    let (timers, now) = timers();
    for serial in 0..100_000 {
        timers.insert(now + Duration::from_nanos(serial * 7919 % 100_000), callback(0));
    }
    assert_eq!(serials_due(&timers, now + SECOND).len(), 100_000);
    let queue = timers.queue.borrow();
    assert!(queue.slots.capacity() <= SMALL && queue.due.capacity() <= SMALL);
}

#[test]
fn timers_removed_while_others_fire_take_none_of_them_along() {
    let (timers, now) = timers();
    for serial in 0..5000 {
        timers.insert(now, callback(serial));
    }
    let later: Vec<_> =
        (0..5000).map(|serial| timers.insert(now + SECOND, callback(serial))).collect();
    assert_eq!(timers.pop_due(now).map(|timer| serial(&timer)), Some(0));
    for key in later {
        assert!(timers.remove(key).is_some());
    }
    assert_eq!(serials_due(&timers, now), (1..5000).collect::<Vec<_>>());
    assert!(timers.is_empty());
}

#[test]
fn the_earliest_deadline_is_not_one_that_was_removed() {
    let (timers, now) = timers();
    let first = timers.insert(now + SECOND, callback(1));
    timers.insert(now + 2 * SECOND, callback(2));
    timers.remove(first);
    assert_eq!(timers.not_before(), Some(now + SECOND));
    assert_eq!(timers.earliest(), Some(now + 2 * SECOND));
    assert_eq!(timers.not_before(), Some(now + 2 * SECOND));
}

#[test]
fn a_fired_timer_takes_no_waiter_and_its_slots_next_timer_is_left_alone() {
    let (timers, now) = timers();
    let waiter = || Waiter::Other(std::task::Waker::noop().clone());
    let key = timers.insert(now, Timer::Wake(waiter()));
    assert!(timers.set_waiter(key, waiter));
    assert!(timers.pop_due(now).is_some());
    assert!(!timers.set_waiter(key, waiter));

    let next = timers.insert(now, Timer::Wake(waiter()));
    assert_eq!(next.slot, key.slot);
    assert!(!timers.set_waiter(key, waiter) && timers.remove(key).is_none());
    assert!(timers.remove(next).is_some());
}

#[derive(Clone, Debug)]
enum Step {
    /// At so many nanoseconds from now.
    Insert(i64),
    /// One, and before it those that are to come after it.
    Late(i64, Vec<i64>),
    /// One of those there ever were.
    Remove(prop::sample::Index),
    /// Lets so much time pass and fires what is due. Each that fires may put one in, so many nanoseconds
    /// from now, and remove one.
    Advance(u64, Vec<(i64, Option<prop::sample::Index>)>),
    /// Jumps to the earliest deadline, as the virtual clock does.
    Jump,
}

/// Of all sizes: from a nanosecond to a thousand years.
fn delays() -> impl Strategy<Value = i64> {
    prop_oneof![
        -3_i64..4,
        -1000_i64..1000,
        (0_u32..60).prop_flat_map(|bits| 0..=1_i64 << bits),
        (0_i64..100).prop_map(|milliseconds| milliseconds * 1_000_000),
        Just(30_000_000_000),
        Just(i64::MAX),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let firing = (delays(), prop::option::of(any::<prop::sample::Index>()));
    prop_oneof![
        6 => delays().prop_map(Step::Insert),
        1 => (delays(), prop::collection::vec(delays(), 0..4))
            .prop_map(|(delay, before)| Step::Late(delay, before)),
        3 => any::<prop::sample::Index>().prop_map(Step::Remove),
        2 => (
            (0_u32..50).prop_flat_map(|bits| 0..=1_u64 << bits),
            prop::collection::vec(firing, 0..4),
        ).prop_map(|(nanos, firing)| Step::Advance(nanos, firing)),
        1 => Just(Step::Jump),
    ]
}

/// The queue, and beside it the sorted map that it is to be like.
struct Twins {
    now: Instant,
    timers: Timers,
    model: BTreeMap<(Instant, u64), u64>,
    keys: Vec<Option<(TimerKey, Instant)>>,
}

impl Twins {
    fn insert(&mut self, delay: i64, others: impl IntoIterator<Item = i64>) {
        let distance = Duration::from_nanos(delay.unsigned_abs());
        let deadline = if delay < 0 { before(self.now, distance) } else { self.now + distance };
        let (rank, index) = (self.timers.rank(), self.keys.len());
        self.keys.push(None);
        for delay in others {
            self.insert(delay, []);
        }
        let number = index as u64;
        let key = self.timers.insert_at(rank, deadline, callback(number));
        self.keys[index] = Some((key, deadline));
        self.model.insert((deadline, number), number);
    }

    fn remove(&mut self, which: prop::sample::Index) {
        if self.keys.is_empty() {
            return;
        }
        let number = which.index(self.keys.len());
        let (key, deadline) = self.keys[number].expect("all have been put in");
        let expected = self.model.remove(&(deadline, number as u64));
        assert_eq!(self.timers.remove(key).map(|timer| serial(&timer)), expected);
    }

    fn fire(&mut self, mut meanwhile: impl Iterator<Item = (i64, Option<prop::sample::Index>)>) {
        loop {
            let due = self.model.first_entry().filter(|first| first.key().0 <= self.now);
            let expected = due.map(std::collections::btree_map::OccupiedEntry::remove);
            assert_eq!(self.timers.pop_due(self.now).map(|timer| serial(&timer)), expected);
            if expected.is_none() {
                return;
            }
            if let Some((delay, removed)) = meanwhile.next() {
                self.insert(delay, []);
                if let Some(which) = removed {
                    self.remove(which);
                }
            }
        }
    }

    fn earliest(&self) -> Option<Instant> {
        self.model.first_key_value().map(|((deadline, _), _)| *deadline)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_queue_does_what_a_sorted_map_does(steps in prop::collection::vec(steps(), 0..300)) {
        let (timers, now) = timers();
        let mut twins = Twins { now, timers, model: BTreeMap::new(), keys: Vec::new() };
        for step in steps {
            match step {
                Step::Insert(delay) => twins.insert(delay, []),
                Step::Late(delay, before) => twins.insert(delay, before),
                Step::Remove(which) => twins.remove(which),
                Step::Advance(nanos, firing) => {
                    twins.now += Duration::from_nanos(nanos);
                    twins.fire(firing.into_iter());
                }
                Step::Jump => {
                    let earliest = twins.timers.earliest();
                    prop_assert_eq!(earliest, twins.earliest());
                    twins.now = twins.now.max(earliest.unwrap_or(twins.now));
                    twins.fire(std::iter::empty());
                }
            }
            prop_assert_eq!(twins.timers.is_empty(), twins.model.is_empty());
            prop_assert_eq!(twins.timers.not_before().is_none(), twins.model.is_empty());
            prop_assert!(twins.timers.not_before() <= twins.earliest());
        }
        let left: Vec<u64> = twins.timers.take_all().iter().map(serial).collect();
        let mut expected: Vec<u64> = twins.model.into_values().collect();
        expected.sort_unstable();
        prop_assert_eq!(left, expected);
        prop_assert!(twins.timers.is_empty());
    }
}
