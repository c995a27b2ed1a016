#![allow(dead_code)]

#[asyncio::main]
async fn start() {
    let count = 1
    println!("{count}");
}

fn main() {}
