#![deny(warnings)]

//! Under another name than `main`: a function that blocks until it is done, and may return anything.

#[asyncio::main]
async fn answer() -> u8 {
    asyncio::yield_now().await;
    42
}

fn main() {
    assert_eq!(answer(), 42);
    assert_eq!(answer(), 42);
}
