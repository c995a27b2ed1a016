//! A transfer in two steps with an await between them, cancelled there: the money is gone. Two ways out.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_cancel_transfer
//! ```

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{catch_cancel, create_task, sleep};

#[derive(Default)]
struct Bank {
    alice: Cell<i32>,
    bob: Cell<i32>,
}

/// Asks somebody, which takes time.
async fn approve() {
    sleep(Duration::from_secs(1)).await;
}

async fn transfer(bank: Rc<Bank>) {
    bank.alice.update(|money| money - 10);
    approve().await;
    bank.bob.update(|money| money + 10);
}

/// No await between the two steps: both happen, or neither does.
async fn ask_first(bank: Rc<Bank>) {
    approve().await;
    bank.alice.update(|money| money - 10);
    bank.bob.update(|money| money + 10);
}

/// Where it can't be avoided, the first step is taken back.
async fn take_back(bank: Rc<Bank>) {
    bank.alice.update(|money| money - 10);
    if let Err(cancelled) = catch_cancel(approve()).await {
        bank.alice.update(|money| money + 10);
        cancelled.raise().await;
    }
    bank.bob.update(|money| money + 10);
}

async fn cut_short(name: &str, transfer: impl AsyncFnOnce(Rc<Bank>) + 'static) {
    let bank = Rc::new(Bank::default());
    bank.alice.set(100);
    let in_task = bank.clone();
    let task = create_task(async move { transfer(in_task).await });
    sleep(Duration::from_millis(500)).await;
    task.cancel();
    let end = if task.await.is_ok() { "done" } else { "cancelled" };
    println!("{name}: {end}, {} and {}", bank.alice.get(), bank.bob.get());
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    cut_short("transfer", transfer).await;
    cut_short("ask first", ask_first).await;
    cut_short("take back", take_back).await;
}
