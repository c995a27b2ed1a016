//! What an open file does on other threads, one call after the other.
//!
//! A thread can't borrow from a task, so each call has bytes of its own: what is read comes in chunks and
//! waits in `ahead` until it is asked for; what is written is copied first.
//!
//! What must hold: one call at a time, so that all happen in their order; a call whose awaiter was
//! cancelled is waited for by the next one, and what it read is kept; before anything else than reading,
//! the file's position is put back by what was read ahead.

use std::fs;
use std::future::poll_fn;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::named;
use crate::get_running_loop;
use crate::threads::ExecutorCall;

/// What a call reads or writes at most: it costs two changes of threads, whatever its size.
const CHUNK: usize = 64 * 1024;

/// An open file and the call that is under way.
pub(super) struct Calls {
    file: Arc<fs::File>,
    path: Arc<Path>,
    /// What was read ahead; `..taken` was handed out.
    ahead: Vec<u8>,
    taken: usize,
    call: Option<ExecutorCall<Done>>,
    /// The call has just begun, and the loop had no turn since.
    is_new: bool,
}

/// What a call did.
enum Done {
    Read(io::Result<Vec<u8>>),
    Wrote(io::Result<()>),
    Sought(io::Result<u64>),
    /// Something that only its awaiter wants to know of.
    Other(io::Result<()>),
}

impl Calls {
    pub(super) fn new(file: fs::File, path: &Path) -> Self {
        Self {
            file: Arc::new(file),
            path: path.into(),
            ahead: Vec::new(),
            taken: 0,
            call: None,
            is_new: false,
        }
    }

    pub(super) fn file(&self) -> Arc<fs::File> {
        self.file.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn named(&self, verb: &str, error: io::Error) -> io::Error {
        named(verb, &self.path, error)
    }

    /// What was read ahead and not handed out.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead[self.taken..]
    }

    /// Says that this much of it is handed out.
    pub(super) fn take(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.ahead.len());
    }

    /// Reads ahead if nothing is there; nothing is there then at the end of the file alone.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ahead().is_empty() {
            match ready!(self.poll_call(cx)) {
                None => self.start(|file| Done::Read(read_chunk(file))),
                Some(Done::Read(Ok(bytes))) if bytes.is_empty() => break,
                Some(Done::Read(Ok(bytes))) => self.keep(bytes),
                Some(Done::Read(Err(error))) => return Poll::Ready(Err(self.named("read", error))),
                Some(done) => self.settle(done)?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Begins to write a chunk, once what went before is done.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_settled(cx))?;
        let length = bytes.len().min(CHUNK);
        let chunk = bytes[..length].to_vec();
        let write = move |mut file: &fs::File| file.write_all(&chunk);
        self.start_in_place(write, Done::Wrote);
        Poll::Ready(Ok(length))
    }

    pub(super) fn poll_seek(
        &mut self,
        cx: &mut Context<'_>,
        place: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        loop {
            match ready!(self.poll_call(cx)) {
                Some(Done::Sought(result)) => {
                    return Poll::Ready(result.map_err(|error| self.named("seek in", error)));
                }
                Some(done) => self.settle(done)?,
                None => self.start_in_place(move |mut file| file.seek(place), Done::Sought),
            }
        }
    }

    /// Waits for a write, and for a call whose awaiter was cancelled.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(ready!(self.poll_call(cx)).map_or(Ok(()), |done| self.settle(done)))
    }

    /// Does something else with the file.
    pub(super) async fn call(
        &mut self,
        verb: &'static str,
        function: impl FnOnce(&fs::File) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        poll_fn(|cx| self.poll_settled(cx)).await?;
        self.start_in_place(function, Done::Other);
        match poll_fn(|cx| self.poll_call(cx)).await {
            Some(Done::Other(result)) => result.map_err(|error| self.named(verb, error)),
            _ => unreachable!("a file has one call at a time"),
        }
    }

    /// Deals with what a call did that the awaiter is not waiting for.
    fn settle(&mut self, done: Done) -> io::Result<()> {
        match done {
            Done::Read(Ok(bytes)) => self.keep(bytes),
            Done::Wrote(result) => return result.map_err(|error| self.named("write", error)),
            // Nothing came of it, or who asked for it is gone.
            Done::Read(Err(_)) | Done::Sought(_) | Done::Other(_) => {}
        }
        Ok(())
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        self.ahead = bytes;
        self.taken = 0;
    }

    fn start(&mut self, function: impl FnOnce(&fs::File) -> Done + Send + 'static) {
        let event_loop =
            get_running_loop().unwrap_or_else(|error| panic!("asyncio::fs::File: {error}"));
        let file = self.file.clone();
        self.call = Some(event_loop.run_in_executor(move || function(&file)));
        self.is_new = true;
    }

    /// The same for what is no read: the file's position is made what the user thinks it is.
    fn start_in_place<T: 'static>(
        &mut self,
        function: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
        done: fn(io::Result<T>) -> Done,
    ) {
        let unread = self.ahead().len();
        self.keep(Vec::new());
        self.start(move |file| done(step_back(file, unread).and_then(|()| function(file))));
    }

    /// Waits for the call that is under way, if there is one; for a turn at least, so that a task that
    /// copies a large file can't keep the others from running where the threads are fast.
    fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Option<Done>> {
        let Some(call) = &mut self.call else { return Poll::Ready(None) };
        if std::mem::take(&mut self.is_new) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let done = ready!(Pin::new(call).poll(cx));
        self.call = None;
        Poll::Ready(Some(done))
    }
}

impl Drop for Calls {
    /// Dropping a call that hasn't begun would take it back.
    fn drop(&mut self) {
        self.call.take().into_iter().for_each(ExecutorCall::detach);
    }
}

fn step_back(mut file: &fs::File, unread: usize) -> io::Result<()> {
    if unread > 0 {
        let unread = i64::try_from(unread).expect("a chunk is small");
        file.seek(SeekFrom::Current(-unread))?;
    }
    Ok(())
}

fn read_chunk(mut file: &fs::File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => {
                bytes.truncate(result?);
                return Ok(bytes);
            }
        }
    }
}
