#[asyncio::main]
async fn main() {
    let title = String::from("Dune");
    let task = asyncio::create_task(async { title.len() });
    println!("{title} has {:?} letters", task.await);
}
