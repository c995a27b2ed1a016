//! Happy eyeballs (RFC 8305): of two addresses, the first doesn't answer, and the second is tried beside it.
//! `cargo run -p asyncio --example happy_eyeballs`

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use asyncio::{StreamReader, StreamWriter};
use socket2::{Domain, Socket, Type};

/// What browsers wait before they try the next address.
const DELAY: Duration = Duration::from_millis(250);

#[asyncio::main]
async fn main() -> io::Result<()> {
    let server = asyncio::start_server(greet, ("127.0.0.1", 0)).await?;
    let answering = server.local_addrs()[0];
    let silent = silent_sockets()?;
    let silent = silent[0].local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    let refusing = TcpListener::bind("127.0.0.1:0")?.local_addr()?;

    println!("one is silent, two answers:");
    show([silent, answering]).await;
    println!("one refuses, two answers:");
    show([refusing, answering]).await;
    println!("both refuse:");
    show([refusing, refusing]).await;
    server.close();
    Ok(())
}

/// Connects to the first of `addresses` that answers, and says which that was.
async fn show(addresses: [SocketAddr; 2]) {
    let began = Instant::now();
    let connecting = asyncio::open_connection(addresses).happy_eyeballs_delay(DELAY);
    let Ok((mut reader, writer)) = connecting.await else {
        return println!("  nobody took the connection");
    };
    let winner = if writer.peer_addr().ok() == Some(addresses[0]) { "one" } else { "two" };
    let pace = if began.elapsed() < DELAY { "at once" } else { "after the delay" };
    let greeting = reader.read_line().await.unwrap_or_default();
    println!("  {winner} won, {pace}: {}", String::from_utf8_lossy(&greeting).trim_end());
    writer.close();
}

async fn greet(_reader: StreamReader, writer: StreamWriter) {
    writer.write("hello\n");
}

/// A socket that nobody accepts connections from, and so many that wait there that the system answers no
/// more.
fn silent_sockets() -> io::Result<Vec<Socket>> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(0)?;
    let address = listener.local_addr()?;
    let mut sockets = vec![listener];
    for _ in 0..8 {
        let waiting = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        waiting.set_nonblocking(true)?;
        // It is on its way now; whether it arrives is of no interest.
        drop(waiting.connect(&address));
        sockets.push(waiting);
    }
    Ok(sockets)
}
