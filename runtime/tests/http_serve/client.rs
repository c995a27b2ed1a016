//! A client that sends what a test says, byte for byte, and reads one answer after the other.

use std::io;

use asyncio::http::web::{Handler, Request, Serve};
use asyncio::{Server, StreamReader, StreamWriter, http};

/// A connection to a server under test.
pub(crate) struct Client {
    pub(crate) reader: StreamReader,
    pub(crate) writer: StreamWriter,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn serve<H: Handler<K>, K: 'static>(handler: H) -> Serve {
    http::serve(("127.0.0.1", 0), handler)
}

pub(crate) async fn hello(_: Request) -> &'static str {
    "Hello"
}

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        let (reader, writer) = asyncio::open_connection(server.local_addrs()).await.unwrap();
        Self { reader, writer }
    }

    /// Sends `bytes` on a connection of its own.
    pub(crate) async fn sending(server: &Server, bytes: impl AsRef<[u8]>) -> Self {
        let client = Self::connect(server).await;
        client.send(bytes);
        client
    }

    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) {
        self.writer.write(bytes);
    }

    /// Sends a request for `path` and reads the answer.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"));
        self.answer().await
    }

    /// The next answer: its body is as long as the head says, or goes on to the end.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("an answer comes, whole")
    }

    pub(crate) async fn try_answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head().await?;
        answer.body = match (answer.header("content-length"), answer.header("transfer-encoding")) {
            (Some(length), _) => self.reader.read_exact(length.parse().unwrap()).await?,
            (None, Some("chunked")) => self.chunks().await?,
            _ if matches!(answer.status, 204 | 304) => Vec::new(),
            _ => self.reader.read_to_end().await?,
        };
        Ok(answer)
    }

    /// The next answer's head alone.
    pub(crate) async fn head(&mut self) -> io::Result<Answer> {
        let head = self.reader.read_until(b"\r\n\r\n").await?;
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, head, body: Vec::new() })
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = String::from_utf8(self.reader.read_until(b"\r\n").await?).unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            body.extend(self.reader.read_exact(length).await?);
            assert_eq!(self.reader.read_exact(2).await?, b"\r\n");
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// Nothing more comes: the server has closed the connection, politely or not.
    pub(crate) async fn is_closed(&mut self) -> bool {
        match self.reader.read(1).await {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}
