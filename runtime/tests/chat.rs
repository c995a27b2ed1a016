//! A chat, written as somebody would who has read the documentation: 500 clients in one process, half of
//! them killed at random; the others get every message, once and in order.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use asyncio::{
    Barrier, Event, Runner, StreamReader, StreamWriter, create_task, open_connection, start_server,
    yield_now,
};

/// With a socket at each end, these are about as many as a process may have where nobody raised its limit.
const CLIENTS: usize = 500;
/// One in so many talks; all listen.
const TALKERS: usize = 4;
const MESSAGES: usize = 3;
const THE_END: &str = "host: the end";

/// Who is there.
#[derive(Default)]
struct Room {
    members: RefCell<BTreeMap<usize, Rc<StreamWriter>>>,
    next: Cell<usize>,
}

/// A member's place, until it is dropped.
struct Seat<'a> {
    room: &'a Room,
    number: usize,
}

impl Room {
    fn join(&self, writer: &Rc<StreamWriter>) -> Seat<'_> {
        let number = self.next.replace(self.next.get() + 1);
        self.members.borrow_mut().insert(number, writer.clone());
        Seat { room: self, number }
    }

    fn tell_all(&self, line: &str) {
        for writer in self.members.borrow().values().filter(|writer| !writer.is_closing()) {
            writer.write(line);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.room.members.borrow_mut().remove(&self.number);
    }
}

/// The first line is the name, each other one something that is said.
async fn serve(room: &Room, mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    let writer = Rc::new(writer);
    let name = text(&reader.read_line().await?);
    let _seat = room.join(&writer);
    writer.write(format!("welcome, {name}\n"));
    loop {
        let line = reader.read_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        room.tell_all(&format!("{name}: {}\n", text(&line)));
        writer.drain().await?;
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().to_owned()
}

async fn enter(server: SocketAddr, name: &str) -> io::Result<(StreamReader, StreamWriter)> {
    let (mut reader, writer) = open_connection(server).await?;
    writer.write(format!("{name}\n"));
    let welcome = reader.read_line().await?;
    assert_eq!(text(&welcome), format!("welcome, {name}"));
    Ok((reader, writer))
}

/// Says its messages between reads, and listens to the end. What it heard.
async fn survive(server: SocketAddr, number: usize, all_here: Rc<Barrier>) -> Vec<String> {
    let (mut reader, writer) = enter(server, &survivor(number)).await.unwrap();
    all_here.wait().await.unwrap();
    let mut heard = Vec::new();
    let mut said = if number.is_multiple_of(TALKERS) { 0 } else { MESSAGES };
    while heard.last().is_none_or(|line| line != THE_END) {
        if said < MESSAGES {
            writer.write(format!("{said}\n"));
            said += 1;
        }
        heard.push(text(&reader.read_line().await.unwrap()));
    }
    writer.close();
    writer.wait_closed().await.unwrap();
    heard
}

/// Says something, and is gone in the middle of it.
async fn die_early(server: SocketAddr, number: usize, all_here: Rc<Barrier>, fate: Fate) {
    let (_reader, writer) = enter(server, &format!("victim {number}")).await.unwrap();
    all_here.wait().await.unwrap();
    if number.is_multiple_of(TALKERS) {
        writer.write("as long as I live\n");
    }
    for _ in 0..fate.turns {
        yield_now().await;
    }
    writer.write("these are my last w");
    if fate.is_abrupt {
        writer.abort();
    }
}

#[derive(Clone, Copy)]
struct Fate {
    turns: usize,
    /// Whether the peer gets no end of the stream.
    is_abrupt: bool,
}

/// Says the last word, once every survivor has said all.
async fn host(server: SocketAddr, all_here: Rc<Barrier>, messages: usize, all_dead: Rc<Event>) {
    let (mut reader, writer) = enter(server, "host").await.unwrap();
    all_here.wait().await.unwrap();
    let mut missing = messages;
    while missing > 0 {
        let line = text(&reader.read_line().await.unwrap());
        missing -= usize::from(line.starts_with("survivor"));
    }
    all_dead.wait().await;
    writer.write("the end\n");
    while text(&reader.read_line().await.unwrap()) != THE_END {}
}

fn survivor(number: usize) -> String {
    format!("survivor {number}")
}

/// What `name` said, as others heard it.
fn said_by<'a>(name: &str, heard: &'a [String]) -> Vec<&'a str> {
    let of = |line: &'a String| line.strip_prefix(name)?.strip_prefix(": ");
    heard.iter().filter_map(of).collect()
}

fn chat(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    Runner::builder().seed(seed).build().run(async {
        let room = Rc::new(Room::default());
        let hall = room.clone();
        let handle = async move |reader, writer| serve(&hall, reader, writer).await;
        // What the killed ones leave behind is told here: a reset, mostly.
        let event_loop = asyncio::get_running_loop().unwrap();
        event_loop.set_exception_handler(|context| {
            let message = context.message();
            assert!(message.starts_with("Unhandled exception in client_connected_cb"), "{message}");
            assert!(context.panicked().is_none(), "{context}");
        });
        let server = start_server(handle, ("127.0.0.1", 0)).await.unwrap();
        let address = server.local_addrs()[0];

        let all_here = Rc::new(Barrier::new(CLIENTS));
        let all_dead = Rc::new(Event::new());
        let survivors = CLIENTS / 2;
        let victims = CLIENTS - survivors - 1;
        let messages = survivors.div_ceil(TALKERS) * MESSAGES;
        let hosting = create_task(host(address, all_here.clone(), messages, all_dead.clone()));
        let mut living = Vec::new();
        let mut dying = Vec::new();
        for number in 0..survivors.max(victims) {
            if number < survivors {
                living.push(create_task(survive(address, number, all_here.clone())));
            }
            if number < victims {
                let fate = Fate { turns: random.usize(..40), is_abrupt: random.bool() };
                dying.push(create_task(die_early(address, number, all_here.clone(), fate)));
            }
        }
        for victim in dying {
            victim.await.unwrap();
        }
        all_dead.set();
        hosting.await.unwrap();

        let mut heard_by_all: Option<Vec<String>> = None;
        for survivor in living {
            let heard = survivor.await.unwrap();
            assert_eq!(heard_by_all.get_or_insert_with(|| heard.clone()), &heard);
        }
        let heard = heard_by_all.unwrap();
        let expected: Vec<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
        for number in (0..survivors).step_by(TALKERS) {
            assert_eq!(said_by(&survivor(number), &heard), expected);
        }
        server.close();
        server.wait_closed().await;
        assert!(room.members.borrow().is_empty());
    });
}

#[test]
fn survivors_hear_every_message_in_order() {
    chat(7);
}
