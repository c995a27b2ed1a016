//! An open file. Python: what `open` returns.
//!
//! What a user touches; how it gets done is in `calls`.

use std::fs::{self, Metadata};
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

use super::calls::Calls;
use super::lines::Lines;
use super::on_thread;
use super::open_options::OpenOptions;

/// An open file. Python: what `open(path)` returns.
///
/// It reads ahead, 64 KiB at a time. It is closed when it is dropped; what is being written is written to
/// its end.
///
/// The futures crate's traits are there: [`AsyncRead`], [`AsyncBufRead`], [`AsyncWrite`], [`AsyncSeek`].
/// Through [`AsyncWrite`], a write is done only when `flush` or `close` has returned, and its error comes
/// with the next call. [`write_all`](File::write_all) does both.
///
/// # Cancel safety
///
/// A call that was cancelled is waited for by the next one. What a cancelled read has read, the next one
/// gives: nothing is lost. A cancelled write may be done or not; a cancelled seek too.
///
/// ```
/// use asyncio::fs::File;
/// use std::io::SeekFrom;
///
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     # let folder = tempfile::tempdir()?;
///     let path = folder.path().join("note");
///     let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
///     file.write_all("apples and pears").await?;
///     file.seek(SeekFrom::Start(11)).await?;
///     assert_eq!(file.read_to_string().await?, "pears");
///     Ok(())
/// })
/// # }
/// ```
pub struct File {
    calls: Calls,
}

impl File {
    pub(super) fn new(file: fs::File, path: &Path) -> Self {
        Self { calls: Calls::new(file, path) }
    }

    /// Opens a file to read it. Python: `await asyncio.to_thread(open, path, "rb")`.
    ///
    /// # Errors
    ///
    /// When it can't be opened; the error names the path.
    ///
    /// # Cancel safety
    ///
    /// It doesn't stay open.
    ///
    /// ```
    /// # asyncio::run(async {
    /// assert!(asyncio::fs::File::open("Cargo.toml").await.is_ok());
    /// let error = asyncio::fs::File::open("/no/file").await.unwrap_err();
    /// assert!(error.to_string().starts_with("can't open /no/file: "));
    /// # });
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().read(true).open(path).await
    }

    /// Makes a file to write it; one that is there is emptied.
    /// Python: `await asyncio.to_thread(open, path, "wb")`.
    ///
    /// # Errors
    ///
    /// When it can't be made; the error names the path.
    ///
    /// # Cancel safety
    ///
    /// It may be made and emptied, or not. It doesn't stay open.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let mut file = asyncio::fs::File::create(folder.path().join("note")).await?;
    /// file.write_all("buy pears").await
    /// # })
    /// # }
    /// ```
    pub async fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = on_thread("create", path, |path| fs::File::create(path)).await?;
        Ok(Self::new(file, path))
    }

    /// Opens a file in another way. Python: the mode given to `open`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("log");
    /// asyncio::fs::File::options().append(true).create(true).open(path).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Reads what is there, at most as much as fits, and says how much that is; 0 at the end.
    /// Python: `file.readinto(buffer)`.
    ///
    /// # Errors
    ///
    /// When it can't be read; the error names the path.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the next read gives it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let mut file = asyncio::fs::File::open("Cargo.toml").await?;
    /// let mut buffer = [0; 9];
    /// assert_eq!(file.read(&mut buffer).await?, 9);
    /// assert_eq!(&buffer, b"[package]");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, buffer)).await
    }

    /// Reads from here to the end. Python: `file.read()`.
    ///
    /// # Errors
    ///
    /// When it can't be read; the error names the path.
    ///
    /// # Cancel safety
    ///
    /// What was read by then is lost: the next read goes on behind it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let mut file = asyncio::fs::File::open("Cargo.toml").await?;
    /// assert!(file.read_to_end().await?.starts_with(b"[package]"));
    /// assert!(file.read_to_end().await?.is_empty());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            poll_fn(|cx| self.calls.poll_ahead(cx)).await?;
            let bytes = self.calls.ahead();
            if bytes.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(bytes);
            self.calls.take(bytes.len());
        }
    }

    /// Reads from here to the end, as text. Python: `file.read()` of a file opened as text.
    ///
    /// # Errors
    ///
    /// When it can't be read; of the kind [`InvalidData`](io::ErrorKind::InvalidData) when it is not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// What was read by then is lost: the next read goes on behind it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let mut file = asyncio::fs::File::open("Cargo.toml").await?;
    /// assert!(file.read_to_string().await?.contains("asyncio"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_to_string(&mut self) -> io::Result<String> {
        let bytes = self.read_to_end().await?;
        self.text(bytes)
    }

    /// The lines from here on, as a stream. Python: `for line in file`.
    ///
    /// ```
    /// use futures::TryStreamExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let lines = asyncio::fs::File::open("Cargo.toml").await?.lines();
    /// let lines: Vec<String> = lines.try_collect().await?;
    /// assert_eq!(lines[0], "[package]");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn lines(self) -> Lines {
        Lines::new(self)
    }

    /// Writes all of it, and waits until the operating system has it. Python: `file.write(data)`.
    ///
    /// Whether it is on the disk is another question: [`sync_all`](File::sync_all).
    ///
    /// # Errors
    ///
    /// When it can't be written: some of it may be. The error names the path.
    ///
    /// # Cancel safety
    ///
    /// Some of it may be written: 64 KiB at a time, from the start of it on. What is, is in order, and the
    /// next call goes on behind it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// let mut file = asyncio::fs::File::create(&path).await?;
    /// file.write_all("buy ").await?;
    /// file.write_all("pears").await?;
    /// assert_eq!(asyncio::fs::read(path).await?, b"buy pears");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn write_all(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut bytes = bytes.as_ref();
        while !bytes.is_empty() {
            let length = poll_fn(|cx| self.calls.poll_write(cx, bytes)).await?;
            bytes = &bytes[length..];
        }
        poll_fn(|cx| self.calls.poll_settled(cx)).await
    }

    /// Goes to another place in the file, and says where that is, from the start. Python: `file.seek(…)`;
    /// `SeekFrom::Current(0)` is `file.tell()`.
    ///
    /// # Errors
    ///
    /// When that is before the start, and when the file has no places, such as a pipe.
    ///
    /// # Cancel safety
    ///
    /// It is there, or where it was.
    ///
    /// ```
    /// use std::io::SeekFrom;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let mut file = asyncio::fs::File::open("Cargo.toml").await?;
    /// assert_eq!(file.seek(SeekFrom::End(0)).await?, file.metadata().await?.len());
    /// assert_eq!(file.seek(SeekFrom::Start(1)).await?, 1);
    /// assert!(file.read_to_string().await?.starts_with("package]"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        // One that was cancelled is not this one.
        poll_fn(|cx| self.calls.poll_settled(cx)).await?;
        poll_fn(|cx| self.calls.poll_seek(cx, place)).await
    }

    /// Waits until all that was written is on the disk, with what is known of the file.
    /// Python: `os.fsync(file.fileno())`.
    ///
    /// # Errors
    ///
    /// When that fails, now or in a write before that nobody waited for.
    ///
    /// # Cancel safety
    ///
    /// It goes on.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let mut file = asyncio::fs::File::create(folder.path().join("note")).await?;
    /// file.write_all("buy pears").await?;
    /// file.sync_all().await
    /// # })
    /// # }
    /// ```
    pub async fn sync_all(&mut self) -> io::Result<()> {
        self.calls.call("sync", fs::File::sync_all).await
    }

    /// Waits until all bytes that were written are on the disk. Python: `os.fdatasync(file.fileno())`.
    ///
    /// # Errors
    ///
    /// When that fails, now or in a write before that nobody waited for.
    ///
    /// # Cancel safety
    ///
    /// It goes on.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let mut file = asyncio::fs::File::create(folder.path().join("note")).await?;
    /// file.write_all("buy pears").await?;
    /// file.sync_data().await
    /// # })
    /// # }
    /// ```
    pub async fn sync_data(&mut self) -> io::Result<()> {
        self.calls.call("sync", fs::File::sync_data).await
    }

    /// Cuts the file off, or makes it longer with zeros; its place stays. Python: `file.truncate(length)`.
    ///
    /// # Errors
    ///
    /// When the file wasn't opened to be written, and when there is no room.
    ///
    /// # Cancel safety
    ///
    /// It has that length, or the one it had.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("note");
    /// let mut file = asyncio::fs::File::create(&path).await?;
    /// file.write_all("buy pears").await?;
    /// file.set_len(3).await?;
    /// assert_eq!(asyncio::fs::read(path).await?, b"buy");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.calls.call("resize", move |file| file.set_len(length)).await
    }

    /// What is known of the file: its length, kind, times, permissions. Python: `os.fstat(file.fileno())`.
    ///
    /// # Errors
    ///
    /// When the operating system can't tell.
    ///
    /// # Cancel safety
    ///
    /// Nothing is changed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # asyncio::run(async {
    /// let file = asyncio::fs::File::open("Cargo.toml").await?;
    /// assert!(file.metadata().await?.is_file());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let file = self.calls.file();
        on_thread("inspect", self.calls.path(), move |_| file.metadata()).await
    }

    /// Bytes of this file as text.
    pub(super) fn text(&self, bytes: Vec<u8>) -> io::Result<String> {
        String::from_utf8(bytes).map_err(|error| {
            let invalid = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
            self.calls.named("read", invalid)
        })
    }
}

impl AsyncBufRead for File {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.calls.poll_ahead(cx))?;
        Poll::Ready(Ok(this.calls.ahead()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.calls.take(amount);
    }
}

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.calls.poll_ahead(cx))?;
        let bytes = self.calls.ahead();
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.calls.take(length);
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.calls.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.calls.poll_settled(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        place: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.calls.poll_seek(cx, place)
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<File {}>", self.calls.path().display())
    }
}
