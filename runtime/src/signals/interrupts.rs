//! Ctrl-C for a runner. Mirrors what `asyncio.Runner` does with SIGINT.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use signal_hook::consts::SIGINT;
use signal_hook::{flag, low_level};

use super::arrivals::Pipe;
use super::registration::Registration;

/// While it lives, the first SIGINT can be awaited and the second ends the process at once, even
/// if the loop is stuck: the handler itself does that.
///
/// While the loop has others who take SIGINT, none of this.
pub(crate) struct Interrupts {
    pipe: Pipe,
    sender: UnixStream,
    seen_one: Arc<AtomicBool>,
    registration: RefCell<Option<Registration>>,
}

impl Interrupts {
    #[track_caller]
    pub(crate) fn watch(takers: &Takers) -> Rc<Self> {
        Self::new(takers).unwrap_or_else(|error| {
            panic!(
                "asyncio: Ctrl-C can't be handled, since its handler can't be installed: {error}"
            )
        })
    }

    fn new(takers: &Takers) -> io::Result<Rc<Self>> {
        let (sender, pipe) = Pipe::new()?;
        let seen_one = Arc::default();
        let this = Rc::new(Self { pipe, sender, seen_one, registration: RefCell::default() });
        if takers.count.get() == 0 {
            this.begin()?;
        }
        takers.runner.replace(Rc::downgrade(&this));
        Ok(this)
    }

    fn begin(&self) -> io::Result<()> {
        let registration = Registration::new(SIGINT, |actions| {
            // In this order, so that the first signal finds the flag down.
            let seen_one = self.seen_one.clone();
            actions.push(flag::register_conditional_shutdown(SIGINT, 130, seen_one)?);
            actions.push(flag::register(SIGINT, self.seen_one.clone())?);
            actions.push(low_level::pipe::register(SIGINT, self.sender.try_clone()?)?);
            Ok(())
        })?;
        self.registration.replace(Some(registration));
        Ok(())
    }

    fn pause(&self) {
        drop(self.registration.take());
    }

    /// Ready when SIGINT came.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.pipe.poll_next(cx)
    }
}

/// Who takes SIGINT in a loop besides its runner: a handler of the user's, whoever awaits `ctrl_c()`. While
/// there is one, the runner doesn't, as in Python, where such a handler replaces the runner's.
#[derive(Default)]
pub(crate) struct Takers {
    count: Cell<usize>,
    runner: RefCell<Weak<Interrupts>>,
}

impl Takers {
    /// Counts as one while the guard lives.
    pub(super) fn join(self: &Rc<Self>) -> Taker {
        self.count.set(self.count.get() + 1);
        if let Some(runner) = self.runner() {
            runner.pause();
        }
        Taker(self.clone())
    }

    fn runner(&self) -> Option<Rc<Interrupts>> {
        self.runner.borrow().upgrade()
    }
}

pub(super) struct Taker(Rc<Takers>);

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        if self.0.count.get() == 0
            && let Some(runner) = self.0.runner()
        {
            // Where that fails, for want of a descriptor, the next Ctrl-C ends the process at once.
            drop(runner.begin());
        }
    }
}
