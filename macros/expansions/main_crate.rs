fn main() {
    async fn main() {
        println!("Hello");
    }
    crate::vendored::asyncio::run(main())
}
