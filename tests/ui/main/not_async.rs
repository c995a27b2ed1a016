#[asyncio::main]
fn main() {
    asyncio::yield_now().await;
}
