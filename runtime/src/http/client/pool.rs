//! The connections that a session may have: how many at once, who waits for one, which are idle.
//!
//! For `exchange`. Mirrors `BaseConnector` of aiohttp's `connector`. Knows nothing of sockets: `K` is what
//! connections are alike by, `C` is one of them.
//!
//! What must hold:
//! - Not more connections than the limit are there, in use and idle, in all and per key.
//! - Who waits is served in the order of arrival, but waits for its own key alone
//!   (`a_host_at_its_limit_holds_up_nobody_else`).
//! - No place is lost with a request that goes away (`no_place_is_lost_with_one_who_goes_away`).
//! - An idle connection outlives neither its time nor the loop it was used on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use crate::locks::permits::Permits;
use crate::{TimerHandle, get_running_loop};

/// `None` is no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) total: Option<usize>,
    pub(super) per_host: Option<usize>,
    /// How long an idle connection is kept.
    pub(super) idle: Duration,
}

/// The session was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed;

pub(super) struct Pool<K: Clone + Eq + Hash + 'static, C: 'static> {
    limits: Limits,
    places: Permits<Closed>,
    hosts: RefCell<HashMap<K, Rc<Permits<Closed>>>>,
    in_use: Cell<usize>,
    idle: RefCell<Idle<K, C>>,
    is_closed: Cell<bool>,
    /// Runs when the idle connection that came first has had its time.
    sweep: RefCell<Option<TimerHandle>>,
}

impl<K: Clone + Eq + Hash + 'static, C: 'static> Pool<K, C> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            places: Permits::new(limits.total.unwrap_or(usize::MAX)),
            hosts: RefCell::default(),
            in_use: Cell::new(0),
            idle: RefCell::default(),
            is_closed: Cell::new(false),
            sweep: RefCell::default(),
        }
    }

    /// Waits for a place for a connection of `key`. Who drops it midway takes none.
    pub(super) async fn lease(self: &Rc<Self>, key: K) -> Result<Lease<K, C>, Closed> {
        self.check_open()?;
        let host = match self.limits.per_host {
            Some(limit) => {
                let mut host = HostPlace::new(self.clone(), key.clone(), limit);
                host.acquire().await?;
                Some(host)
            }
            None => None,
        };
        self.places.acquire().await?;
        self.in_use.set(self.in_use.get() + 1);
        let lease = Lease { pool: self.clone(), key, _host: host };
        self.check_open().map(|()| lease)
    }

    /// Turns away who waits and who comes, and closes what is idle. What is in use goes on.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        self.places.turn_away(&Closed);
        let hosts: Vec<_> = self.hosts.borrow().values().cloned().collect();
        for host in hosts {
            host.turn_away(&Closed);
        }
        self.close_idle();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    fn check_open(&self) -> Result<(), Closed> {
        if self.is_closed() { Err(Closed) } else { Ok(()) }
    }

    fn close_idle(&self) {
        if let Some(sweep) = self.sweep.take() {
            sweep.cancel();
        }
        // Dropped after the borrow: what a connection does then is its own business.
        let idle = self.idle.take();
        drop(idle);
    }

    fn keep(self: &Rc<Self>, key: &K, connection: C) {
        let Ok(event_loop) = get_running_loop() else { return };
        if self.is_closed() || self.limits.idle.is_zero() {
            return;
        }
        self.idle.borrow_mut().add(key, connection, event_loop.time());
        if self.sweep.borrow().is_none() {
            self.sweep_later();
        }
    }

    /// Has the idle connections looked through when the first of them has had its time.
    fn sweep_later(self: &Rc<Self>) {
        let Some(oldest) = self.idle.borrow().oldest() else { return };
        let (Ok(event_loop), Some(end)) =
            (get_running_loop(), oldest.checked_add(self.limits.idle))
        else {
            return;
        };
        let mut sweep = Sweep { pool: Rc::downgrade(self), has_run: false };
        let timer = event_loop.call_at(end, move || sweep.run());
        *self.sweep.borrow_mut() = Some(timer);
    }

    fn sweep(self: &Rc<Self>) {
        drop(self.sweep.take());
        if let Ok(event_loop) = get_running_loop() {
            let over = self.idle.borrow_mut().over(event_loop.time(), self.limits.idle);
            drop(over);
            self.sweep_later();
        }
    }
}

impl<K: Clone + Eq + Hash, C> Drop for Pool<K, C> {
    fn drop(&mut self) {
        if let Some(sweep) = self.sweep.take() {
            sweep.cancel();
        }
    }
}

/// A look through the idle connections. Dropped without having run, its loop has ended, and they with it.
struct Sweep<K: Clone + Eq + Hash + 'static, C: 'static> {
    pool: Weak<Pool<K, C>>,
    has_run: bool,
}

impl<K: Clone + Eq + Hash, C> Sweep<K, C> {
    fn run(&mut self) {
        self.has_run = true;
        if let Some(pool) = self.pool.upgrade() {
            pool.sweep();
        }
    }
}

impl<K: Clone + Eq + Hash, C> Drop for Sweep<K, C> {
    fn drop(&mut self) {
        if !self.has_run
            && let Some(pool) = self.pool.upgrade()
        {
            pool.close_idle();
        }
    }
}

/// A place for one connection, until it is dropped.
pub(super) struct Lease<K: Clone + Eq + Hash + 'static, C: 'static> {
    pool: Rc<Pool<K, C>>,
    key: K,
    _host: Option<HostPlace<K, C>>,
}

impl<K: Clone + Eq + Hash, C> Lease<K, C> {
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    /// The idle connection of this key that was used last. Its time may be over and the sweep still to
    /// come, when the loop was held up.
    pub(super) fn idle(&self) -> Option<C> {
        let now = get_running_loop().ok()?.time();
        let over = self.pool.idle.borrow_mut().over_of(&self.key, now, self.pool.limits.idle);
        drop(over);
        self.pool.idle.borrow_mut().take(&self.key)
    }

    /// Closes idle connections of others until a new one doesn't go over the limit.
    pub(super) fn make_room(&self) {
        let Some(total) = self.pool.limits.total else { return };
        while self.pool.in_use.get() + self.pool.idle.borrow().count > total {
            let oldest = self.pool.idle.borrow_mut().take_oldest();
            if oldest.is_none() {
                return;
            }
        }
    }

    /// Gives the place back, and a connection for the next to use.
    pub(super) fn put_back(self, connection: C) {
        self.pool.keep(&self.key, connection);
    }
}

impl<K: Clone + Eq + Hash, C> Drop for Lease<K, C> {
    fn drop(&mut self) {
        self.pool.in_use.set(self.pool.in_use.get() - 1);
        self.pool.places.give();
    }
}

/// One of the places that a key has, where that is limited.
struct HostPlace<K: Clone + Eq + Hash + 'static, C: 'static> {
    pool: Rc<Pool<K, C>>,
    key: K,
    permits: Rc<Permits<Closed>>,
    is_held: bool,
}

impl<K: Clone + Eq + Hash, C> HostPlace<K, C> {
    fn new(pool: Rc<Pool<K, C>>, key: K, limit: usize) -> Self {
        let mut hosts = pool.hosts.borrow_mut();
        let permits = hosts.entry(key.clone()).or_insert_with(|| Rc::new(Permits::new(limit)));
        let permits = permits.clone();
        drop(hosts);
        Self { pool, key, permits, is_held: false }
    }

    async fn acquire(&mut self) -> Result<(), Closed> {
        self.permits.acquire().await?;
        self.is_held = true;
        Ok(())
    }
}

impl<K: Clone + Eq + Hash, C> Drop for HostPlace<K, C> {
    fn drop(&mut self) {
        if self.is_held {
            self.permits.give();
        }
        // The map's and this one: nobody else has a place or waits for one.
        if Rc::strong_count(&self.permits) == 2 {
            self.pool.hosts.borrow_mut().remove(&self.key);
        }
    }
}

/// Idle connections; of a key, the one that was used last is the last.
struct Idle<K, C> {
    resting: HashMap<K, Vec<Resting<C>>>,
    count: usize,
}

struct Resting<C> {
    connection: C,
    since: Instant,
}

impl<K, C> Default for Idle<K, C> {
    fn default() -> Self {
        Self { resting: HashMap::new(), count: 0 }
    }
}

impl<K: Clone + Eq + Hash, C> Idle<K, C> {
    fn add(&mut self, key: &K, connection: C, since: Instant) {
        self.count += 1;
        let resting = Resting { connection, since };
        match self.resting.get_mut(key) {
            Some(of_key) => of_key.push(resting),
            None => drop(self.resting.insert(key.clone(), vec![resting])),
        }
    }

    fn take(&mut self, key: &K) -> Option<C> {
        let resting = self.resting.get_mut(key)?.pop()?;
        self.count -= 1;
        Some(resting.connection)
    }

    fn oldest(&self) -> Option<Instant> {
        self.resting.values().filter_map(|of_key| of_key.first()).map(|first| first.since).min()
    }

    fn take_oldest(&mut self) -> Option<C> {
        let of_key = self.resting.values_mut().filter(|of_key| !of_key.is_empty());
        let oldest = of_key.min_by_key(|of_key| of_key[0].since)?.remove(0);
        self.count -= 1;
        Some(oldest.connection)
    }

    /// Takes out those that have been idle for `length`.
    fn over(&mut self, now: Instant, length: Duration) -> Vec<Resting<C>> {
        let over: Vec<_> =
            self.resting.values_mut().flat_map(|of_key| split(of_key, now, length)).collect();
        self.resting.retain(|_, of_key| !of_key.is_empty());
        self.count -= over.len();
        over
    }

    fn over_of(&mut self, key: &K, now: Instant, length: Duration) -> Vec<Resting<C>> {
        let of_key = self.resting.get_mut(key);
        let over = of_key.map(|of_key| split(of_key, now, length)).unwrap_or_default();
        self.count -= over.len();
        over
    }
}

fn split<C>(of_key: &mut Vec<Resting<C>>, now: Instant, length: Duration) -> Vec<Resting<C>> {
    let end =
        of_key.iter().take_while(|one| now.saturating_duration_since(one.since) >= length).count();
    of_key.drain(..end).collect()
}

#[cfg(test)]
mod tests;
