//! Servers for the HTTP tests: threads on 127.0.0.1 that answer byte for byte what a test says.

#![allow(dead_code, reason = "each test program uses its own part of it")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long a test waits for something that must come. It never waits that long if all is well.
pub(crate) const AT_MOST: Duration = Duration::from_secs(30);

/// A server on a port of its own, and what it was asked.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Receiver<String>,
}

impl Server {
    /// Answers the first connection with the first answer, and so on; then it's gone.
    pub(crate) fn answering<A: Into<Vec<u8>>>(answers: impl IntoIterator<Item = A>) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::run(listener, move |number, stream, _| {
            stream.write_all(&answers[number]).unwrap();
            number + 1 < answers.len()
        })
    }

    /// Answers one connection as `answer` does, after its request was read.
    pub(crate) fn once(mut answer: impl FnMut(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::run(listener, move |_, stream, _| {
            answer(stream);
            false
        })
    }

    /// Sends `answer` to the first connection without waiting for its request, says so on the channel,
    /// and then keeps the connection open until the client closes it.
    pub(crate) fn forestalling(answer: String) -> (Self, Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, is_sent) = channel();
        let (_, requests) = channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(AT_MOST)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            sent.send(()).unwrap();
            while let Ok(1..) = stream.read(&mut [0; 1024]) {}
        });
        (Self { address, requests }, is_sent)
    }

    /// Ends its side of the first connection at once, and reads until the client ends the other.
    pub(crate) fn hanging_up() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (_, requests) = channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(AT_MOST)).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            while let Ok(1..) = stream.read(&mut [0; 1024]) {}
        });
        Self { address, requests }
    }

    /// Calls `answer` with the number, the stream and the request of each connection while it says so.
    pub(crate) fn run(
        listener: TcpListener,
        mut answer: impl FnMut(usize, &mut TcpStream, &str) -> bool + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(AT_MOST)).unwrap();
                stream.set_write_timeout(Some(AT_MOST)).unwrap();
                let request = read_head(&mut stream);
                // A test that doesn't look at the requests has dropped the receiver.
                let _ = sender.send(request.clone());
                if !answer(number, &mut stream, &request) {
                    break;
                }
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request's head, in lower case.
    pub(crate) fn request(&self) -> String {
        self.requests.recv_timeout(AT_MOST).unwrap()
    }
}

/// Reads to the empty line that ends a head, or to the end of the stream.
pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(length @ 1..) => head.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

/// An answer with a `Content-Length`.
pub(crate) fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub(crate) fn redirect_to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// A request as a [`Keeping`] server read it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The number of the connection it came over.
    pub(crate) connection: usize,
    /// The number of the request on that connection.
    pub(crate) number: usize,
    /// As it came.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// `GET /path`.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().and_then(|line| line.rsplit_once(' ')).unwrap().0
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A server that keeps its connections, each on a thread of its own, and answers one request after the other.
pub(crate) struct Keeping {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Receiver<Asked>,
}

impl Keeping {
    /// Answers with what `answer` gives; with nothing, it closes the connection.
    pub(crate) fn run<A: Into<Vec<u8>>>(
        answer: impl Fn(&Asked) -> A + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = channel();
        let answer = std::sync::Arc::new(answer);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(AT_MOST)).unwrap();
                let (sender, answer) = (sender.clone(), answer.clone());
                thread::spawn(move || {
                    for number in 0.. {
                        let Some(asked) = read_request(&mut stream, connection, number) else {
                            return;
                        };
                        // A test that doesn't look at the requests has dropped the receiver.
                        let _ = sender.send(asked.clone());
                        let answer: Vec<u8> = answer(&asked).into();
                        if answer.is_empty() || stream.write_all(&answer).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked.recv_timeout(AT_MOST).unwrap()
    }
}

fn read_request(stream: &mut TcpStream, connection: usize, number: usize) -> Option<Asked> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut asked = Asked { connection, number, head, body: Vec::new() };
    if let Some(length) = asked.header("content-length") {
        asked.body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut asked.body).ok()?;
    } else if asked.header("transfer-encoding").is_some() {
        while !asked.body.ends_with(b"0\r\n\r\n") {
            if stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            asked.body.push(byte[0]);
        }
    }
    Some(asked)
}
