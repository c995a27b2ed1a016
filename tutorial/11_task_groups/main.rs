//! Lesson 11: task groups, or structured concurrency: no task outlives the block that made it.
//!
//! You will see children that borrow and give values, children of children, and a booking that fails: it
//! cancels the two beside it, and what goes wrong comes back together.
//!
//! ```text
//! cargo run --bin 11_task_groups
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::cell::RefCell;
use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use asyncio::{TaskGroup, all_tasks, catch_cancel, sleep, yield_now};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    children_that_borrow().await?;
    values().await?;
    children_of_children().await?;
    an_error().await;
    Ok(())
}

async fn fetch(page: &str, delay: Duration, fetched: &RefCell<Vec<String>>) {
    sleep(delay).await;
    fetched.borrow_mut().push(page.to_uppercase());
}

async fn children_that_borrow() -> Result<(), Box<dyn Error>> {
    let pages = [(String::from("index"), 300), (String::from("news"), 100)];
    let fetched = RefCell::new(Vec::new());

    // The scope ends when all its children have. So they may borrow what lives outside of it: `pages`,
    // `fetched`. `Infallible` says that none of them returns an error.
    TaskGroup::<Infallible>::scope(async |group| {
        for (page, delay) in &pages {
            group.create_task(fetch(page, ms(*delay), &fetched));
        }
        println!("two children, started together");
    })
    .await?;
    println!("fetched {:?}", fetched.into_inner());
    Ok(())
}

async fn price(fruit: &str) -> Result<u32, Infallible> {
    sleep(ms(100)).await;
    Ok(if fruit == "apple" { 3 } else { 4 })
}

async fn values() -> Result<(), Box<dyn Error>> {
    // What a child returns in `Ok` is for its handle; what the body returns, for the scope.
    let handles = TaskGroup::scope(async |group| {
        Ok((group.create_task(price("apple")), group.create_task(price("pear"))))
    })
    .await?;
    if let Some((apple, pear)) = handles {
        println!("apple {}, pear {}", apple.await?, pear.await?);
    }
    Ok(())
}

/// Visits a folder, and each folder in it in a child of its own. Any child may make more: it has the group.
async fn visit(group: TaskGroup<'_>, folder: &str) {
    println!("{folder}");
    yield_now().await; // Stands for the disk, which takes its time.
    let inside: &[&str] = match folder {
        "home" => &["music", "photos"],
        "photos" => &["beach"],
        _ => &[],
    };
    for folder in inside {
        // Boxed, since the type of this future would have itself inside.
        group.create_task(Box::pin(visit(group.clone(), folder)));
    }
}

async fn children_of_children() -> Result<(), Box<dyn Error>> {
    TaskGroup::scope(async |group| visit(group, "home").await).await?;
    // `main`, and nobody else.
    println!("tasks left: {}", all_tasks().len());
    Ok(())
}

/// Python would have an exception class for each.
enum Trouble {
    SoldOut(&'static str),
    NoRefund(&'static str),
}

async fn book_hotel() -> Result<(), Trouble> {
    sleep(ms(200)).await;
    Err(Trouble::SoldOut("hotel"))
}

async fn book_train() -> Result<(), Trouble> {
    if let Err(cancelled) = catch_cancel(sleep(ms(60_000))).await {
        sleep(ms(100)).await;
        println!("train: gave the seat back");
        cancelled.raise().await;
    }
    Ok(())
}

async fn book_concert() -> Result<(), Trouble> {
    if catch_cancel(sleep(ms(60_000))).await.is_err() {
        sleep(ms(300)).await;
        println!("concert: tried to give the ticket back");
        return Err(Trouble::NoRefund("concert"));
    }
    Ok(())
}

async fn an_error() {
    let trip = TaskGroup::scope(async |group| {
        group.create_task(book_hotel());
        group.create_task(book_train());
        group.create_task(book_concert());
    });
    match trip.await {
        Ok(_) => println!("a trip"),
        Err(group) => {
            for error in group.errors() {
                match error {
                    Trouble::SoldOut(what) => println!("sold out: {what}"),
                    Trouble::NoRefund(what) => println!("not paid back: {what}"),
                }
            }
        }
    }
}
