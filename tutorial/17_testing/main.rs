//! Lesson 17: tests of async code.
//!
//! You will see a mistake that the usual order hides, an order that shows it, and that order again; and a
//! test of half an hour that takes no second. Its tests are in `tests.rs`.
//!
//! ```text
//! cargo run --bin 17_testing
//! cargo test -p lesson-17-testing
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`, but for the lines of
//! `tests/oracle/differs.toml`: Python's loop has one order.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use asyncio::testing::explore;
use asyncio::{Clock, Event, Runner, RunnerBuilder, gather, get_running_loop, sleep};

#[cfg(test)]
mod tests;

struct Account {
    balance: Cell<u32>,
    paid_in: Event,
}

impl Account {
    async fn deposit(&self, amount: u32) {
        walk_to_the_bank().await;
        self.balance.set(self.balance.get() + amount);
        self.paid_in.set();
    }

    /// The mistake: it takes for granted that somebody has paid in by now.
    async fn withdraw(&self, amount: u32) {
        walk_to_the_bank().await;
        if let Some(left) = self.balance.get().checked_sub(amount) {
            self.balance.set(left);
        }
    }

    /// Waits for what it needs.
    async fn withdraw_mended(&self, amount: u32) {
        self.paid_in.wait().await;
        self.withdraw(amount).await;
    }
}

async fn walk_to_the_bank() {
    sleep(Duration::from_secs(600)).await;
}

/// Three pay in 50, one takes out 30: 120 should be left.
async fn pay_day(withdraw: impl AsyncFn(&Account, u32)) -> u32 {
    let account = Account { balance: Cell::new(0), paid_in: Event::new() };
    gather!(account.deposit(50), account.deposit(50), account.deposit(50), withdraw(&account, 30))
        .await;
    account.balance.get()
}

/// Asks until it gets something, `tries` times at most. Waits 1 s, then 2 s, 4 s, and so on.
async fn keep_asking<T>(tries: u32, ask: impl AsyncFn() -> Option<T>) -> Option<T> {
    let mut pause = Duration::from_secs(1);
    for _ in 1..tries {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        sleep(pause).await;
        pause *= 2;
    }
    ask().await
}

/// On the virtual clock: when nothing is left to do, it jumps to the next deadline.
fn in_no_time() -> RunnerBuilder {
    Runner::builder().clock(Clock::Virtual)
}

fn main() {
    let left = in_no_time().build().run(pay_day(Account::withdraw));
    println!("the usual order: {left} left");

    find_and_replay();

    explore(in_no_time(), 100, async || assert_eq!(pay_day(Account::withdraw_mended).await, 120));
    println!("mended: 120 left");

    half_an_hour();
}

/// What `#[asyncio::test(clock = "virtual", seeds = 100)]` does, with the panic caught.
fn find_and_replay() {
    let orders = Cell::new(0);
    let test = || {
        orders.set(orders.get() + 1);
        async { assert_eq!(pay_day(Account::withdraw).await, 120, "the bank refused") }
    };
    match catch_unwind(AssertUnwindSafe(|| explore(in_no_time(), 100, test))) {
        Ok(()) => println!("{} orders: all well", orders.get()),
        Err(_panic) => println!("order {} of 100: the bank refuses", orders.get()),
    }

    // Seeds count from 0. The same seed is the same order, today and tomorrow.
    let seed = orders.get() - 1;
    let left = in_no_time().seed(seed).build().run(pay_day(Account::withdraw));
    println!("the same order again: {left} left");
}

fn half_an_hour() {
    let start = Instant::now();
    let waited = in_no_time().build().run(async {
        let event_loop = get_running_loop().expect("a run has one");
        let start = event_loop.time();
        keep_asking(12, async || None::<()>).await;
        event_loop.time() - start
    });
    println!("12 tries waited {} s in {:.0} s", waited.as_secs(), start.elapsed().as_secs_f64());
}
