//! Waiting for a socket holds up one task, not the loop.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_io
//! ```

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use async_io::Async;
use asyncio::{create_task, sleep};

async fn ask(address: SocketAddr) -> io::Result<String> {
    let stream = Async::<TcpStream>::connect(address).await?;
    println!("the client waits for an answer");
    let mut buffer = [0; 100];
    let length = stream.read_with(|mut socket| socket.read(&mut buffer)).await?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Port 0: one that is free.
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    let client = create_task(ask(listener.get_ref().local_addr()?));
    let (connection, _) = listener.accept().await?;

    for count in 1..=3 {
        sleep(Duration::from_millis(100)).await;
        println!("the loop goes on: {count}");
    }
    connection.write_with(|mut socket| socket.write(b"hello")).await?;
    println!("the client got: {}", client.await??);
    Ok(())
}
