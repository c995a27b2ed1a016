//! A read that blocks, of what a task on the same loop is to write: neither can go on.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_blocking_read
//! ```

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use async_io::Async;
use asyncio::{create_task, sleep};

async fn write_soon(mut stream: UnixStream) -> io::Result<()> {
    sleep(Duration::from_millis(20)).await;
    println!("writer: writes");
    stream.write_all(b"hello")
}

/// Waits in the system, and the loop with it.
fn read_blocking(mut stream: &UnixStream) -> io::Result<String> {
    let mut bytes = [0; 5];
    // Without a limit, this program would wait for ever.
    stream.set_read_timeout(Some(Duration::from_millis(320)))?;
    stream.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits in the loop. The socket is read when there is something to read.
async fn read_ready(stream: &Async<UnixStream>) -> io::Result<String> {
    let mut bytes = [0; 5];
    let length = stream.read_with(|mut stream| stream.read(&mut bytes)).await?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

#[asyncio::main]
async fn main() -> io::Result<()> {
    let (here, there) = UnixStream::pair()?;
    let writer = create_task(write_soon(there));

    println!("a read that blocks:");
    match read_blocking(&here) {
        Ok(text) => println!("reader: {text}"),
        Err(_) => println!("reader: nothing came in 0.32 s"),
    }

    println!("a read that waits in the loop:");
    println!("reader: {}", read_ready(&Async::new(here)?).await?);
    writer.await.expect("it doesn't panic")
}
