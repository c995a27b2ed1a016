#[asyncio::main(debug = true clock = "virtual")]
async fn main() {}

#[asyncio::main(debug = true,, seed = 7)]
async fn start() {}
