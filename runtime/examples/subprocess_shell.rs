//! A command of the shell, and what comes of it: the first example of Python's documentation, "Subprocesses".
//! `cargo run -p asyncio --example subprocess_shell`

use std::io;

use asyncio::create_subprocess_shell;
use asyncio::subprocess::Stdio;

async fn run(command: &str) -> io::Result<()> {
    let mut process =
        create_subprocess_shell(command).stdout(Stdio::piped()).stderr(Stdio::piped()).await?;

    let (stdout, stderr) = process.communicate("").await?;

    // It has ended, so there is a return code.
    let code = process.return_code().unwrap_or_default();
    println!("['{command}' exited with {code}]");
    if !stdout.is_empty() {
        println!("[stdout]\n{}", String::from_utf8_lossy(&stdout));
    }
    if !stderr.is_empty() {
        println!("[stderr]\n{}", String::from_utf8_lossy(&stderr));
    }
    Ok(())
}

#[asyncio::main]
async fn main() -> io::Result<()> {
    run("ls -d /").await?;
    // Python's documentation lists `/zzz`; each system's `ls` has its own words and code for that,
    // each language its own words.
    run("LC_ALL=C cat /zzz").await
}
