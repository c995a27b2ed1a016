//! All tasks run on the loop's thread, one at a time: they share what one thread may share, `Rc` and
//! `RefCell`, without a lock.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_shared
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{TaskError, create_task, sleep};

/// Python's list, which anybody may hold and
/// change: `Rc` is "anybody may hold", `RefCell`
/// "and change".
type Shared = Rc<RefCell<Vec<String>>>;

async fn visit(name: &str, seen: Shared) {
    for visit in 1..=2 {
        // Borrowed for this line only. Nobody else
        // runs before the next `await`.
        seen.borrow_mut().push(format!("{name}{visit}"));
        sleep(Duration::from_millis(10)).await;
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() -> Result<(), TaskError> {
    let seen = Shared::default();
    let a = create_task(visit("a", seen.clone()));
    let b = create_task(visit("b", seen.clone()));
    a.await?;
    b.await?;
    println!("{}", seen.borrow().join(" "));
    Ok(())
}
