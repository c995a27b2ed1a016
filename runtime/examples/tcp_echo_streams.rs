//! A server that sends back what it gets, and its client: the two examples of Python's documentation,
//! "Streams", in one process. `cargo run -p asyncio --example tcp_echo_streams`

use std::io;
use std::net::SocketAddr;

use asyncio::{StreamReader, StreamWriter};

async fn handle_echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    let data = reader.read(100).await?;
    let message = String::from_utf8_lossy(&data);
    println!("Received '{message}' from {}", writer.peer_addr()?);

    println!("Send: '{message}'");
    writer.write(&data);
    writer.drain().await?;

    println!("Close the connection");
    writer.close();
    writer.wait_closed().await
}

async fn tcp_echo_client(message: &str, server: SocketAddr) -> io::Result<()> {
    let (mut reader, writer) = asyncio::open_connection(server).await?;

    println!("Send: '{message}'");
    writer.write(message);
    writer.drain().await?;

    let data = reader.read(100).await?;
    println!("Received: '{}'", String::from_utf8_lossy(&data));

    println!("Close the connection");
    writer.close();
    writer.wait_closed().await
}

#[asyncio::main]
async fn main() -> io::Result<()> {
    // A port that the system picks; Python's documentation has 8888.
    let server = asyncio::start_server(handle_echo, ("127.0.0.1", 0)).await?;
    let address = server.local_addrs()[0];
    println!("Serving on {address}");

    tcp_echo_client("Hello World!", address).await?;

    // Python's serves forever: `server.serve_forever().await`.
    server.close();
    server.wait_closed().await;
    Ok(())
}
