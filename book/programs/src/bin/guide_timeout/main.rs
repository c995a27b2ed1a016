//! A limit of time: the future that is done first drops the other.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_timeout
//! ```

use std::time::Duration;

use asyncio::sleep;
use futures_lite::future::or;

async fn ask(seconds: u64) -> &'static str {
    sleep(Duration::from_secs(seconds)).await;
    "an answer"
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let work = async { Some(work.await) };
    let too_late = async {
        sleep(limit).await;
        None
    };
    or(work, too_late).await
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    for seconds in [1, 3] {
        match within(Duration::from_secs(2), ask(seconds)).await {
            Some(answer) => println!("{seconds} s: {answer}"),
            None => println!("{seconds} s: too late"),
        }
    }
}
