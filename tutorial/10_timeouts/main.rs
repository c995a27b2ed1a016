//! Lesson 10: timeouts and cancellation.
//!
//! You will see a slow server given up, a task cancelled, a basket emptied again because the time was up,
//! and a payment that goes on although its customer has left.
//!
//! ```text
//! cargo run --bin 10_timeouts
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::cell::RefCell;
use std::time::Duration;

use asyncio::{TaskRef, catch_cancel, create_task, shield, sleep, timeout};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

async fn ask(server: &str, delay: Duration) -> String {
    sleep(delay).await;
    format!("{server} has answered")
}

#[asyncio::main]
async fn main() {
    a_limit().await;
    a_cancellation().await;
    cleaning_up().await;
    a_shield().await;
}

async fn a_limit() {
    for (server, delay) in [("near", ms(100)), ("far", ms(60_000))] {
        match timeout(ms(500), ask(server, delay)).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("{server}: {error}"),
        }
    }
}

async fn a_cancellation() {
    let task = create_task(ask("far", ms(60_000)));
    sleep(ms(100)).await;
    // It only asks: the task ends in its next step. Awaiting it waits for that.
    task.cancel_with("no longer needed");
    match task.await {
        Ok(answer) => println!("{answer}"),
        Err(error) => println!("the task was {error}"),
    }
}

/// Fills a basket and waits at the till. Who is told to stop puts everything back.
async fn shop(basket: &RefCell<Vec<&'static str>>) {
    let shopping = async {
        for item in ["apples", "bread"] {
            sleep(ms(100)).await;
            println!("took {item}");
            basket.borrow_mut().push(item);
        }
        println!("waiting at the till");
        sleep(ms(60_000)).await;
    };
    // What is cancelled is `shopping`. The code below goes on, and may await.
    if let Err(cancelled) = catch_cancel(shopping).await {
        for item in basket.take().into_iter().rev() {
            sleep(ms(50)).await;
            println!("put {item} back");
        }
        // Without this line, `shop` would have come to its end, as if nobody had cancelled it.
        cancelled.raise().await;
    }
}

async fn cleaning_up() {
    let basket = RefCell::new(Vec::new());
    // The timeout cancels `shop` after a second, and waits until it has cleaned up.
    match timeout(ms(1000), shop(&basket)).await {
        Ok(()) => println!("bought {:?}", basket.borrow()),
        Err(_too_late) => println!("too late: {} items in the basket", basket.borrow().len()),
    }
}

async fn pay(price: u32) -> String {
    println!("paying {price}");
    sleep(ms(600)).await;
    println!("paid {price}");
    format!("a receipt for {price}")
}

async fn a_shield() {
    let payment = create_task(pay(10));
    let seen = TaskRef::clone(&payment);
    // The timeout cancels what it waits for, and a task that is awaited is cancelled with its awaiter.
    if timeout(ms(200), payment).await.is_err() {
        println!("the customer leaves; the payment is cancelled: {}", seen.is_cancelled());
    }

    // Behind a shield, only the waiting is cancelled.
    let mut payment = shield(create_task(pay(20)));
    if timeout(ms(200), &mut payment).await.is_err() {
        println!("the customer leaves; the payment goes on");
    }
    // It can be waited for again. At the end of the program it would be cancelled as any other task.
    if let Ok(receipt) = payment.await {
        println!("sent after the customer: {receipt}");
    }
}
