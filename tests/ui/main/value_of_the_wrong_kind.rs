#[asyncio::main(debug = "yes", clock = virtual, seed = "7", ctrl_c = 1, crate = asyncio)]
async fn main() {}
