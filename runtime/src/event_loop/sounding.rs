//! Making sure that the reactor has looked at all I/O, before the virtual clock jumps.
//!
//! Used by the driver. `block_on` can't tell: while another thread waits for I/O, that thread holds the
//! reactor, and our `block_on` looks at nothing. So a socket that is always readable is waited for:
//! when it is reported, the reactor has made a pass that began after we asked. The second report says
//! that the first pass is over and all its wakes were made. Python has no virtual clock.

#[cfg(unix)]
pub(crate) use unix::Sounding;

#[cfg(not(unix))]
pub(crate) use elsewhere::Sounding;

#[cfg(unix)]
mod unix {
    use std::cell::{Cell, OnceCell};
    use std::io::{self, Write};
    use std::os::unix::net::UnixStream;
    use std::task::{Context, Poll, ready};

    use async_io::Async;

    /// How many reports are waited for.
    const PASSES: u8 = 2;

    #[derive(Default)]
    pub(crate) struct Sounding {
        /// Made on first use. `None`: no socket could be had, so there is nothing to wait for.
        socket: OnceCell<Option<Readable>>,
        passes: Cell<u8>,
        /// A report is on its way.
        is_asked_for: Cell<bool>,
        /// That report was asked for before something else happened, so it says nothing.
        is_stale: Cell<bool>,
    }

    /// A socket with a byte in it that nobody reads, and its other end.
    struct Readable {
        socket: Async<UnixStream>,
        _writer: UnixStream,
    }

    impl Sounding {
        /// Makes the socket, and async-io's reactor, before there are no descriptors left for them.
        pub(crate) fn prepare(&self) {
            self.socket.get_or_init(|| Readable::new().ok());
        }

        /// Ready when all I/O that was ready at the first call has woken those who wait for it.
        pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            if let Some(readable) = self.socket.get_or_init(|| Readable::new().ok()) {
                while self.passes.get() < PASSES {
                    self.is_asked_for.set(true);
                    // An error is a report as well.
                    drop(ready!(readable.socket.poll_readable(cx)));
                    self.is_asked_for.set(false);
                    if !self.is_stale.take() {
                        self.passes.set(self.passes.get() + 1);
                    }
                }
            }
            self.start_over();
            Poll::Ready(())
        }

        /// Something ran, and may have made more I/O ready: the next sounding is another one.
        pub(crate) fn start_over(&self) {
            self.passes.set(0);
            self.is_stale.set(self.is_asked_for.get());
        }
    }

    impl Readable {
        fn new() -> io::Result<Self> {
            let (socket, mut writer) = UnixStream::pair()?;
            writer.write_all(&[0])?;
            Ok(Self { socket: Async::new(socket)?, _writer: writer })
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::cell::Cell;
    use std::task::{Context, Poll};

    /// One look of our own; where another thread holds the reactor, it sees nothing.
    #[derive(Default)]
    pub(crate) struct Sounding {
        has_looked: Cell<bool>,
    }

    impl Sounding {
        #[expect(clippy::unused_self, reason = "as where there is a socket")]
        pub(crate) fn prepare(&self) {}

        pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            if self.has_looked.replace(true) {
                self.start_over();
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }

        pub(crate) fn start_over(&self) {
            self.has_looked.set(false);
        }
    }
}
