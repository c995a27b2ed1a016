//! Ctrl-C for a runner. Mirrors what `asyncio.Runner` does with SIGINT.

#[cfg(unix)]
pub(crate) use unix::Interrupts;

#[cfg(not(unix))]
pub(crate) use elsewhere::Interrupts;

#[cfg(unix)]
mod unix {
    use std::io::{self, Read};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::task::{Context, Poll, ready};

    use async_io::Async;
    use signal_hook::consts::SIGINT;
    use signal_hook::{SigId, flag, low_level};

    /// While it lives, the first SIGINT can be awaited and the second ends the process at once, even
    /// if the loop is stuck: the handler itself does that.
    pub(crate) struct Interrupts {
        pipe: Async<UnixStream>,
        registrations: Vec<SigId>,
        watch: Option<Watch>,
    }

    /// Who watches for SIGINT in this process. When nobody does any more, it is to end the process
    /// again: the handler that signal-hook installs stays, and would swallow it.
    struct Watchers {
        count: usize,
        /// Read by the handler; there once it is installed.
        nobody: Option<Arc<AtomicBool>>,
    }

    static WATCHERS: Mutex<Watchers> = Mutex::new(Watchers { count: 0, nobody: None });

    impl Watchers {
        fn change(&mut self, count: usize) {
            self.count = count;
            if let Some(nobody) = &self.nobody {
                nobody.store(count == 0, Ordering::SeqCst);
            }
        }

        fn with<R>(f: impl FnOnce(&mut Self) -> R) -> R {
            f(&mut WATCHERS.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }

    /// Counts as a watcher while it lives.
    struct Watch(());

    impl Watch {
        fn begin() -> io::Result<Self> {
            Watchers::with(|watchers| {
                if watchers.nobody.is_none() {
                    let nobody = Arc::new(AtomicBool::new(false));
                    flag::register_conditional_default(SIGINT, nobody.clone())?;
                    watchers.nobody = Some(nobody);
                }
                watchers.change(watchers.count + 1);
                Ok(Self(()))
            })
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            Watchers::with(|watchers| watchers.change(watchers.count - 1));
        }
    }

    impl Interrupts {
        #[track_caller]
        pub(crate) fn watch() -> Self {
            Self::register().unwrap_or_else(|error| {
                panic!("asyncio: Ctrl-C can't be handled, since its handler can't be installed: {error}")
            })
        }

        fn register() -> io::Result<Self> {
            let (sender, receiver) = UnixStream::pair()?;
            let seen_one = Arc::new(AtomicBool::new(false));
            let pipe = Async::new(receiver)?;
            let mut this = Self { pipe, registrations: Vec::new(), watch: Some(Watch::begin()?) };
            // Handlers run in this order, so the first signal finds the flag down.
            this.registrations.push(flag::register_conditional_shutdown(
                SIGINT,
                130,
                seen_one.clone(),
            )?);
            this.registrations.push(flag::register(SIGINT, seen_one)?);
            this.registrations.push(low_level::pipe::register(SIGINT, sender)?);
            Ok(this)
        }

        /// Ready once for each time SIGINT came.
        pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<()> {
            // Readiness first: main is polled often, and a signal comes once.
            while ready!(self.pipe.poll_readable(cx)).is_ok() {
                if self.pipe.get_ref().read(&mut [0; 1]).is_ok() {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        }
    }

    impl Drop for Interrupts {
        fn drop(&mut self) {
            // First: a signal that comes in between ends the process, and isn't swallowed.
            drop(self.watch.take());
            for registration in self.registrations.drain(..) {
                low_level::unregister(registration);
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::task::{Context, Poll};

    /// There is no SIGINT here.
    pub(crate) struct Interrupts;

    impl Interrupts {
        #[track_caller]
        pub(crate) fn watch() -> Self {
            panic!("asyncio: `handle_ctrl_c` needs Unix signals, which this system doesn't have")
        }

        #[expect(clippy::unused_self, reason = "as on Unix")]
        pub(crate) fn poll_next(&self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
}
