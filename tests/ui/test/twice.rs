#[asyncio::test]
#[asyncio::test(clock = "virtual")]
async fn runs() {}

fn main() {}
