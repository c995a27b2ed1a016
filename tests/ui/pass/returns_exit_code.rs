use std::process::ExitCode;

#[asyncio::main]
async fn main() -> ExitCode {
    asyncio::yield_now().await;
    ExitCode::SUCCESS
}
