fn length(text: &str) -> usize {
    text.len()
}

#[asyncio::main]
async fn main() {
    println!("{}", length("Dune").await);
}
