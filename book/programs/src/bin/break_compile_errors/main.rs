//! The programs that the compiler refused on the page "Compile errors", mended: each function is the way
//! out of one message.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_compile_errors
//! ```

use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{create_task, gather, get_running_loop, sleep};

async fn length(text: &str) -> usize {
    sleep(Duration::from_millis(10)).await;
    text.len()
}

/// A task may outlive the function that makes it: it gets a value of its own.
async fn give() -> Result<(), Box<dyn Error>> {
    let title = String::from("Dune");
    let copy = title.clone();
    let task = create_task(async move { length(&copy).await });
    println!("given: {title} has {} letters", task.await?);
    Ok(())
}

/// What `gather` runs ends before `gather` does: it may borrow. The closure needs no `.await`: it makes
/// futures.
async fn lend() {
    let titles = [String::from("Dune"), String::from("Emma")];
    let letters = gather(titles.iter().map(|title| length(title))).await;
    println!("lent: {titles:?} have {letters:?} letters");
}

/// The function travels to the loop's thread. What it makes there need not be `Send`.
async fn make_it_there() -> Result<(), Box<dyn Error>> {
    let handle = get_running_loop()?.handle();
    let title = String::from("Dune");
    let task = handle.spawn(async move || {
        let shared = Rc::new(title);
        length(&shared).await
    })?;
    println!("made there: {} letters", task.await?);
    Ok(())
}

/// An async function that calls itself: the inner future lies in a box.
async fn count_down(from: u32) {
    println!("counting down: {from}");
    if from > 0 {
        Box::pin(count_down(from - 1)).await;
    }
}

// It returns a `Result`, so `?` has somewhere to go.
#[asyncio::main(clock = "virtual")]
async fn main() -> Result<(), Box<dyn Error>> {
    give().await?;
    lend().await;
    make_it_there().await?;
    count_down(1).await;
    // Nobody needs its value: said so.
    create_task(async { println!("detached: in the background") }).detach();
    sleep(Duration::from_millis(10)).await;
    let count: usize = "4".parse()?;
    println!("parsed: {count}");
    Ok(())
}
