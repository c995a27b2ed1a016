#[asyncio::main(debug = true, clock = "real", debug = true)]
async fn main() {}
