//! `FutureDoneCallbackTests`. Python takes back every callback that is equal to the one it is given; here each
//! has a handle of its own, from `add_done_callback`.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use asyncio::{DoneCallback, Future, FutureError, yield_now};

use super::future;

/// A future, and what its callbacks say.
struct Bag {
    future: Future<&'static str>,
    said: Rc<RefCell<Vec<u32>>>,
}

impl Bag {
    fn new() -> Self {
        Self { future: future(), said: Rc::default() }
    }

    /// Adds a callback that says `thing`.
    fn add(&self, thing: u32) -> DoneCallback {
        let said = self.said.clone();
        self.future.add_done_callback(move || said.borrow_mut().push(thing))
    }

    fn remove(&self, callback: DoneCallback) -> bool {
        self.future.remove_done_callback(callback)
    }

    /// Sets the result; the callbacks that are left say these things, in this order, and no earlier.
    async fn assert_said(&self, expected: &[u32]) {
        assert!(self.said.borrow().is_empty());
        self.future.set_result("foo").unwrap();
        yield_now().await;
        assert_eq!(*self.said.borrow(), expected);
        assert_eq!(self.future.result().unwrap().unwrap(), "foo");
    }
}

#[asyncio::test]
async fn test_callbacks_remove_first_callback() {
    let bag = Bag::new();
    let [first, _, _] = [42, 17, 100].map(|thing| bag.add(thing));
    assert!(bag.remove(first));
    assert!(!bag.remove(first));
    bag.assert_said(&[17, 100]).await;
}

#[asyncio::test]
async fn test_callbacks_remove_first_and_second_callback() {
    let bag = Bag::new();
    let [first, second, _] = [42, 17, 100].map(|thing| bag.add(thing));
    assert!(bag.remove(first));
    assert!(bag.remove(second));
    assert!(!bag.remove(first));
    bag.assert_said(&[100]).await;
}

#[asyncio::test]
async fn test_callbacks_remove_third_callback() {
    let bag = Bag::new();
    let [_, _, third] = [42, 17, 100].map(|thing| bag.add(thing));
    assert!(bag.remove(third));
    assert!(!bag.remove(third));
    bag.assert_said(&[42, 17]).await;
}

#[asyncio::test]
async fn test_callbacks_invoked_on_set_result() {
    let bag = Bag::new();
    bag.add(42);
    bag.add(17);
    bag.assert_said(&[42, 17]).await;
}

#[asyncio::test(seeds = 20)]
async fn test_callbacks_invoked_on_set_exception() {
    let bag = Bag::new();
    bag.add(100);
    assert!(bag.said.borrow().is_empty());
    bag.future.set_exception(io::Error::other("expected")).unwrap();
    yield_now().await;
    yield_now().await; // A shuffle may have put this task before the callback.
    assert_eq!(*bag.said.borrow(), [100]);
    let Err(FutureError::Exception(error)) = bag.future.result().unwrap() else {
        panic!("the future has an error");
    };
    assert_eq!(error.to_string(), "expected");
}

#[asyncio::test]
async fn test_remove_done_callback() {
    let bag = Bag::new();
    let (one, two) = (bag.add(1), bag.add(2));
    assert!(bag.remove(two));
    assert!(!bag.remove(two));
    bag.add(2);
    let ones = [(); 5].map(|()| bag.add(1));
    assert!(bag.remove(one));
    assert!(ones.into_iter().all(|one| bag.remove(one)));
    bag.assert_said(&[2]).await;
}

#[asyncio::test]
async fn test_remove_done_callbacks_list_mutation() {
    /// What a callback holds, and what takes other callbacks back as it goes.
    struct Evil(Future<()>, Rc<RefCell<Vec<DoneCallback>>>);
    impl Drop for Evil {
        fn drop(&mut self) {
            for other in self.1.take() {
                self.0.remove_done_callback(other);
            }
        }
    }
    let future = future::<()>();
    let others = Rc::new(RefCell::new(Vec::new()));
    let evil = Evil(future.clone(), others.clone());
    let evil = future.add_done_callback(move || drop(evil));
    let calls = Rc::new(Cell::new(0));
    for _ in 0..63 {
        let calls = calls.clone();
        let other = future.add_done_callback(move || calls.set(calls.get() + 1));
        others.borrow_mut().push(other);
    }
    assert!(future.remove_done_callback(evil));
    future.set_result(()).unwrap();
    yield_now().await;
    assert_eq!(calls.get(), 0);
}

#[asyncio::test]
async fn test_schedule_callbacks_list_mutation_1() {
    let future = future();
    let calls = Rc::new(Cell::new(0));
    let later: Rc<Cell<Option<DoneCallback>>> = Rc::default();
    let (this, other) = (future.clone(), later.clone());
    future.add_done_callback(move || assert!(!this.remove_done_callback(other.get().unwrap())));
    for _ in 0..2 {
        let calls = calls.clone();
        later.set(Some(future.add_done_callback(move || calls.set(calls.get() + 1))));
    }
    future.set_result(1).unwrap();
    yield_now().await;
    assert_eq!(calls.get(), 2);
}
