#[asyncio::main]
async fn main(name: String, times: usize) {
    println!("{}", name.repeat(times));
}
