#![deny(unused_must_use)]

async fn greet(name: &str) {
    println!("hello {name}");
}

#[asyncio::main]
async fn main() {
    greet("Ada");
}
