//! A task from its creation to its value: the way that the tour of the source follows.

use std::time::Duration;

use asyncio::{create_task, sleep};

#[asyncio::main(clock = "virtual")]
async fn main() {
    println!("main: begins");
    let task = create_task(async {
        println!("task: begins");
        sleep(Duration::from_secs(1)).await;
        println!("task: goes on");
        "value"
    });
    println!("main: has a task");
    let value = task.await.expect("the task doesn't panic, and nobody cancels it");
    println!("main: has the {value}");
}
