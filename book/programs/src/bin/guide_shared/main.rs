//! Tasks that share a value: one thread runs them all, so `Rc` and `Cell` are enough.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_shared
//! ```

use std::cell::Cell;
use std::rc::Rc;

use asyncio::{TaskError, create_task, yield_now};

#[asyncio::main]
async fn main() -> Result<(), TaskError> {
    let total = Rc::new(Cell::new(0));
    let mut tasks = Vec::new();
    for number in 1..=3 {
        // A second owner of the same value, for the task to keep.
        let shared = Rc::clone(&total);
        tasks.push(create_task(async move {
            yield_now().await;
            shared.set(shared.get() + number);
            println!("added {number}");
        }));
    }
    for task in tasks {
        task.await?;
    }
    println!("total: {}", total.get());
    Ok(())
}
