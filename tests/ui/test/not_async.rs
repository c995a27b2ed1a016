#[asyncio::test]
fn runs() {
    asyncio::yield_now().await;
}

fn main() {}
