//! Lesson 03: wait for several futures at once.
//!
//! You will see three calls finish in the order of their delays and answer in the order they were
//! given; what becomes of an error in one; and the same with a list made while the program runs.
//!
//! ```text
//! cargo run --bin 03_gather
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::time::Duration;

use asyncio::{gather, sleep, try_gather};

async fn say_after(seconds: u64, what: &str) -> String {
    sleep(Duration::from_secs(seconds)).await;
    println!("{what}");
    what.to_uppercase()
}

/// Asks a shop that sells apples and pears.
async fn price(fruit: &str) -> Result<u32, String> {
    sleep(Duration::from_millis(500)).await;
    match fruit {
        "apple" => Ok(3),
        "pear" => Ok(4),
        other => Err(format!("no price for {other}")),
    }
}

#[asyncio::main]
async fn main() {
    three_at_once().await;
    an_error_in_one().await;
    a_list().await;
}

async fn three_at_once() {
    // The macro takes futures of any types, and answers with a tuple in the same order.
    let (mark, hello, world) =
        gather!(say_after(3, "!"), say_after(1, "hello"), say_after(2, "world")).await;
    println!("answers: {mark} {hello} {world}");
}

async fn an_error_in_one() {
    // `gather!` waits for all of them. An error is an answer like any other.
    let (apple, kiwi) = gather!(price("apple"), price("kiwi")).await;
    println!("each one: {apple:?}, {kiwi:?}");

    // `try_gather!` ends with the first error. The calls still under way are dropped with it, where
    // Python's would go on with nobody waiting for them.
    match try_gather!(price("apple"), price("kiwi")).await {
        Ok((apple, kiwi)) => println!("together: {}", apple + kiwi),
        Err(error) => println!("together: {error}"),
    }
}

async fn a_list() {
    let list = String::from("apple pear apple");
    // The functions take any number of futures of one type. These borrow from `list`: what `gather`
    // runs ends before `gather` does. A task of `create_task` may outlive this function, and couldn't.
    let prices = try_gather(list.split(' ').map(price)).await;
    println!("{list}: {prices:?}");
}
