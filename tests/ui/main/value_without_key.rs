#[asyncio::main("virtual")]
async fn main() {}

#[asyncio::main(true, 7, = 7)]
async fn start() {}
