//! HTTP requests that fail, each at another stage, and the line that says so.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_http_errors
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use asyncio::http::{ClientError, ClientSession};

#[asyncio::main]
async fn main() -> io::Result<()> {
    let server = serve()?;
    let nobody = refusing()?;
    let session = ClientSession::new();

    for url in [
        "example.org".to_owned(),
        format!("http://{nobody}/"),
        format!("https://{server}/"),
        format!("http://{server}/silent"),
        format!("http://{server}/broken"),
        format!("http://{server}/nowhere"),
    ] {
        let request = session.get(&url).timeout(Duration::from_millis(500));
        let page: Result<String, ClientError> = async { request.await?.text().await }.await;
        if let Err(error) = page {
            println!("{:?}\n    {}", error.stage(), same_everywhere(&error, server, nobody));
        }
    }
    Ok(())
}

/// The ports are other ones at each run, the system's number for a refusal another one on macOS.
fn same_everywhere(error: &ClientError, server: SocketAddr, nobody: SocketAddr) -> String {
    let line = error.to_string().replace(&server.to_string(), "127.0.0.1:8004");
    let line = line.replace(&nobody.to_string(), "127.0.0.1:1");
    line.replace(" (os error 111)", "").replace(" (os error 61)", "")
}

/// An address on this machine where nobody listens.
fn refusing() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Answers wrongly, each path in its own way.
fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A client that went away early is its own business.
            thread::spawn(move || drop(answer(&connection)));
        }
    });
    Ok(address)
}

fn answer(mut connection: &TcpStream) -> io::Result<()> {
    let mut request = [0; 4096];
    let length = connection.read(&mut request)?;
    let request = String::from_utf8_lossy(&request[..length]);
    match request.split(' ').nth(1) {
        // Reads on until the client gives up.
        Some("/silent") => connection.read(&mut [0; 1]).map(drop),
        Some("/broken") => {
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nno more")
        }
        Some("/nowhere") => {
            let location = "Location: ftp://example.org/";
            write!(connection, "HTTP/1.1 302 Found\r\n{location}\r\nContent-Length: 0\r\n\r\n")
        }
        _ => connection.write_all(b"this is not TLS\r\n"),
    }
}
