::core::compile_error! {
    "a function under `#[asyncio::main]` can't be a method: there is no `self` to call it on. Move it out of the `impl` or `trait`"
}
pub async fn run(&self) {
    self.hello().await;
}
