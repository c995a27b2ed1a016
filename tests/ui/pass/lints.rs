#![deny(warnings, missing_docs, unused, unreachable_pub)]

//! Warnings are those of the function as it was written.

/// An attribute, a visibility and a lint's exception stay with the function.
#[must_use]
#[expect(unused_variables)]
#[asyncio::main]
pub(crate) async fn start() -> Option<u8> {
    let unused = 1;
    asyncio::yield_now().await;
    Some(1)
}

#[allow(non_snake_case)]
#[asyncio::main]
async fn startAgain() {
    asyncio::yield_now().await;
}

fn main() {
    assert_eq!(start(), Some(1));
    startAgain();
}
