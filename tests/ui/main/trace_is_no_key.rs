#[asyncio::main(trace = "file.json")]
async fn main() {}
