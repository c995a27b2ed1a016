//! Lesson 08: servers and clients over TCP.
//!
//! You will see three clients of an echo server, all at once, and two guests of a chat, which is then closed.
//!
//! ```text
//! cargo run --bin 08_streams
//! ```
//!
//! Both servers for yourself, until you press Ctrl-C; talk to them from other terminals:
//!
//! ```text
//! cargo run --bin 08_streams -- --serve
//! nc 127.0.0.1 8009
//! ```
//!
//! `twin.py` is this program in Python, without `--serve`. Both print `output.txt`.

mod demo;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    ReadError, Server, StreamReader, StreamWriter, ctrl_c, open_connection, start_server, timeout,
};

use demo::demo;

/// Where `--serve` has its echo server unless told otherwise; the chat is at the next port.
const PORT: u16 = 8008;

const USAGE: &str = "usage: 08_streams [--serve [PORT]]

  --serve [PORT]    serve an echo at port 8008 or PORT, and a chat at the next one (0: two free ones)";

#[asyncio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments[..] {
        [] => demo().await,
        ["--serve"] => serve(PORT).await,
        ["--serve", port] => match port.parse() {
            Ok(port) if port < u16::MAX => serve(port).await,
            _ => Err(format!("{port} is no port: give a number from 0 to 65534").into()),
        },
        _ => Err(USAGE.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("08_streams: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sends each line back. Runs once for each client, in a task of its own.
async fn echo(mut reader: StreamReader, writer: StreamWriter) -> Result<(), ReadError> {
    loop {
        let line = reader.read_line().await?;
        // At the end of the stream, and only there, a line is empty: even `\n` is one byte.
        if line.is_empty() {
            break;
        }
        writer.write(line);
        // Waits while the client doesn't read. Without it, a client could fill the memory.
        writer.drain().await?;
    }
    writer.close();
    Ok(())
}

/// A client: says one thing, and gives back what it hears.
async fn ask(server: SocketAddr, word: &str) -> io::Result<String> {
    let (mut reader, writer) = open_connection(server).await?;
    writer.write(format!("{word}\n"));
    let answer = reader.read_line().await?;
    writer.close();
    Ok(text(&answer))
}

/// A line for a terminal: without its end, and without what would move the cursor about.
fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim().chars().filter(|it| !it.is_control()).collect()
}

/// Who has more than this to hear, and doesn't listen, is shown out.
const PATIENCE: usize = 1 << 20;

/// A chat room: who is there.
#[derive(Default)]
struct Room {
    guests: RefCell<BTreeMap<String, Rc<StreamWriter>>>,
}

impl Room {
    /// Serves one connection. The first line is the guest's name, each other one is for all the others.
    async fn host(&self, mut reader: StreamReader, writer: StreamWriter) -> Result<(), ReadError> {
        let writer = Rc::new(writer);
        let ended = match self.listen(&mut reader, &writer).await {
            Err(ReadError::LimitOverrun(_)) => {
                writer.write("* that line is too long\n");
                Ok(())
            }
            // A guest who is gone without a goodbye is nothing to report.
            Err(ReadError::Io(error)) if is_gone(&error) => Ok(()),
            ended => ended,
        };
        writer.close();
        ended
    }

    async fn listen(
        &self,
        reader: &mut StreamReader,
        writer: &Rc<StreamWriter>,
    ) -> Result<(), ReadError> {
        let name = text(&reader.read_line().await?);
        let Some(_seat) = self.seat(&name, writer) else {
            writer.write("* that name is empty, or somebody has it: come again with another one\n");
            return Ok(());
        };
        loop {
            let line = reader.read_line().await?;
            if line.is_empty() {
                return Ok(());
            }
            self.tell_others(&name, &format!("{name}: {}", text(&line)));
        }
    }

    fn seat<'a>(&'a self, name: &'a str, writer: &Rc<StreamWriter>) -> Option<Seat<'a>> {
        if name.is_empty() || self.guests.borrow().contains_key(name) {
            return None;
        }
        self.tell_all(&format!("* {name} is here"));
        self.guests.borrow_mut().insert(name.to_owned(), writer.clone());
        let names: Vec<String> = self.guests.borrow().keys().cloned().collect();
        writer.write(format!("* welcome, {name}. Here: {}\n", names.join(", ")));
        Some(Seat { room: self, name })
    }

    fn tell_all(&self, line: &str) {
        // Nobody has this name.
        self.tell_others("", line);
    }

    /// `write` doesn't wait, so a slow guest holds nobody up.
    fn tell_others(&self, speaker: &str, line: &str) {
        for (name, writer) in self.guests.borrow().iter() {
            if name == speaker || writer.is_closing() {
                continue;
            }
            writer.write(format!("{line}\n"));
            if writer.write_buffer_size() > PATIENCE {
                writer.abort();
            }
        }
    }
}

/// A guest's place. However `listen` ends, it is free again, and the others are told.
struct Seat<'a> {
    room: &'a Room,
    name: &'a str,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.room.guests.borrow_mut().remove(self.name);
        self.room.tell_all(&format!("* {} has left", self.name));
    }
}

fn is_gone(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

async fn start_chat(port: u16) -> io::Result<(Server, Rc<Room>)> {
    let room = Rc::new(Room::default());
    let shared = room.clone();
    let handler = async move |reader, writer| shared.host(reader, writer).await;
    Ok((start_server(handler, ("127.0.0.1", port)).await?, room))
}

/// Lets nobody in any more, says goodbye, and waits until it is heard.
async fn shut_down(server: &Server, room: &Room) {
    server.close();
    room.tell_all("* the chat is closing");
    // What was written is sent first.
    server.close_clients();
    // A guest who doesn't read could keep it open for ever.
    if timeout(Duration::from_secs(2), server.wait_closed()).await.is_err() {
        server.abort_clients();
    }
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    // From here on, Ctrl-C no longer ends the process.
    let interrupted = ctrl_c();
    let echo = start_server(echo, ("127.0.0.1", port)).await?;
    let (chat, room) = start_chat(if port == 0 { 0 } else { port + 1 }).await?;
    println!("an echo at {}, a chat at {}", echo.local_addrs()[0], chat.local_addrs()[0]);
    println!(
        "try `nc 127.0.0.1 {}` in other terminals; Ctrl-C ends it",
        chat.local_addrs()[0].port()
    );

    interrupted.await?;
    println!("closing");
    echo.close();
    echo.close_clients();
    shut_down(&chat, &room).await;
    Ok(())
}
