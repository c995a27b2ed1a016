//! `cargo run --release -p asyncio-benches`: this library side by side with others.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    asyncio_benches::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("asyncio-benches: this measures on Linux alone");
    ExitCode::FAILURE
}
