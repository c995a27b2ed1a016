fn main() {
    async fn main() {
        println!("Hello");
    }
    renamed::Runner::builder()
        .debug(false)
        .clock(renamed::Clock::Virtual)
        .seed(7u64)
        .handle_ctrl_c(true)
        .build()
        .run(main())
}
