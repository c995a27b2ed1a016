use std::time::Duration;

fn main() {
    asyncio::sleep(Duration::from_secs(1)).await;
}
