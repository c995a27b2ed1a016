//! A file's lines, as a stream. Python: iterating over a file.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_io::AsyncBufRead;

use super::File;

/// A file's lines, made by [`File::lines`]. Python: `for line in file`.
///
/// A line has neither `\n` nor `\r\n` at its end. It may be as long as the memory allows.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// asyncio::run(async {
///     let mut lines = asyncio::fs::File::open("Cargo.toml").await?.lines();
///     while let Some(line) = lines.next().await {
///         println!("{}", line?);
///     }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct Lines {
    file: File,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(file: File) -> Self {
        Self { file, line: Vec::new() }
    }

    /// The next line; `None` after the last one.
    ///
    /// # Errors
    ///
    /// In the line's place: when the file can't be read, and when the line is no UTF-8.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped: the next call gives the line.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// asyncio::run(async {
    ///     let mut lines = asyncio::fs::File::open("Cargo.toml").await?.lines();
    ///     assert_eq!(lines.next().await.transpose()?.as_deref(), Some("[package]"));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<io::Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// What was read, as a line; `None` if that is nothing, at the end.
    fn take(&mut self) -> Option<io::Result<String>> {
        if self.line.is_empty() {
            return None;
        }
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        Some(self.file.text(line))
    }
}

impl Stream for Lines {
    type Item = io::Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let bytes = ready!(Pin::new(&mut this.file).poll_fill_buf(cx))?;
            let end = bytes.iter().position(|&byte| byte == b'\n').map(|place| place + 1);
            let length = end.unwrap_or(bytes.len());
            this.line.extend_from_slice(&bytes[..length]);
            Pin::new(&mut this.file).consume(length);
            if end.is_some() || length == 0 {
                return Poll::Ready(this.take());
            }
        }
    }
}
