#[asyncio::test(ctrl_c = true)]
async fn stops() {}

fn main() {}
