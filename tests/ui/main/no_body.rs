#[asyncio::main]
async fn main();
