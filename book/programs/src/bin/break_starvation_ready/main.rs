//! An `.await` gives way only where the future isn't ready: a loop over ready ones starves the others.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_starvation_ready
//! ```

use std::time::Duration;

use asyncio::{create_task, sleep, yield_now};

async fn look_up(number: u32) -> u32 {
    let is_in_cache = number <= 10;
    if !is_in_cache {
        sleep(Duration::from_secs(1)).await;
    }
    number * number
}

async fn sum(name: &str, gives_way: bool) {
    let mut sum = 0;
    for number in 1..=10 {
        sum += look_up(number).await;
        if gives_way {
            yield_now().await;
        }
    }
    println!("{name}: {sum}");
}

async fn race(name: &'static str, gives_way: bool) {
    let before = create_task(async { println!("tick") });
    let sum = create_task(sum(name, gives_way));
    let after = create_task(async { println!("tock") });
    for task in [before, sum, after] {
        task.await.expect("it doesn't panic");
    }
}

#[asyncio::main]
async fn main() {
    race("ten awaits, all ready", false).await;
    race("ten awaits, and it gives way", true).await;
}
