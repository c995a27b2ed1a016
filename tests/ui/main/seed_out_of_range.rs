#[asyncio::main(seed = -1)]
async fn main() {}

#[asyncio::main(seed = 18446744073709551616)]
async fn start() {}

#[asyncio::main(seed = 1.5)]
async fn start_again() {}
