trait Program {
    #[asyncio::main]
    async fn run();

    #[asyncio::main]
    async fn run_it(&self);
}

fn main() {}
