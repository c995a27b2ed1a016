#[should_panic(expected = "no such file")]
#[::core::prelude::v1::test]
fn fails() -> Result<(), Error> {
    async fn fails() -> Result<(), Error> {
        asyncio::fs::read("missing.txt").await?;
        Ok(())
    }
    ::asyncio::run(fails())
}
