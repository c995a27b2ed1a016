#[asyncio::test]
#[test]
async fn runs() {}

fn main() {}
