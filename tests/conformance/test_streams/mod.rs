//! `test_streams.py`: of Python 3.11, and what 3.13 has on several separators and on handlers.
//!
//! Where Python feeds a reader by hand, ours reads from a [`Feed`].

mod connections;
mod reading;
mod representations;
mod tls;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use asyncio::StreamReader;
use futures::io::AsyncRead;

const DATA: &[u8] = b"line1\nline2\nline3\n";

/// What a reader reads, fed by hand.
#[derive(Clone, Default)]
struct Feed(Rc<RefCell<Fed>>);

#[derive(Default)]
struct Fed {
    bytes: VecDeque<u8>,
    has_ended: bool,
    error: Option<io::Error>,
    reader: Option<Waker>,
}

impl Feed {
    fn data(&self, data: impl AsRef<[u8]>) {
        self.change(|fed| fed.bytes.extend(data.as_ref()));
    }

    fn eof(&self) {
        self.change(|fed| fed.has_ended = true);
    }

    fn exception(&self, error: io::Error) {
        self.change(|fed| fed.error = Some(error));
    }

    fn change(&self, change: impl FnOnce(&mut Fed)) {
        let mut fed = self.0.borrow_mut();
        change(&mut fed);
        if let Some(reader) = fed.reader.take() {
            reader.wake();
        }
    }

    /// What Python has in `stream._buffer`: what no read has handed out.
    fn left(&self, reader: &StreamReader) -> Vec<u8> {
        let mut left = reader.buffer().to_vec();
        left.extend(&self.0.borrow().bytes);
        left
    }

    /// Whether somebody waits for more.
    fn is_awaited(&self) -> bool {
        self.0.borrow().reader.is_some()
    }
}

impl AsyncRead for Feed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut fed = self.0.borrow_mut();
        if let Some(error) = fed.error.take() {
            return Poll::Ready(Err(error));
        }
        if fed.bytes.is_empty() && !fed.has_ended {
            fed.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        io::Read::read(&mut fed.bytes, buffer).into()
    }
}

/// In a run: a reader and what it reads.
fn stream() -> (Feed, StreamReader) {
    let feed = Feed::default();
    (feed.clone(), StreamReader::from_async_read(feed))
}

fn stream_with_limit(limit: usize) -> (Feed, StreamReader) {
    let (feed, reader) = stream();
    (feed, reader.with_limit(limit))
}
