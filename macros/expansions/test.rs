#[::core::prelude::v1::test]
fn an_hour_passes() {
    async fn an_hour_passes() {
        asyncio::sleep(HOUR).await;
    }
    ::asyncio::run(an_hour_passes())
}
