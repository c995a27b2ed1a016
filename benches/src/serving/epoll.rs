//! The least a server can do: one thread, epoll, no runtime. What the others cost beside it is theirs.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// What a listener's events are marked with.
const LISTENER: u64 = u64::MAX;

/// Echoes until the last connection is closed.
pub(crate) fn echo(_: u64) {
    serve().expect("the client stays until it has its answers");
}

fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let mut connections: Vec<Option<TcpStream>> = Vec::new();
    let mut open = 0;
    let mut events = vec![EpollEvent::empty(); 1024];
    let mut buffer = [0; 4096];
    loop {
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            if event.data() == LISTENER {
                let (connection, _) = listener.accept()?;
                let index = connections.len() as u64;
                epoll.add(&connection, EpollEvent::new(EpollFlags::EPOLLIN, index))?;
                connections.push(Some(connection));
                open += 1;
                continue;
            }
            let index = usize::try_from(event.data()).expect("it was an index");
            if answer(connections[index].as_mut(), &mut buffer)? {
                continue;
            }
            connections[index] = None;
            open -= 1;
            if open == 0 {
                return Ok(());
            }
        }
    }
}

/// False: the other end is closed.
fn answer(connection: Option<&mut TcpStream>, buffer: &mut [u8]) -> io::Result<bool> {
    let Some(connection) = connection else { return Ok(true) };
    let count = connection.read(buffer)?;
    connection.write_all(&buffer[..count])?;
    Ok(count > 0)
}
