//! A socket that the loop waits for. Linux: in the loop's own epoll. Elsewhere: in async-io.
//!
//! Both know by a flag whether a read is worth trying. It is set when the system reports the socket, and
//! taken back by the read that finds nothing more. So a read waits first, instead of failing first
//! (DESIGN.md, decision 4: 5.2 µs a request of an echo server, 6.1 the other way).

#[cfg(all(target_os = "linux", not(asyncio_portable_poller)))]
pub(crate) use own::Polled;

#[cfg(not(all(target_os = "linux", not(asyncio_portable_poller))))]
pub(crate) use portable::Polled;

#[cfg(all(target_os = "linux", not(asyncio_portable_poller)))]
mod own {
    use std::cell::Cell;
    use std::io;
    use std::os::fd::AsFd;
    use std::rc::Rc;
    use std::task::{Context, Poll};

    use crate::event_loop::core::Core;
    use crate::event_loop::poller::Source;
    use crate::event_loop::ready::Waiter;
    use crate::task::table;

    pub(crate) struct Polled<T: AsFd> {
        io: T,
        core: Rc<Core>,
        key: usize,
        source: Rc<Source>,
    }

    impl<T: AsFd> Polled<T> {
        /// Makes `io` non-blocking, and this loop's.
        pub(crate) fn new(core: &Rc<Core>, io: T) -> io::Result<Self> {
            rustix::io::ioctl_fionbio(&io, true)?;
            let (key, source) = core.poller.add(&io)?;
            Ok(Self { io, core: core.clone(), key, source })
        }

        pub(crate) fn get_ref(&self) -> &T {
            &self.io
        }

        pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if !self.source.readable.get() && self.core.is_closed() {
                let message = "Event loop is closed: its streams can be read no more";
                return Poll::Ready(Err(io::Error::other(message)));
            }
            self.poll(cx, &self.source.readable, &self.source.reader)
        }

        pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.poll(cx, &self.source.writable, &self.source.writer)
        }

        fn poll(
            &self,
            cx: &mut Context<'_>,
            is_ready: &Cell<bool>,
            waiter: &Cell<Option<Waiter>>,
        ) -> Poll<io::Result<()>> {
            if is_ready.get() {
                return Poll::Ready(Ok(()));
            }
            waiter.set(Some(table::waiter(&self.core, cx)));
            Poll::Pending
        }

        /// A read has found nothing.
        pub(crate) fn is_empty(&self) {
            self.source.readable.set(false);
        }

        /// A read of a byte stream has found less than it had room for.
        pub(crate) fn came_short(&self) {
            self.source.came_short();
        }

        /// A write has found no room.
        pub(crate) fn is_full(&self) {
            self.source.writable.set(false);
        }
    }

    impl<T: AsFd> Drop for Polled<T> {
        fn drop(&mut self) {
            self.core.poller.remove(&self.io, self.key);
        }
    }
}

#[cfg(not(all(target_os = "linux", not(asyncio_portable_poller))))]
mod portable {
    use std::cell::Cell;
    use std::io;
    use std::rc::Rc;
    use std::task::{Context, Poll, ready};

    use async_io::Async;

    use crate::event_loop::core::Core;
    use crate::net::socket::Descriptor;

    pub(crate) struct Polled<T> {
        io: Async<T>,
        is_readable: Cell<bool>,
    }

    impl<T: Descriptor> Polled<T> {
        /// Makes `io` non-blocking.
        pub(crate) fn new(_core: &Rc<Core>, io: T) -> io::Result<Self> {
            Ok(Self { io: Async::new(io)?, is_readable: Cell::new(false) })
        }

        pub(crate) fn get_ref(&self) -> &T {
            self.io.get_ref()
        }

        pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if !self.is_readable.get() {
                ready!(self.io.poll_readable(cx))?;
                self.is_readable.set(true);
            }
            Poll::Ready(Ok(()))
        }

        pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.io.poll_writable(cx)
        }

        /// A read has found nothing.
        pub(crate) fn is_empty(&self) {
            self.is_readable.set(false);
        }

        /// A read of a byte stream has found less than it had room for: the next one would most likely fail.
        pub(crate) fn came_short(&self) {
            self.is_readable.set(false);
        }

        /// A write has found no room.
        #[expect(clippy::unused_self, reason = "as where the loop keeps a flag")]
        pub(crate) fn is_full(&self) {}
    }
}
