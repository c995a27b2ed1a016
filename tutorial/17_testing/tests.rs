//! Lesson 17's tests. `cargo test -p lesson-17-testing` runs them.

use std::cell::RefCell;
use std::future::pending;

use super::*;

/// An async test. It has a loop of its own, and nobody walks for ten minutes: the clock is virtual.
#[asyncio::test(clock = "virtual")]
async fn in_the_usual_order_all_is_well() {
    assert_eq!(pay_day(Account::withdraw).await, 120);
}

/// Finds the mistake. Standard error names the seed, and `ASYNCIO_SEED` runs it again.
#[asyncio::test(clock = "virtual", seeds = 100)]
#[should_panic(expected = "the bank refused")]
async fn in_some_order_the_bank_refuses() {
    assert_eq!(pay_day(Account::withdraw).await, 120, "the bank refused");
}

#[asyncio::test(clock = "virtual", seeds = 100)]
async fn mended_all_is_well_in_any_order() {
    assert_eq!(pay_day(Account::withdraw_mended).await, 120);
}

/// On the virtual clock, times are exact: there is nothing to round, and no margin to leave.
#[asyncio::test(clock = "virtual")]
async fn the_pauses_double() {
    let event_loop = get_running_loop().unwrap();
    let (start, asked_at) = (event_loop.time(), RefCell::new(Vec::new()));
    let ask = async || {
        asked_at.borrow_mut().push((event_loop.time() - start).as_secs());
        (asked_at.borrow().len() == 4).then_some("yes")
    };
    assert_eq!(keep_asking(10, ask).await, Some("yes"));
    assert_eq!(*asked_at.borrow(), [0, 1, 3, 7]);
}

/// What would hang is a failure at once: an hour passes as soon as nobody has anything to do.
#[asyncio::test(clock = "virtual")]
async fn somebody_who_never_answers_is_given_up() {
    let never = keep_asking(2, pending::<Option<()>>);
    assert!(asyncio::timeout(Duration::from_secs(3600), never).await.is_err());
}
