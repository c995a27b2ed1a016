#![allow(dead_code)]

#[asyncio::main]
async fn start() {
    let next = count() + 1;
    println!("{next}");
}

async fn count() -> i32 {
    1
}

fn main() {}
