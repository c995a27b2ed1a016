#[asyncio::main(debg = true)]
async fn main() {}

#[asyncio::main(CtrlC = true)]
async fn start() {}

#[asyncio::main(sede = 7)]
async fn start_again() {}
