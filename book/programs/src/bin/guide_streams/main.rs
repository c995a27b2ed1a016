//! A server and its client talk in lines.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_streams
//! ```

use std::error::Error;

use asyncio::{ReadError, StreamReader, StreamWriter, open_connection, start_server};

async fn shout(mut reader: StreamReader, writer: StreamWriter) -> Result<(), ReadError> {
    loop {
        let line = reader.read_line().await?;
        if line.is_empty() {
            break;
        }
        writer.write(line.to_ascii_uppercase());
        writer.drain().await?;
    }
    writer.close();
    Ok(())
}

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Port 0: one that is free.
    let server = start_server(shout, ("127.0.0.1", 0)).await?;
    let (mut reader, writer) = open_connection(server.local_addrs()[0]).await?;

    for word in ["hello", "again"] {
        writer.write(format!("{word}\n"));
        writer.drain().await?;
        let answer = reader.read_line().await?;
        println!("{word}: {}", String::from_utf8(answer)?.trim_end());
    }
    writer.close();
    writer.wait_closed().await?;
    server.close();
    server.wait_closed().await;
    Ok(())
}
