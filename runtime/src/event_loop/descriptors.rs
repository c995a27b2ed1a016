//! Calling back when a descriptor is ready. Mirrors `add_reader` and its kin in `asyncio.selector_events`.
//!
//! A service a descriptor and direction waits until the reactor reports the descriptor, and calls. What must
//! hold: a descriptor that stays ready is reported again and again, once a turn at most, since the next
//! report takes another look of the reactor.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll};

use async_io::Async;

use super::EventLoop;
use super::core::Core;
use crate::exceptions::{ExceptionContext, place};
use crate::task::service;
use crate::task::watches::Watched;

#[derive(Clone, Copy)]
enum Direction {
    Read,
    Write,
}

impl Direction {
    fn watched(self, fd: RawFd) -> Watched {
        match self {
            Self::Read => Watched::Readable(fd),
            Self::Write => Watched::Writable(fd),
        }
    }

    fn service_name(self, fd: RawFd) -> String {
        match self {
            Self::Read => format!("reader of descriptor {fd}"),
            Self::Write => format!("writer of descriptor {fd}"),
        }
    }

    fn poll(self, io: &Async<File>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Read => io.poll_readable(cx),
            Self::Write => io.poll_writable(cx),
        }
    }
}

impl EventLoop {
    /// Calls `callback` in each turn in which `fd` can be read without waiting: again and again, until
    /// it is read empty or [`remove_reader`](EventLoop::remove_reader) is called.
    /// Mirrors `loop.add_reader(fd, callback)`. Unix only.
    ///
    /// A descriptor has one reader: the second replaces the first. The callback runs in a copy of the
    /// caller's context, with no [`current_task`](crate::current_task). It may remove or replace itself.
    /// A panic in it goes to the exception handler, and the descriptor is watched on.
    ///
    /// Unlike Python's, the loop watches a duplicate of the descriptor. So it is safe to close the
    /// descriptor first; but a socket's peer sees it closed only once the reader is removed, or the loop
    /// is closed. Whether the descriptor blocks isn't changed: read what is there, or make it non-blocking.
    /// Under [`Clock::Virtual`](crate::Clock::Virtual) time stands still while a descriptor is ready.
    ///
    /// # Errors
    ///
    /// When the system can't watch it: a file on a disk is no pipe, socket or terminal; when there are too
    /// many open descriptors.
    ///
    /// # Panics
    ///
    /// When the loop is closed.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// let (mut reader, mut writer) = std::io::pipe()?;
    /// let this = event_loop.clone();
    /// event_loop.add_reader(&reader.try_clone()?, move || {
    ///     let mut buffer = [0; 16];
    ///     let length = reader.read(&mut buffer).unwrap();
    ///     assert_eq!(&buffer[..length], b"hello");
    ///     this.stop();
    /// })?;
    /// writer.write_all(b"hello")?;
    /// event_loop.run_forever();
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn add_reader(&self, fd: impl AsFd, callback: impl FnMut() + 'static) -> io::Result<()> {
        self.watch(Direction::Read, &fd, callback, Location::caller())
    }

    /// Takes the reader of `fd` back. Whether there was one. Mirrors `loop.remove_reader(fd)`. Unix only.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let (reader, _writer) = std::io::pipe()?;
    /// event_loop.add_reader(&reader, || {})?;
    /// assert!(event_loop.remove_reader(&reader));
    /// assert!(!event_loop.remove_reader(&reader));
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub fn remove_reader(&self, fd: impl AsFd) -> bool {
        self.unwatch(Direction::Read, &fd)
    }

    /// Calls `callback` in each turn in which `fd` can be written to without waiting, until
    /// [`remove_writer`](EventLoop::remove_writer). Mirrors `loop.add_writer(fd, callback)`. Unix only.
    ///
    /// All that [`add_reader`](EventLoop::add_reader) says holds here. A descriptor can have a reader and a
    /// writer.
    ///
    /// # Errors
    ///
    /// As [`add_reader`](EventLoop::add_reader).
    ///
    /// # Panics
    ///
    /// When the loop is closed.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let (_reader, writer) = std::io::pipe()?;
    /// let this = event_loop.clone();
    /// event_loop.add_writer(&writer, move || this.stop())?;
    /// event_loop.run_forever();
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn add_writer(&self, fd: impl AsFd, callback: impl FnMut() + 'static) -> io::Result<()> {
        self.watch(Direction::Write, &fd, callback, Location::caller())
    }

    /// Takes the writer of `fd` back. Whether there was one. Mirrors `loop.remove_writer(fd)`. Unix only.
    ///
    /// ```
    /// let event_loop = asyncio::new_event_loop();
    /// let (_reader, writer) = std::io::pipe()?;
    /// assert!(!event_loop.remove_writer(&writer));
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub fn remove_writer(&self, fd: impl AsFd) -> bool {
        self.unwatch(Direction::Write, &fd)
    }

    #[track_caller]
    fn watch(
        &self,
        direction: Direction,
        fd: &impl AsFd,
        callback: impl FnMut() + 'static,
        added_at: &'static Location<'static>,
    ) -> io::Result<()> {
        self.core().assert_open();
        let fd = fd.as_fd();
        // Not switched to non-blocking: that would change it for everybody who has it.
        let io = Async::new_nonblocking(File::from(fd.try_clone_to_owned()?))?;
        let name = direction.service_name(fd.as_raw_fd());
        let origin = format!("the {name}, added at {}", place(added_at));
        let call = call_while_ready(self.core().clone(), io, direction, origin, callback);
        let service = service::spawn(&self.tasks, name, call, added_at);
        self.tasks.watches.set(direction.watched(fd.as_raw_fd()), service);
        Ok(())
    }

    fn unwatch(&self, direction: Direction, fd: &impl AsFd) -> bool {
        self.tasks.watches.remove(direction.watched(fd.as_fd().as_raw_fd()))
    }
}

async fn call_while_ready(
    core: Rc<Core>,
    io: Async<File>,
    direction: Direction,
    origin: String,
    mut callback: impl FnMut(),
) {
    loop {
        if let Err(error) = poll_fn(|cx| direction.poll(&io, cx)).await {
            let message = format!("{origin} can't be watched any longer: {error}");
            return core.report(&ExceptionContext::new(message));
        }
        core.contain(&origin, &mut callback);
    }
}
