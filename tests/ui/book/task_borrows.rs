async fn length(text: &str) -> usize {
    text.len()
}

#[asyncio::main]
async fn main() {
    let title = String::from("Dune");
    let task = asyncio::create_task(length(&title));
    println!("{title} has {:?} letters", task.await);
}
