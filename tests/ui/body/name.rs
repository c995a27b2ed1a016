#![allow(dead_code)]
#![deny(non_snake_case)]

#[asyncio::main]
async fn startAgain() {}

fn main() {}
