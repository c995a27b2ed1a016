#[asyncio::main(crate = "my library")]
async fn main() {}
