//! Awaiting Ctrl-C.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[cfg(not(unix))]
use elsewhere::Watch;
#[cfg(unix)]
use unix::Watch;

use crate::task::table;

/// Waits for Ctrl-C (SIGINT). Python has no such thing: there, a handler of SIGINT sets an `asyncio.Event`.
///
/// From this call on, until it is done or dropped, Ctrl-C doesn't end the process. Whoever awaits it is
/// told: several waiters, and handlers that
/// [`add_signal_handler`](crate::EventLoop::add_signal_handler) has installed, all of them. A Ctrl-C that
/// comes after the call and before the first `.await` counts.
///
/// A runner with [`handle_ctrl_c`](crate::RunnerBuilder::handle_ctrl_c) (`#[asyncio::main(ctrl_c = true)]`)
/// leaves Ctrl-C to it meanwhile. Afterwards it takes over again: the next one cancels main, or, without
/// such a runner, ends the process.
///
/// # Errors
///
/// When the handler can't be installed, for want of a descriptor; on a system without Unix signals.
///
/// # Panics
///
/// Outside a running event loop.
///
/// # Cancel safety
///
/// Yes: dropped, it leaves nothing behind.
///
/// ```no_run
/// asyncio::run(async {
///     println!("press Ctrl-C");
///     asyncio::ctrl_c().await?;
///     println!("bye");
///     std::io::Result::Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn ctrl_c() -> CtrlC {
    let Some(tasks) = table::running() else { table::outside_a_loop("ctrl_c") };
    CtrlC { watch: Some(Watch::new(&tasks)) }
}

/// What [`ctrl_c`] gives: ready when Ctrl-C was pressed.
///
/// ```no_run
/// asyncio::run(async {
///     let mut interrupted: asyncio::CtrlC = asyncio::ctrl_c();
///     println!("Ctrl-C is taken from here on");
///     interrupted.await
/// })
/// .unwrap();
/// ```
#[must_use = "futures do nothing unless you `.await` them"]
pub struct CtrlC {
    /// Until it is done.
    watch: Option<io::Result<Watch>>,
}

impl Future for CtrlC {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(Ok(watch)) = &self.watch {
            ready!(watch.poll(cx));
        }
        let watch = self.watch.take().expect("`ctrl_c()` is not polled after it was ready");
        Poll::Ready(watch.map(drop))
    }
}

impl fmt::Debug for CtrlC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CtrlC").field("done", &self.watch.is_none()).finish()
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::rc::Rc;
    use std::task::{Context, Poll};

    use signal_hook::consts::SIGINT;

    use crate::signals::arrivals::Arrivals;
    use crate::signals::interrupts::Taker;
    use crate::task::table::Tasks;

    /// While it lives, SIGINT comes here.
    pub(super) struct Watch {
        /// Dropped first: the runner takes over before SIGINT is let go here.
        _taker: Taker,
        arrivals: Arrivals,
    }

    impl Watch {
        pub(super) fn new(tasks: &Rc<Tasks>) -> io::Result<Self> {
            let arrivals = Arrivals::new(SIGINT)?;
            Ok(Self { arrivals, _taker: tasks.core.interrupt_takers.join() })
        }

        pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            self.arrivals.poll_next(cx)
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::rc::Rc;
    use std::task::{Context, Poll};

    use crate::task::table::Tasks;

    pub(super) struct Watch;

    impl Watch {
        pub(super) fn new(_: &Rc<Tasks>) -> io::Result<Self> {
            let fault = "asyncio: `ctrl_c()` needs Unix signals, which this system doesn't have";
            Err(io::Error::new(io::ErrorKind::Unsupported, fault))
        }

        #[expect(clippy::unused_self, reason = "as on Unix")]
        pub(super) fn poll(&self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
}
