//! A client asks ten thousand questions, and a server on the same loop answers. `crates_compat` is the same
//! with tokio's sockets.

use std::io;

use asyncio::{open_connection, start_server};

const QUESTIONS: usize = 10_000;

#[asyncio::main]
async fn main() -> io::Result<()> {
    let server = start_server(
        async |mut reader, writer| {
            loop {
                let question = reader.read_line().await?;
                // The client is gone.
                if question.is_empty() {
                    return io::Result::Ok(());
                }
                writer.write(&question);
                writer.drain().await?;
            }
        },
        ("127.0.0.1", 0),
    )
    .await?;
    let (mut reader, writer) = open_connection(server.local_addrs()[0]).await?;
    let mut answers = 0;
    for _ in 0..QUESTIONS {
        writer.write(b"question\n");
        reader.read_line().await?;
        answers += 1;
    }
    println!("{answers} answers");
    Ok(())
}
