#[asyncio::main(clock = "vitual")]
async fn main() {}
