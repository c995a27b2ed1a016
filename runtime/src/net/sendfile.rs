//! Sending a file over a socket. Mirrors `loop.sock_sendfile`.
//!
//! The system does it without the bytes passing through this process, where it can. Where it can't, they are read
//! on another thread and sent.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use async_io::Async;
use socket2::{SockRef, Type};

use crate::event_loop::EventLoop;

/// Python's `SENDFILE_FALLBACK_READBUFFER_SIZE`: how much is read at a time, where the bytes are read.
pub(crate) const PIECE: usize = 256 * 1024;

impl EventLoop {
    /// Sends a file over a connected stream socket, from `offset` on: `count` bytes, or with `None` all that
    /// follow. How many were sent: fewer, where the file ends before.
    /// Mirrors `loop.sock_sendfile(sock, file, offset, count)`.
    ///
    /// The system sends it by itself; it waits for the disk then, and the loop with it, as in Python. Where the
    /// system can't, the file is read on another thread. That is so for files that are none on a disk, and on
    /// Windows. (Python's argument `fallback=False`, which makes that an error, is left out.)
    /// Afterwards, also after an error, the file's position is behind what was sent.
    ///
    /// # Errors
    ///
    /// What the system says of the socket or of the file.
    ///
    /// # Panics
    ///
    /// When the socket is no stream socket, and when `count` is 0. In debug mode, when the socket blocks.
    ///
    /// # Cancel safety
    ///
    /// No: a part may have been sent. The file's position says how much, unless the file was read on another
    /// thread.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::fs::File;
    /// use std::os::unix::net::UnixStream;
    ///
    /// use async_io::Async;
    ///
    /// # let path = std::env::temp_dir().join(format!("sendfile-{}.txt", std::process::id()));
    /// std::fs::write(&path, "some words")?;
    /// let file = File::open(&path)?;
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let ours = Async::new(ours)?;
    /// let event_loop = asyncio::new_event_loop();
    /// let sent = event_loop.run_until_complete(event_loop.sock_sendfile(&ours, &file, 5, None))?;
    /// event_loop.close();
    /// drop(ours);
    /// assert_eq!((sent, std::io::read_to_string(theirs)?.as_str()), (5, "words"));
    /// # std::fs::remove_file(path)?;
    /// # }
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn sock_sendfile<T>(
        &self,
        socket: &Async<T>,
        file: &File,
        offset: u64,
        count: Option<u64>,
    ) -> io::Result<u64>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        self.check_non_blocking(socket);
        assert!(
            count != Some(0),
            "count must be a positive integer: give `None` to send the whole file"
        );
        assert!(
            SockRef::from(socket.get_ref()).r#type()? == Type::STREAM,
            "only SOCK_STREAM type sockets are supported: send datagrams with `sock_sendto`"
        );
        let mut progress = Progress { file, offset, sent: 0, count };
        if native::send(socket, &mut progress).await? == Native::CannotSend {
            self.send_by_reading(socket, &mut progress).await?;
        }
        Ok(progress.sent)
    }

    async fn send_by_reading<T>(
        &self,
        socket: &Async<T>,
        progress: &mut Progress<'_>,
    ) -> io::Result<()>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        while progress.left() > 0 {
            let length = progress.left().min(PIECE);
            let (file, position) = (progress.file.try_clone()?, progress.position());
            let read = blocking::unblock(move || read_at(&file, position, length));
            let piece = read.await?;
            if piece.is_empty() {
                break;
            }
            self.sock_sendall(socket, &piece).await?;
            progress.sent += piece.len() as u64;
        }
        Ok(())
    }
}

/// Whether the system sends files of this kind.
#[derive(PartialEq, Eq)]
enum Native {
    Sent,
    CannotSend,
}

/// How far it is. Dropped, it puts the file's position behind what was sent.
struct Progress<'a> {
    file: &'a File,
    offset: u64,
    sent: u64,
    count: Option<u64>,
}

impl Progress<'_> {
    fn position(&self) -> u64 {
        self.offset + self.sent
    }

    /// How much is to be sent still, as far as one call can.
    fn left(&self) -> usize {
        let left = self.count.map_or(u64::MAX, |count| count - self.sent);
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        // What is no file on a disk has no position.
        drop((&*self.file).seek(SeekFrom::Start(self.position())));
    }
}

/// What the system says of a file, or a socket, that it doesn't send. In pieces, it may still be sent.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
))]
pub(crate) fn cannot_send(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotSeekable, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported | NotSeekable)
}

/// Reads a piece, the whole of it unless the file ends.
pub(crate) fn read_at(file: &File, position: u64, length: usize) -> io::Result<Vec<u8>> {
    use std::io::Read;

    let mut file = file;
    // Nobody else moves it meanwhile: it is sent.
    match file.seek(SeekFrom::Start(position)) {
        // A pipe, which has one position only.
        Err(error) if error.kind() == io::ErrorKind::NotSeekable => {}
        result => drop(result?),
    }
    let mut piece = Vec::new();
    file.take(length as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
))]
mod native {
    use std::io;
    use std::num::NonZeroUsize;

    use async_io::Async;
    use socket2::SockRef;

    use super::{Native, Progress, cannot_send};
    use crate::net::sock::is_to_be_repeated;

    /// The most that one call is asked for: no system takes more.
    const MOST: usize = 0x7fff_f000;

    pub(super) async fn send<T>(
        socket: &Async<T>,
        progress: &mut Progress<'_>,
    ) -> io::Result<Native>
    where
        for<'s> SockRef<'s>: From<&'s T>,
    {
        while let Some(left) = NonZeroUsize::new(progress.left().min(MOST)) {
            let Ok(position) = usize::try_from(progress.position()) else {
                return Ok(Native::CannotSend);
            };
            match SockRef::from(socket.get_ref()).sendfile(progress.file, position, Some(left)) {
                Ok(0) => break,
                Ok(sent) => progress.sent += sent as u64,
                Err(error) if is_to_be_repeated(&error) => {}
                Err(error) if progress.sent == 0 && cannot_send(&error) => {
                    return Ok(Native::CannotSend);
                }
                Err(error) => return Err(error),
            }
            if progress.left() > 0 {
                socket.writable().await?;
            }
        }
        Ok(Native::Sent)
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
)))]
mod native {
    use std::io;

    use async_io::Async;

    use super::{Native, Progress};

    #[expect(clippy::unused_async, reason = "as where the system sends files")]
    pub(super) async fn send<T>(_: &Async<T>, _: &mut Progress<'_>) -> io::Result<Native> {
        Ok(Native::CannotSend)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Where the system could send it.
    #[test]
    fn a_file_that_is_read_arrives_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let data: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        file.write_all(&data).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let reader = std::thread::spawn(move || {
            let mut received = Vec::new();
            theirs.read_to_end(&mut received).unwrap();
            received
        });
        let event_loop = crate::new_event_loop();
        let ours = Async::new(ours).unwrap();
        let mut progress = Progress { file: &file, offset: 10, sent: 0, count: Some(900_000) };
        event_loop.run_until_complete(event_loop.send_by_reading(&ours, &mut progress)).unwrap();
        drop(progress);
        drop(ours);
        assert!(reader.join().unwrap() == data[10..900_010]);
        assert_eq!(file.stream_position().unwrap(), 900_010);
        event_loop.close();
    }
}
