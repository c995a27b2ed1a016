#![allow(dead_code)]

#[asyncio::main]
async fn start() {
    count().await
}

async fn count() -> i32 {
    1
}

fn main() {}
