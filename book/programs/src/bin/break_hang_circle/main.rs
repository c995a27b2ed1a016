//! Two tasks that await each other, and the same two without a circle.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_hang_circle
//! ```

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Task, TaskRef, all_tasks, create_task, get_running_loop, sleep};

type Slot = Rc<Cell<Option<Task<()>>>>;

async fn wait_for(other: Slot) {
    let other = other.take().expect("circle() has filled it in");
    other.await.expect("it doesn't panic");
}

/// Each has the other's handle.
async fn circle() {
    let (chicken, egg) = (Slot::default(), Slot::default());
    let first = create_task(wait_for(egg.clone())).with_name("chicken");
    let second = create_task(wait_for(chicken.clone())).with_name("egg");
    let to_cancel = TaskRef::clone(&first);
    chicken.set(Some(first));
    egg.set(Some(second));

    sleep(Duration::from_secs(1)).await;
    println!("after 1 s: {}", names());
    to_cancel.cancel();
    sleep(Duration::from_secs(1)).await;
    println!("1 s after the cancellation: {}", names());
}

fn names() -> String {
    let names: Vec<String> = all_tasks().iter().map(TaskRef::name).collect();
    names.join(", ")
}

/// One of them only gives: it sets a value and waits for nobody.
async fn no_circle() {
    let event_loop = get_running_loop().expect("it is called in one");
    let laid = event_loop.create_future();
    let waiting = laid.clone();
    let chicken = create_task(async move {
        laid.set_result("an egg").expect("it is set once");
        "a chicken"
    });
    let egg = create_task(async move { waiting.await.expect("nobody cancels it") });
    let chicken = chicken.await.expect("it doesn't panic");
    let egg = egg.await.expect("it doesn't panic");
    println!("without a circle: {chicken} and {egg}");
}

fn main() {
    let runner = asyncio::Runner::builder().clock(asyncio::Clock::Virtual).build();
    let event_loop = runner.event_loop();
    event_loop.run_until_complete(circle());
    event_loop.run_until_complete(no_circle());
    // Closing the loop by hand drops the two. `asyncio::run` would cancel them and wait for them: each
    // passes the cancellation to the other, and neither ends.
    event_loop.close();
    println!("closed");
}
