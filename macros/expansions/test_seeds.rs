#[::core::prelude::v1::test]
fn holds_in_any_order() {
    async fn holds_in_any_order() -> Result<(), Error> {
        transfer().await
    }
    ::asyncio::testing::explore(
        ::asyncio::Runner::builder().clock(::asyncio::Clock::Virtual),
        1000u64,
        holds_in_any_order,
    )
}
