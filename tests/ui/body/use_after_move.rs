#![allow(dead_code)]

#[asyncio::main]
async fn start() {
    let name = String::from("World");
    drop(name);
    println!("{name}");
}

fn main() {}
