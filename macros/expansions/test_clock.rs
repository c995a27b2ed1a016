#[::core::prelude::v1::test]
fn an_hour_passes() {
    async fn an_hour_passes() {
        asyncio::sleep(HOUR).await;
    }
    ::asyncio::Runner::builder()
        .clock(::asyncio::Clock::Virtual)
        .seed(18446744073709551615u64)
        .build()
        .run(an_hour_passes())
}
