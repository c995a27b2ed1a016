#[asyncio::test(seeds = 0)]
async fn none() {}

#[asyncio::test(seeds = -1)]
async fn fewer() {}

#[asyncio::test(seeds = true)]
async fn some() {}

#[asyncio::test(seeds)]
async fn many() {}

fn main() {}
