use asyncio::http::ClientSession;

#[asyncio::main]
async fn main() {
    let _session = ClientSession::new();
}
