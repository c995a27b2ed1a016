#![allow(dead_code)]

#[asyncio::main]
async fn start() -> Missing {
    Missing
}

fn main() {}
