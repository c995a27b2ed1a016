#![deny(warnings)]

extern crate asyncio as renamed;

/// What a crate that has `asyncio` inside would offer.
mod library {
    pub mod asyncio {
        use std::cell::Cell;

        thread_local!(pub static RUNS: Cell<u32> = const { Cell::new(0) });

        pub fn run<F: Future>(main: F) -> F::Output {
            RUNS.set(RUNS.get() + 1);
            renamed::run(main)
        }
    }
}

#[renamed::main(crate = "renamed")]
async fn main() {
    renamed::yield_now().await;
    std::thread::spawn(|| {
        start();
        assert_eq!(library::asyncio::RUNS.get(), 1);
    })
    .join()
    .unwrap();
}

#[renamed::main(crate = "crate::library::asyncio")]
async fn start() {
    renamed::yield_now().await;
}
