#[asyncio::main]
struct Program;

fn main() {}
