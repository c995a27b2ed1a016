//! A server to talk to, and an HTTP client that shows what is on the wire.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use asyncio_book::serve::{Options, Server, Site};

/// What no answer takes. A test that waits for longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A book in memory.
pub(crate) fn site(files: &[(&str, &str)]) -> Site {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// A server of `files` at a port that the system picks.
pub(crate) fn server(files: &[(&str, &str)]) -> Server {
    let site = site(files);
    let options = Options { port: 0, watch: Vec::new() };
    Server::start(options, move || Ok(site.clone())).unwrap()
}

/// Runs `server` while `client` runs on another thread.
pub(crate) fn while_served<T: Send + 'static>(
    server: Server,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let address = server.address();
    asyncio::run(async move {
        let serving = asyncio::create_task(server.run());
        let outcome = asyncio::create_task(blocking::unblock(move || client(address))).await;
        assert!(serving.cancel(), "the server has ended");
        outcome.unwrap()
    })
}

/// A connection, which can be asked more than once.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer. Headers by their name in lower case.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Asks, and reads the whole answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str) -> Answer {
        self.send(&request(method, path, headers));
        let (status, headers) = self.read_head();
        let has_body = method != "HEAD" && status != 304;
        self.read_body(status, headers, has_body)
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.stream.get_mut().write_all(bytes.as_bytes()).unwrap();
    }

    /// Reads the answer to what was sent.
    pub(crate) fn answer(&mut self) -> Answer {
        let (status, headers) = self.read_head();
        self.read_body(status, headers, true)
    }

    fn read_body(
        &mut self,
        status: u16,
        headers: BTreeMap<String, String>,
        has_body: bool,
    ) -> Answer {
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body: String::from_utf8(body).unwrap() }
    }

    /// Waits until an answer has come, and leaves it unread.
    pub(crate) fn wait_for_answer(&self) {
        assert_eq!(self.stream.get_ref().peek(&mut [0]).unwrap(), 1);
    }

    /// Whether an answer has come already.
    pub(crate) fn has_answer(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        peeked.is_ok()
    }

    fn read_head(&mut self) -> (u16, BTreeMap<String, String>) {
        let status = self.read_line();
        let status = status.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{status:?}"));
        let status = status[..3].parse().unwrap();
        let lines = std::iter::repeat_with(|| self.read_line()).take_while(|line| !line.is_empty());
        let header = |line: String| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        };
        (status, lines.map(header).collect())
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Whether the server closes the connection without another word.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.stream.read(&mut [0]).unwrap() == 0
    }

    /// Asks for the events, and reads the answer's head.
    pub(crate) fn listen(mut self) -> Listener {
        self.send(&request("GET", "/-/changes", ""));
        let (status, headers) = self.read_head();
        assert_eq!((status, headers["content-type"].as_str()), (200, "text/event-stream"));
        Listener { client: self }
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n")
}

/// An open page, which hears of each build.
pub(crate) struct Listener {
    client: Client,
}

/// What a page is told.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) fingerprint: String,
    pub(crate) failure: String,
}

impl Listener {
    /// Waits for the next event.
    pub(crate) fn next(&mut self) -> Event {
        let mut lines = Vec::new();
        loop {
            // Chunked: the chunk's length and the line breaks around it are no part of the event.
            let line = self.client.read_line();
            match line.strip_prefix("data: ") {
                Some(data) => lines.push(data.to_owned()),
                None if lines.is_empty() => {}
                None => break,
            }
        }
        Event { fingerprint: lines.remove(0), failure: lines.join("\n") }
    }
}
