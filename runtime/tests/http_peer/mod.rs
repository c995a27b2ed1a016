//! A peer that answers byte for byte what a test says, on the test's own loop.

#![allow(dead_code, reason = "each test program uses its own part of it")]

use std::cell::RefCell;
use std::rc::Rc;

use asyncio::{Server, StreamReader, StreamWriter, start_server};

/// A server on a port of its own, and the requests it was sent, each up to the end of its head.
pub(crate) struct Peer {
    server: Server,
    heads: Rc<RefCell<Vec<String>>>,
}

impl Peer {
    /// Reads heads, and gives each, with the connection, to `answer`, until that says false.
    pub(crate) async fn run<F>(answer: F) -> Self
    where
        F: AsyncFn(&str, &mut StreamReader, &StreamWriter) -> bool + 'static,
    {
        let heads = Rc::<RefCell<Vec<String>>>::default();
        let seen = heads.clone();
        let handle = async move |mut reader: StreamReader, writer: StreamWriter| {
            while let Ok(head) = reader.read_until("\r\n\r\n").await {
                let head = String::from_utf8(head).unwrap();
                seen.borrow_mut().push(head.clone());
                if !answer(&head, &mut reader, &writer).await {
                    break;
                }
            }
            let _ = writer.drain().await;
            writer.close();
        };
        let server = start_server(handle, ("127.0.0.1", 0)).await.unwrap();
        Self { server, heads }
    }

    /// Answers each request with these bytes.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::run(async move |_, _, writer| {
            writer.write(&answer);
            true
        })
        .await
    }

    /// Where it listens: `127.0.0.1:50000`.
    pub(crate) fn place(&self) -> String {
        self.server.local_addrs()[0].to_string()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.place())
    }

    /// What was asked so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.borrow().clone()
    }
}

/// An answer with this header line and this body.
pub(crate) fn ok(header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The value of a header of `head`.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
