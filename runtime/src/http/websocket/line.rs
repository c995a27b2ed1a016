//! A connection as async-tungstenite wants it, with what a hostile peer must not do to the loop.
//!
//! For `websocket` alone. Python: the limits are those of aiohttp's `WebSocketReader`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use crate::streams::{StreamReader, StreamWriter};

/// How many reads one poll may make. tungstenite reads on while there is no whole message, so a peer that
/// sends empty fragments without end would keep the loop from everything else.
const READS_IN_A_POLL: u8 = 16;

/// How many bytes may come for each byte that a message may have. A fragment of one byte takes seven, its
/// header and mask with it; what is over this is not a message in small pieces but one that never ends.
const BYTES_FOR_A_BYTE: u64 = 16;

/// What may come besides, so that a small limit leaves room for headers.
const SPARE_BYTES: u64 = 64 * 1024;

/// The connection under a WebSocket.
pub(super) struct Line {
    reader: RefCell<StreamReader>,
    writer: RefCell<StreamWriter>,
    reads_left: Cell<u8>,
    /// What came since the last whole message, and the most that may.
    unfinished: Cell<u64>,
    most_unfinished: u64,
}

/// More came for one message than its limit can account for.
#[derive(Debug)]
pub(super) struct EndlessFragments;

impl fmt::Display for EndlessFragments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fragments of a message don't come to an end")
    }
}

impl std::error::Error for EndlessFragments {}

impl Line {
    /// `longest_message`: the limit of a message's bytes, if there is one.
    pub(super) fn new(
        reader: StreamReader,
        writer: StreamWriter,
        longest_message: Option<usize>,
    ) -> Self {
        let most_unfinished = longest_message.map_or(u64::MAX, |length| {
            (length as u64).saturating_mul(BYTES_FOR_A_BYTE).saturating_add(SPARE_BYTES)
        });
        Self {
            reader: RefCell::new(reader),
            writer: RefCell::new(writer),
            reads_left: Cell::new(READS_IN_A_POLL),
            unfinished: Cell::new(0),
            most_unfinished,
        }
    }

    /// To be called at the beginning of each poll.
    pub(super) fn begin_poll(&self) {
        self.reads_left.set(READS_IN_A_POLL);
    }

    /// A whole message came, or a frame that is none's part.
    pub(super) fn message_came(&self) {
        self.unfinished.set(0);
    }

    /// Closes the connection. A peer who doesn't take what is still to be sent isn't waited for.
    pub(super) fn close(&self) {
        let writer = self.writer.borrow();
        if writer.write_buffer_size() == 0 {
            writer.close();
        } else {
            writer.abort();
        }
    }

    /// Ends the sending side, where that can be done by itself, and throws away what still comes.
    pub(super) async fn drain(&self) {
        if !self.writer.borrow().can_write_eof() {
            return;
        }
        self.writer.borrow().write_eof();
        let mut nowhere = vec![0; 4096];
        let mut read = async || {
            poll_fn(|cx| Pin::new(&mut *self.reader.borrow_mut()).poll_read(cx, &mut nowhere)).await
        };
        while let Ok(1..) = read().await {
            // Between two reads the others have their turn.
            crate::yield_now().await;
        }
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(left) = self.reads_left.get().checked_sub(1) else {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        self.reads_left.set(left);
        let length = ready!(Pin::new(&mut *self.reader.borrow_mut()).poll_read(cx, buffer))?;
        let unfinished = self.unfinished.get() + length as u64;
        self.unfinished.set(unfinished);
        if unfinished > self.most_unfinished {
            return Poll::Ready(Err(io::Error::other(EndlessFragments)));
        }
        Poll::Ready(Ok(length))
    }
}

/// What tungstenite holds of a line.
pub(super) struct Io(pub(super) Rc<Line>);

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.writer.borrow_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut writer = self.0.writer.borrow_mut();
        ready!(Pin::new(&mut *writer).poll_flush(cx))?;
        // What was thrown away isn't there to be sent any more, either.
        if writer.is_closing() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.writer.borrow_mut()).poll_close(cx)
    }
}
