//! A TCP echo client: the example of Python's documentation, "Transports and Protocols".
//! `cargo run -p asyncio --example tcp_echo_client_protocol`, beside `tcp_echo_server_protocol`.
//! With `--try`, it has a server of its own.

use std::io::{Read, Write};
use std::net::TcpListener;

use asyncio::{Future, Protocol, Transport};

struct EchoClientProtocol {
    message: &'static str,
    on_con_lost: Future<bool>,
}

impl Protocol for EchoClientProtocol {
    fn connection_made(&self, transport: Transport) {
        transport.write(self.message.as_bytes());
        println!("Data sent: '{}'", self.message);
    }

    fn data_received(&self, data: &[u8]) {
        println!("Data received: '{}'", String::from_utf8_lossy(data));
    }

    fn connection_lost(&self, _error: Option<std::io::Error>) {
        println!("The server closed the connection");
        self.on_con_lost.set_result(true).expect("it is lost once");
    }
}

/// A server for one client, on a thread of its own.
fn serve() -> std::io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        let (mut socket, _address) = listener.accept()?;
        let mut message = [0; 12];
        socket.read_exact(&mut message)?;
        socket.write_all(&message)
    });
    Ok(port)
}

#[asyncio::main]
async fn main() -> std::io::Result<()> {
    let is_tried = std::env::args().any(|argument| argument == "--try");
    let port = if is_tried { serve()? } else { 8888 };

    // The running loop makes connections.
    let event_loop = asyncio::get_running_loop().expect("main runs in one");
    let on_con_lost = event_loop.create_future();
    let message = "Hello World!";

    let protocol = EchoClientProtocol { message, on_con_lost: on_con_lost.clone() };
    let (transport, _protocol) =
        event_loop.create_connection(|| protocol, ("127.0.0.1", port)).await?;

    // Wait until the protocol signals that the connection is lost, and close the transport.
    on_con_lost.await.expect("nobody cancels it");
    transport.close();
    Ok(())
}
