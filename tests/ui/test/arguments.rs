#[asyncio::test]
async fn adds(first: i32, second: i32) {
    assert_eq!(first + second, 3);
}

fn main() {}
