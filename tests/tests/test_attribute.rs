//! `#[asyncio::test]` used well: every return type a test may have, every key.
//! What it says when it is used wrongly is in `ui.rs`.

use std::cell::RefCell;
use std::num::ParseIntError;
use std::process::{ExitCode, Termination};
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);

#[asyncio::test]
async fn returns_nothing() {
    asyncio::yield_now().await;
}

#[asyncio::test]
async fn returns_a_result() -> Result<(), ParseIntError> {
    asyncio::yield_now().await;
    let count: i32 = "1".parse()?;
    assert_eq!(count, 1);
    Ok(())
}

#[asyncio::test]
async fn returns_an_exit_code() -> ExitCode {
    asyncio::yield_now().await;
    ExitCode::SUCCESS
}

#[asyncio::test]
async fn returns_what_implements_termination() -> impl Termination {
    asyncio::yield_now().await;
    ExitCode::SUCCESS
}

mod never {
    #![expect(unreachable_code, reason = "`#[test]` looks at the result of every test")]

    #[asyncio::test]
    #[ignore = "it can only fail: `#[should_panic]` wants `()`. That it compiles is what it shows"]
    async fn returns_never() -> ! {
        asyncio::yield_now().await;
        panic!("this test never returns")
    }
}

#[asyncio::test]
#[should_panic(expected = "on purpose")]
async fn panics_as_it_should() {
    asyncio::yield_now().await;
    panic!("on purpose")
}

#[asyncio::test(clock = "virtual")]
async fn an_hour_passes_at_once_on_the_virtual_clock() {
    let start = Instant::now();
    asyncio::sleep(HOUR).await;
    assert!(start.elapsed() < HOUR / 60);
}

#[asyncio::test(debug = true, clock = "virtual", seed = 7, crate = "::asyncio")]
async fn every_key_of_one_run_is_taken() {
    asyncio::sleep(HOUR).await;
}

thread_local! {
    /// The orders in which three tasks ran that were ready at once, one for each run of the test.
    static ORDERS: RefCell<Vec<String>> = RefCell::default();
}

#[asyncio::test(seeds = 100)]
async fn runs_under_a_hundred_seeds() -> Result<(), ParseIntError> {
    let order = RefCell::new(String::new());
    let write = async |letter| order.borrow_mut().push(letter);
    asyncio::gather!(write('a'), write('b'), write('c')).await;
    ORDERS.with_borrow_mut(|orders| orders.push(order.into_inner()));
    Ok(())
}

#[test]
fn a_hundred_seeds_are_a_hundred_runs_in_every_order() {
    if std::env::var_os("ASYNCIO_SEED").is_some() {
        return; // That one run is what was asked for.
    }
    runs_under_a_hundred_seeds();
    let mut orders = ORDERS.take();
    assert_eq!(orders.len(), 100);
    orders.sort_unstable();
    orders.dedup();
    assert_eq!(orders, ["abc", "acb", "bac", "bca", "cab", "cba"]);
}

/// The example in the docs of the attribute, where no test is compiled.
#[asyncio::test(clock = "virtual", seeds = 100)]
async fn both_are_done_in_any_order() {
    let first = asyncio::create_task(async { 1 });
    let second = asyncio::create_task(async { 2 });
    assert_eq!(first.await.unwrap() + second.await.unwrap(), 3);
}
