//! Rust has no global interpreter lock: two threads compute at the same time.
//!
//! You will see the main thread compute without a pause, and look at another thread's counter meanwhile:
//! it moves. In Python it stands still until the interpreter takes its lock away from the main thread.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin differs_threads
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

/// What two threads touch must say how: here, by
/// atomic steps.
#[derive(Default)]
struct Shared {
    go: AtomicBool,
    counter: AtomicU64,
}

const GOAL: u64 = 100_000;

fn count(shared: &Shared) {
    while !shared.go.load(SeqCst) {
        thread::yield_now();
    }
    while shared.counter.load(SeqCst) < GOAL {
        shared.counter.fetch_add(1, SeqCst);
    }
}

/// Computes without a pause; true as soon as the
/// other thread is seen to have moved meanwhile.
fn has_moved(shared: &Shared) -> bool {
    let mut numbers = 0..10_000_000_000_u64;
    numbers.any(|_| shared.counter.load(SeqCst) > 0)
}

fn main() {
    let shared = Arc::new(Shared::default());
    let other = thread::spawn({
        let shared = shared.clone();
        move || count(&shared)
    });
    shared.go.store(true, SeqCst);
    println!("the other thread moved while this one computed: {}", has_moved(&shared));
    other.join().expect("counting can't panic");
    println!("counted to {}", shared.counter.load(SeqCst));
}
