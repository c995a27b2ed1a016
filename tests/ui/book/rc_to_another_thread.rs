use std::rc::Rc;

#[asyncio::main]
async fn main() {
    let handle = asyncio::get_running_loop().unwrap().handle();
    let title = Rc::new(String::from("Dune"));
    let task = handle.spawn(async move || title.len());
    println!("{:?}", task.unwrap().await);
}
