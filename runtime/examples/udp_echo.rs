//! A UDP echo server and its client, in one program: the examples of Python's documentation, "Transports and
//! Protocols". `cargo run -p asyncio --example udp_echo`

use std::cell::OnceCell;
use std::net::SocketAddr;

use asyncio::{DatagramProtocol, DatagramTransport, Future};

#[derive(Default)]
struct EchoServerProtocol {
    transport: OnceCell<DatagramTransport>,
}

impl DatagramProtocol for EchoServerProtocol {
    fn connection_made(&self, transport: DatagramTransport) {
        self.transport.set(transport).expect("it is made once");
    }

    fn datagram_received(&self, data: &[u8], addr: SocketAddr) {
        let message = String::from_utf8_lossy(data);
        println!("Received '{message}' from {addr}");
        println!("Send '{message}' to {addr}");
        self.transport.get().expect("it was made").send_to(data, addr);
    }
}

struct EchoClientProtocol {
    message: &'static str,
    on_con_lost: Future<bool>,
    transport: OnceCell<DatagramTransport>,
}

impl DatagramProtocol for EchoClientProtocol {
    fn connection_made(&self, transport: DatagramTransport) {
        println!("Send: {}", self.message);
        transport.send(self.message.as_bytes());
        self.transport.set(transport).expect("it is made once");
    }

    fn datagram_received(&self, data: &[u8], _addr: SocketAddr) {
        println!("Received: {}", String::from_utf8_lossy(data));

        println!("Close the socket");
        self.transport.get().expect("it was made").close();
    }

    fn error_received(&self, error: std::io::Error) {
        println!("Error received: {error}");
    }

    fn connection_lost(&self, _error: Option<std::io::Error>) {
        println!("Connection closed");
        self.on_con_lost.set_result(true).expect("it is lost once");
    }
}

#[asyncio::main]
async fn main() -> std::io::Result<()> {
    println!("Starting UDP server");
    let event_loop = asyncio::get_running_loop().expect("main runs in one");

    // One protocol instance serves all client requests.
    let (server, _protocol) = event_loop
        .create_datagram_endpoint(EchoServerProtocol::default)
        .local_addr(("127.0.0.1", 0))
        .await?;

    let on_con_lost = event_loop.create_future();
    let client = EchoClientProtocol {
        message: "Hello World!",
        on_con_lost: on_con_lost.clone(),
        transport: OnceCell::new(),
    };
    let (transport, _protocol) =
        event_loop.create_datagram_endpoint(|| client).remote_addr(server.local_addr()?).await?;

    on_con_lost.await.expect("nobody cancels it");
    transport.close();
    server.close();
    Ok(())
}
