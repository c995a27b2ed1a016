#[asyncio::test(seed = 7, seeds = 1000)]
async fn one_or_many() {}

fn main() {}
