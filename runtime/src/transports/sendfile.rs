//! Sending a file. Mirrors `loop.sendfile`.
//!
//! On Linux the system copies it into a socket by itself. Elsewhere, over TLS, and where the file is of a
//! kind that the system doesn't copy, pieces are read on another thread and written as ever.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::task::Poll;

use super::connection::Connection;
use super::transport::Transport;
use crate::event_loop::EventLoop;
#[cfg(target_os = "linux")]
use crate::net::sendfile::cannot_send;
use crate::net::sendfile::{PIECE, read_at};

/// How much the system is asked to send at once.
#[cfg(target_os = "linux")]
const AT_ONCE: u64 = 1 << 30;

impl EventLoop {
    /// Sends a file from `offset` on, to its end or `count` bytes of it, behind what was written before;
    /// returns how much that was. Mirrors `loop.sendfile(transport, file, offset, count)`.
    ///
    /// Nothing is read meanwhile, and nothing may be written. Afterwards the file's position is behind what
    /// was sent. On Linux, without TLS, no byte of it comes into this process; Python's argument `fallback`
    /// has no counterpart: where that isn't possible, it is sent piece by piece.
    ///
    /// # Errors
    ///
    /// When the file can't be read, and when the connection is closed or lost before the end.
    ///
    /// # Panics
    ///
    /// When another `sendfile` is in progress on this transport; when it only reads.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it has sent a part of the file, of unknown length: close the connection.
    ///
    /// ```
    /// # struct Ignore;
    /// # impl asyncio::Protocol for Ignore {}
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let ours = listener.accept()?.0;
    /// # let (transport, _ignore) = event_loop.connect_accepted_socket(|| Ignore, ours).await?;
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// transport.write(b"here it comes: ");
    /// let sent = event_loop.sendfile(&transport, &file, 0, None).await?;
    /// assert_eq!(sent, file.metadata()?.len());
    /// # drop(peer);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn sendfile(
        &self,
        transport: &Transport,
        file: &File,
        offset: u64,
        count: Option<u64>,
    ) -> io::Result<u64> {
        let connection = &transport.connection;
        transport.assert_writes();
        assert!(
            !connection.is_lent.get(),
            "sendfile or start_tls is in progress on this connection already: await it first"
        );
        let lent = Lent::new(connection);
        let mut sending = Sending { connection, file, offset, left: count.unwrap_or(u64::MAX) };
        let sent = sending.run(self).await;
        drop(lent);
        if sending.offset > offset {
            (&mut &*file).seek(SeekFrom::Start(sending.offset))?;
        }
        sent.map(|()| sending.offset - offset)
    }
}

/// The connection is ours alone, until this is dropped: nobody reads, and nobody else writes.
pub(super) struct Lent(Rc<Connection>);

impl Lent {
    pub(super) fn new(connection: &Rc<Connection>) -> Self {
        connection.is_lent.set(true);
        Self(connection.clone())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.is_lent.set(false);
        self.0.go_on();
    }
}

struct Sending<'a> {
    connection: &'a Rc<Connection>,
    file: &'a File,
    /// Of what is to be sent next.
    offset: u64,
    left: u64,
}

impl Sending<'_> {
    async fn run(&mut self, event_loop: &EventLoop) -> io::Result<()> {
        self.connection.flushed().await?;
        #[cfg(target_os = "linux")]
        if self.by_the_system().await? {
            return Ok(());
        }
        self.in_pieces(event_loop).await
    }

    fn advance(&mut self, sent: u64) {
        self.offset += sent;
        self.left -= sent;
    }

    /// False: it can't, not even begin.
    #[cfg(target_os = "linux")]
    async fn by_the_system(&mut self) -> io::Result<bool> {
        let begin = self.offset;
        while self.left > 0 {
            match self.send_some().await {
                Ok(0) => break,
                Ok(sent) => self.advance(sent as u64),
                Err(error) if self.offset == begin && cannot_send(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    #[cfg(target_os = "linux")]
    async fn send_some(&self) -> io::Result<usize> {
        let outbox = &self.connection.outbox;
        let wire = outbox.wire();
        let count = usize::try_from(self.left.min(AT_ONCE)).unwrap_or(usize::MAX);
        poll_fn(|cx| {
            // Who closes the wire wakes nobody; the outbox does.
            if outbox.is_closing() || outbox.poll_closed(cx).is_ready() {
                return Poll::Ready(Err(self.connection.ended()));
            }
            wire.poll_with_descriptor(cx, &mut |socket| {
                let mut offset = self.offset;
                let sent = rustix::fs::sendfile(socket, self.file, Some(&mut offset), count)?;
                Ok(sent)
            })
        })
        .await
    }

    /// How much to read next.
    fn piece(&self) -> usize {
        usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE))
    }

    async fn in_pieces(&mut self, event_loop: &EventLoop) -> io::Result<()> {
        let outbox = &self.connection.outbox;
        let file = Arc::new(self.file.try_clone()?);
        while self.left > 0 {
            let (file, offset, length) = (file.clone(), self.offset, self.piece());
            let read = event_loop.run_in_executor(move || read_at(&file, offset, length));
            let piece = read.await?;
            if piece.is_empty() {
                break;
            }
            if outbox.is_closing() {
                return Err(self.connection.ended());
            }
            outbox.write(&piece);
            outbox.drain().await?;
            self.advance(piece.len() as u64);
        }
        self.connection.flushed().await
    }
}
