//! A line that another program prints: the second example of Python's documentation, "Subprocesses". The
//! other program is `date`. `cargo run -p asyncio --example subprocess_date`

use std::error::Error;

use asyncio::create_subprocess_exec;
use asyncio::subprocess::Stdio;

async fn get_date() -> Result<String, Box<dyn Error>> {
    // Create the subprocess; redirect its standard output into a pipe.
    let mut process =
        create_subprocess_exec("date", &["+%Y-%m-%d %H:%M:%S"]).stdout(Stdio::piped()).await?;

    // Read one line of output.
    let stdout = process.stdout.as_mut().ok_or("it is piped")?;
    let line = String::from_utf8(stdout.read_line().await?)?;

    // Wait for its end.
    process.wait().await;
    Ok(line.trim_end().to_owned())
}

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let date = get_date().await?;
    println!("Current date: {date}");
    Ok(())
}
