#![allow(dead_code)]

#[asyncio::main]
async fn start() {
    let count: i32 = "one";
    println!("{count}");
}

fn main() {}
