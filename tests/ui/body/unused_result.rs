#![allow(dead_code)]
#![deny(unused_must_use)]

#[asyncio::main]
async fn start() {
    save().await;
}

async fn save() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {}
