fn main() {
    async fn main() {
        println!("Hello");
    }
    ::asyncio::run(main())
}
