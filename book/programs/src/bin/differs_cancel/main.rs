//! Python cancels by raising `CancelledError` in the task, Rust by dropping the task's future.
//!
//! You will see three tasks that are cancelled while they wait. One cleans up in a destructor, one catches
//! the cancellation and answers, one cleans up with an `await`.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_cancel
//! ```

use std::time::Duration;

use asyncio::{Task, catch_cancel, create_task, sleep, with_cleanup, yield_now};

const HOUR: Duration = Duration::from_secs(3600);

/// Says when it is dropped. A file or a lock does
/// its own cleaning up in the same place.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        println!("guarded: cleaned up");
    }
}

async fn guarded() -> &'static str {
    let _guard = Guard;
    sleep(HOUR).await;
    "never said"
}

async fn caught() -> &'static str {
    match catch_cancel(sleep(HOUR)).await {
        Ok(()) => "never said",
        // From here on the task is as alive as
        // before; it could go on, and await.
        Err(_cancelled) => "an answer all the same",
    }
}

async fn cleaned() -> &'static str {
    let body = async {
        sleep(HOUR).await;
        "never said"
    };
    // A destructor can't await. This cleanup can.
    with_cleanup(body, async {
        sleep(Duration::from_millis(10)).await;
        println!("cleaned: closed in good order");
    })
    .await
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    cancel("guarded", create_task(guarded())).await;
    cancel("caught", create_task(caught())).await;
    cancel("cleaned", create_task(cleaned())).await;
}

async fn cancel(name: &str, task: Task<&'static str>) {
    yield_now().await;
    task.cancel();
    match task.await {
        Ok(answer) => println!("{name}: {answer}"),
        Err(error) => println!("{name}: {error}"),
    }
}
