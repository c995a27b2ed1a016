#![deny(warnings)]

//! Lints see the function as it was written, once.

#[expect(unused_variables)]
#[must_use]
#[asyncio::main]
async fn start() -> Option<u8> {
    let unused = 1;
    asyncio::yield_now().await;
    Some(1)
}

#[expect(non_snake_case)]
#[asyncio::main]
async fn startAgain() {
    asyncio::yield_now().await;
}

#[expect(dead_code)]
#[asyncio::main]
async fn never_started() {
    asyncio::yield_now().await;
}

fn main() {
    assert_eq!(start(), Some(1));
    startAgain();
}
