//! A borrow that is held across an `.await` meets another task's borrow, and that one panics.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_lost_borrow
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Task, create_task, gather, sleep};

type Stock = Rc<RefCell<u32>>;

#[expect(clippy::await_holding_refcell_ref, reason = "the mistake that this program shows")]
async fn take_slowly(stock: Stock) {
    let mut stock = stock.borrow_mut();
    sleep(Duration::from_millis(10)).await;
    *stock -= 1;
}

/// The way out: no `.await` while the borrow lasts.
async fn take_quickly(stock: Stock) {
    sleep(Duration::from_millis(10)).await;
    *stock.borrow_mut() -= 1;
}

async fn report(name: &str, takers: [Task<()>; 2]) {
    for outcome in gather(takers).await {
        println!("{name}: {}", if outcome.is_ok() { "took one" } else { "panicked" });
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let stock = Stock::new(RefCell::new(4));
    let slow = || create_task(take_slowly(stock.clone()));
    report("slow", [slow(), slow()]).await;

    let quick = || create_task(take_quickly(stock.clone()));
    report("quick", [quick(), quick()]).await;
    println!("left: {}", stock.borrow());
}
