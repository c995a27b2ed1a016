struct Program {
    name: String,
}

impl Program {
    #[asyncio::main]
    async fn run(&self) {
        println!("{}", self.name);
    }
}

fn main() {}
