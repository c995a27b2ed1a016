#[asyncio::main]
const async fn main() {}
