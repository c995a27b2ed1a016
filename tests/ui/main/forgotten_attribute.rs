async fn main() {
    asyncio::yield_now().await;
}
