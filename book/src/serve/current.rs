//! The book that is served now, and who wants to hear of the next.
//!
//! Belongs to the loop's thread. What is told is the state, not the change: who comes late or missed
//! something hears the same as everybody else.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use super::signal::Signal;
use super::{reload, site::Site};

/// What is served now.
#[derive(Debug)]
pub(super) struct Current {
    state: RefCell<State>,
    subscribers: RefCell<Vec<Weak<Signal>>>,
}

/// The last book that could be built, and why the one after it couldn't.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// As it is sent: its pages listen for the next book.
    pub(super) site: Rc<Site>,
    /// The built book's, which its pages compare with what they hear.
    pub(super) fingerprint: Rc<str>,
    pub(super) failure: Option<Rc<str>>,
}

impl State {
    fn of(site: Site) -> Self {
        let fingerprint: Rc<str> = site.fingerprint().into();
        let site = site.map_pages(|page| reload::with_script(page, &fingerprint));
        Self { site: site.into(), fingerprint, failure: None }
    }
}

impl Current {
    pub(super) fn new(site: Site) -> Self {
        Self { state: State::of(site).into(), subscribers: RefCell::default() }
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Takes the outcome of a build: the new book, or why there is none. The last good one stays.
    pub(super) fn publish(&self, outcome: Result<Site, String>) {
        match outcome {
            Ok(site) => *self.state.borrow_mut() = State::of(site),
            Err(message) => self.state.borrow_mut().failure = Some(message.into()),
        }
        for subscriber in self.subscribers.borrow().iter().filter_map(Weak::upgrade) {
            subscriber.raise();
        }
    }

    pub(super) fn subscribe(self: &Rc<Self>) -> Subscription {
        let signal = Arc::new(Signal::default());
        // The state of this moment is its first news.
        signal.raise();
        let mut subscribers = self.subscribers.borrow_mut();
        subscribers.retain(|subscriber| subscriber.strong_count() > 0);
        subscribers.push(Arc::downgrade(&signal));
        Subscription { current: self.clone(), signal }
    }
}

/// Hears of the state at once, and whenever there is another; of the last one only, if it is slow.
#[derive(Debug)]
pub(super) struct Subscription {
    current: Rc<Current>,
    signal: Arc<Signal>,
}

impl Subscription {
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<State> {
        ready!(self.signal.poll_wait(cx));
        Poll::Ready(self.current.state())
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn site(text: &str) -> Site {
        [("index.html".to_owned(), text.as_bytes().to_vec())].into_iter().collect()
    }

    fn next(subscription: &Subscription) -> Option<State> {
        match subscription.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(state) => Some(state),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_failed_build_keeps_the_last_book_and_a_good_one_heals() {
        let current = Current::new(site("first"));
        let first = current.state();
        current.publish(Err("no".to_owned()));
        let failed = current.state();
        assert_eq!(
            (&failed.fingerprint, failed.failure.as_deref()),
            (&first.fingerprint, Some("no"))
        );
        current.publish(Ok(site("first")));
        let healed = current.state();
        assert_eq!((&healed.fingerprint, healed.failure.as_deref()), (&first.fingerprint, None));
    }

    #[test]
    fn a_subscriber_hears_the_state_at_once_then_each_that_follows() {
        let current = Rc::new(Current::new(site("first")));
        let subscription = current.subscribe();
        assert!(next(&subscription).is_some());
        assert!(next(&subscription).is_none());
        current.publish(Ok(site("second")));
        assert_eq!(next(&subscription).unwrap().fingerprint, current.state().fingerprint);
        assert!(next(&subscription).is_none());
    }

    #[test]
    fn subscribers_that_are_gone_are_forgotten() {
        let current = Rc::new(Current::new(site("first")));
        for _ in 0..10 {
            drop(current.subscribe());
        }
        let _last = current.subscribe();
        assert_eq!(current.subscribers.borrow().len(), 1);
    }
}
