fn main() -> std::io::Result<()> {
    async fn main() -> std::io::Result<()> {
        asyncio::fs::read("notes.txt").await?;
        Ok(())
    }
    ::asyncio::run(main())
}
