#[asyncio::main(debug, clock, seed, ctrl_c, crate)]
async fn main() {}

#[asyncio::main(debug =, seed(7), clock: "virtual")]
async fn start() {}
