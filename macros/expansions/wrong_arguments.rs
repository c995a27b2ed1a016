::core::compile_error! {
    "a function under `#[asyncio::main]` takes no arguments: nothing could pass them. `std::env::args()` has those of the command line"
}
fn main() {
    #[allow(dead_code)]
    async fn main(name: String) {
        println!("Hello {name}");
    }
    ::core::unreachable!()
}
