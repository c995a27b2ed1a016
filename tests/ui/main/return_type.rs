#[asyncio::main]
async fn main() -> String {
    String::from("done")
}
