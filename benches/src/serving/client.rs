//! The client: as little as can be between two requests, so that the server is what is measured.

use std::io::{self, Read, Write, stdin};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// What goes forth and back; what a line has, too.
const MESSAGE: usize = 64;

/// Acts as the client that these words ask for.
pub(crate) fn client(
    kind: &str,
    address: &str,
    connections: &str,
    requests: &str,
) -> Result<(), String> {
    let number = |word: &str| word.parse::<usize>().map_err(|error| format!("{word:?}: {error}"));
    let (connections, requests) = (number(connections)?, number(requests)?);
    let done = match kind {
        "echo" => echo(address, connections, requests),
        "lines" => lines(address, requests),
        _ => return Err(format!("there is no client {kind}: echo, lines")),
    };
    done.map_err(|error| format!("client of {address}: {error}"))
}

/// One message a connection is on its way at any time.
fn echo(address: &str, connections: usize, requests: usize) -> io::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    let mut streams = Vec::with_capacity(connections);
    for index in 0..connections {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        once(&mut stream)?;
        epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        streams.push(stream);
    }
    let took = when_told(|| exchange(&epoll, &mut streams, requests))?;
    println!("{took}");
    Ok(())
}

/// The server knows the connection then.
fn once(stream: &mut TcpStream) -> io::Result<()> {
    let mut message = [b'x'; MESSAGE];
    stream.write_all(&message)?;
    stream.read_exact(&mut message)
}

fn exchange(epoll: &Epoll, streams: &mut [TcpStream], requests: usize) -> io::Result<()> {
    let mut message = [b'x'; MESSAGE];
    let mut sent = streams.len().min(requests);
    for stream in &mut streams[..sent] {
        stream.write_all(&message)?;
    }
    let mut answered = 0;
    let mut events = vec![EpollEvent::empty(); streams.len()];
    while answered < requests {
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            let index = usize::try_from(event.data()).expect("it was an index");
            let stream = &mut streams[index];
            // Messages this small come in one piece.
            stream.read_exact(&mut message)?;
            answered += 1;
            if sent < requests {
                sent += 1;
                stream.write_all(&message)?;
            }
        }
    }
    Ok(())
}

/// The server closes the connection when it has read the last one.
fn lines(address: &str, count: usize) -> io::Result<()> {
    const AT_ONCE: usize = 1000;
    let mut stream = TcpStream::connect(address)?;
    let line = [[b'x'; MESSAGE - 1].as_slice(), b"\n"].concat();
    let many = line.repeat(AT_ONCE);
    let took = when_told(|| {
        for sent in (0..count).step_by(AT_ONCE) {
            stream.write_all(&many[..MESSAGE * AT_ONCE.min(count - sent)])?;
        }
        stream.shutdown(Shutdown::Write)?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    })?;
    println!("{took}");
    Ok(())
}

/// Nanoseconds that `work` takes, once somebody says to go ahead.
fn when_told(work: impl FnOnce() -> io::Result<()>) -> io::Result<u128> {
    println!("ready");
    stdin().read_line(&mut String::new())?;
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_nanos())
}
