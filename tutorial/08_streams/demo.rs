//! What the lesson shows by itself: three clients of the echo, and Ann and Bob in the chat. One waits for the other,
//! so all happens in the same order each time.

use std::error::Error;
use std::net::SocketAddr;

use asyncio::{
    ReadError, StreamReader, StreamWriter, gather, open_connection, start_server, try_gather,
};

use crate::{ask, echo, shut_down, start_chat, text};

pub(crate) async fn demo() -> Result<(), Box<dyn Error>> {
    // Port 0: one that is free.
    let server = start_server(echo, ("127.0.0.1", 0)).await?;
    let address = server.local_addrs()[0];
    let answers = try_gather(["one", "two", "three"].map(|word| ask(address, word))).await?;
    println!("echo: {}", answers.join(", "));
    server.close();
    server.wait_closed().await;

    let (server, room) = start_chat(0).await?;
    let address = server.local_addrs()[0];
    let mut ann = Guest::enter(address, "Ann").await?;
    let mut bob = Guest::enter(address, "Bob").await?;
    ann.hear().await?;
    ann.say("hello, Bob");
    bob.hear().await?;
    bob.say("I have to go");
    ann.hear().await?;
    bob.writer.close();
    ann.hear().await?;

    let (last_words, ()) = gather!(ann.hear(), shut_down(&server, &room)).await;
    last_words?;
    ann.hear().await?;
    ann.writer.close();
    Ok(())
}

/// A client of the chat.
struct Guest {
    name: &'static str,
    reader: StreamReader,
    writer: StreamWriter,
}

impl Guest {
    async fn enter(server: SocketAddr, name: &'static str) -> Result<Self, ReadError> {
        let (reader, writer) = open_connection(server).await?;
        let mut guest = Self { name, reader, writer };
        guest.say(name);
        guest.hear().await?;
        Ok(guest)
    }

    fn say(&self, line: &str) {
        self.writer.write(format!("{line}\n"));
    }

    async fn hear(&mut self) -> Result<(), ReadError> {
        let line = self.reader.read_line().await?;
        if line.is_empty() {
            println!("{} hears nothing more", self.name);
        } else {
            println!("{} hears: {}", self.name, text(&line));
        }
        Ok(())
    }
}
