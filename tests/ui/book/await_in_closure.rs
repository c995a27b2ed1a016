async fn length(text: &str) -> usize {
    text.len()
}

#[asyncio::main]
async fn main() {
    let titles = ["Dune", "Emma"];
    let lengths: Vec<usize> = titles.iter().map(|title| length(title).await).collect();
    println!("{lengths:?}");
}
