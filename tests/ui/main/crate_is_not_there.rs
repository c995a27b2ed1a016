#[asyncio::main(crate = "missing")]
async fn main() {}
