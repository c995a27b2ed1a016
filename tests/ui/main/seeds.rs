#[asyncio::main(seeds = 1000)]
async fn main() {}
