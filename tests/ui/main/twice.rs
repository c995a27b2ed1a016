#[asyncio::main]
#[asyncio::main]
async fn main() {}
