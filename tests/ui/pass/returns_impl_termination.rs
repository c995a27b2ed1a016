use std::process::{ExitCode, Termination};

struct Report;

impl Termination for Report {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

#[asyncio::main]
async fn main() -> impl Termination {
    asyncio::yield_now().await;
    Report
}
