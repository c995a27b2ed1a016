#[asyncio::test(sedes = 1000, start_paused = true)]
async fn sleeps() {}

fn main() {}
