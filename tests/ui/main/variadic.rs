#[asyncio::main]
async fn main(mut arguments: ...) {
    println!("Hello");
}
