//! A TCP echo server: the example of Python's documentation, "Transports and Protocols".
//! `cargo run -p asyncio --example tcp_echo_server_protocol`, and beside it `tcp_echo_client_protocol`.
//! With `--try`, a client of its own calls, and the server ends.

use std::cell::OnceCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use asyncio::{Protocol, Transport};

#[derive(Default)]
struct EchoServerProtocol {
    transport: OnceCell<Transport>,
}

impl Protocol for EchoServerProtocol {
    fn connection_made(&self, transport: Transport) {
        let peername = transport.peer_addr().expect("a TCP connection has one");
        println!("Connection from {peername}");
        self.transport.set(transport).expect("it is made once");
    }

    fn data_received(&self, data: &[u8]) {
        let message = String::from_utf8_lossy(data);
        println!("Data received: '{message}'");

        let transport = self.transport.get().expect("it was made");
        println!("Send: '{message}'");
        transport.write(data);

        println!("Close the client socket");
        transport.close();
    }
}

/// A client, on a thread of its own.
fn call(address: SocketAddr) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address)?;
    socket.write_all(b"Hello World!")?;
    socket.read_to_end(&mut Vec::new()).map(drop)
}

#[asyncio::main]
async fn main() -> std::io::Result<()> {
    // The running loop makes servers.
    let event_loop = asyncio::get_running_loop().expect("main runs in one");
    let is_tried = std::env::args().any(|argument| argument == "--try");
    let port = if is_tried { 0 } else { 8888 };

    let server = event_loop.create_server(EchoServerProtocol::default, ("127.0.0.1", port)).await?;

    if is_tried {
        let address = server.local_addrs()[0];
        return asyncio::to_thread(move || call(address)).await;
    }
    server.serve_forever().await
}
