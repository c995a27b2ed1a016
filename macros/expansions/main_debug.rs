fn main() {
    async fn main() {
        println!("Hello");
    }
    ::asyncio::Runner::builder().debug(true).build().run(main())
}
