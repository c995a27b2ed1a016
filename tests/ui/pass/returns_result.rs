use std::error::Error;

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    asyncio::yield_now().await;
    let count: i32 = "1".parse()?;
    assert_eq!(count, 1);
    Ok(())
}
