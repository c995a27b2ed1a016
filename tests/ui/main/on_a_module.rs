#[asyncio::main]
mod program {
    pub async fn main() {}
}

fn main() {}
