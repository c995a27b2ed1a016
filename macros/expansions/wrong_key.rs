::core::compile_error! {
    "unknown key `debugg`: did you mean `debug`?\n`#[asyncio::main]` knows `debug = true`, `clock = \"virtual\"`, `seed = 7`, `ctrl_c = true`, `crate = \"path\"`"
}
fn main() {
    async fn main() {
        println!("Hello");
    }
    ::asyncio::Runner::builder().seed(7u64).build().run(main())
}
