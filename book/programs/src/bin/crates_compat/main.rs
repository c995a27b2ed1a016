//! A client asks ten thousand questions, and a server on the same loop answers, both through tokio's sockets.
//! `crates_native` is the same with ours.

use std::io;

use async_compat::CompatExt;
use asyncio::create_task;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const QUESTIONS: usize = 10_000;

#[asyncio::main]
async fn main() -> io::Result<()> {
    // ANCHOR: compat
    // Without `compat` this panics: "there is no reactor running".
    let listener = TcpListener::bind("127.0.0.1:0").compat().await?;
    let address = listener.local_addr()?;
    // A task of our loop. What is inside `compat` finds tokio's reactor; the thread is ours.
    let server = create_task(answer(listener).compat());
    let answers = ask(address).compat().await?;
    // ANCHOR_END: compat
    server.await.expect("nobody cancels it")?;
    println!("{answers} answers");
    Ok(())
}

async fn answer(listener: TcpListener) -> io::Result<()> {
    let (mut stream, _) = listener.accept().await?;
    let (reader, mut writer) = stream.split();
    let mut questions = BufReader::new(reader).lines();
    while let Some(question) = questions.next_line().await? {
        writer.write_all(format!("{question}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn ask(address: std::net::SocketAddr) -> io::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let mut answers = 0;
    for _ in 0..QUESTIONS {
        writer.write_all(b"question\n").await?;
        reader.read_line(&mut String::new()).await?;
        answers += 1;
    }
    Ok(answers)
}
