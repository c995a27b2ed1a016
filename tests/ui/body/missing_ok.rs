#![allow(dead_code)]

#[asyncio::main]
async fn start() -> Result<(), std::num::ParseIntError> {
    let count: i32 = "1".parse()?;
    println!("{count}");
}

fn main() {}
