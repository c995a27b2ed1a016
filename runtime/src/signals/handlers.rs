//! Calling back when a signal has come. Mirrors `add_signal_handler` in `asyncio.unix_events`.

use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::rc::Rc;

use signal_hook::consts::SIGINT;

use crate::event_loop::EventLoop;
use crate::exceptions::place;
use crate::task::service::{self, Service};
use crate::task::table::Tasks;
use crate::task::watches::Watched;

impl EventLoop {
    /// Calls `callback` in the loop when the process has got `signal`: each time, until
    /// [`remove_signal_handler`](EventLoop::remove_signal_handler).
    /// Mirrors `loop.add_signal_handler(signal, callback)`. Unix only.
    ///
    /// `signal` is one of [`signals`](crate::signals), or its number. What the signal does by default, ending
    /// the process for one, it does no more. A signal has one handler in a loop: the second replaces the first.
    /// The callback runs as any other: it may start tasks, stop the loop, remove itself. It has a copy of the
    /// caller's context, and no [`current_task`](crate::current_task). A panic in it goes to the exception
    /// handler.
    ///
    /// Signals that come faster than the loop turns are one call: there is at least one after the last of
    /// them. With a handler for SIGINT, a runner with
    /// [`handle_ctrl_c`](crate::RunnerBuilder::handle_ctrl_c) leaves Ctrl-C to it, as in Python.
    ///
    /// Unlike in Python, the loop may run on any thread, and several loops may handle one signal: each
    /// of them is told. A handler that the program has installed in another way before is called too.
    ///
    /// # Errors
    ///
    /// For what is no signal; for SIGKILL and SIGSTOP, which can't be caught; for SIGSEGV, SIGILL and
    /// SIGFPE, after which the program can't go on. When there are too many open descriptors.
    ///
    /// # Panics
    ///
    /// When the loop is closed.
    ///
    /// ```no_run
    /// use asyncio::signals::{SIGINT, SIGTERM};
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// for signal in [SIGINT, SIGTERM] {
    ///     let this = event_loop.clone();
    ///     event_loop.add_signal_handler(signal, move || this.stop())?;
    /// }
    /// println!("press Ctrl-C to stop");
    /// event_loop.run_forever();
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn add_signal_handler(
        &self,
        signal: i32,
        callback: impl FnMut() + 'static,
    ) -> io::Result<()> {
        self.tasks.core.assert_open();
        let service = handle(&self.tasks, signal, callback, Location::caller())?;
        self.tasks.watches.set(Watched::Signal(signal), service);
        Ok(())
    }

    /// Takes the handler of `signal` back. Whether there was one. Then the signal does what it did before,
    /// unless another loop handles it. Mirrors `loop.remove_signal_handler(signal)`. Unix only.
    ///
    /// Closing the loop does this for all.
    ///
    /// A handler that the program installed in another way *after* this one isn't taken into account: the
    /// process does by default what it did by default before. (On systems other than Linux, that is so for
    /// earlier ones too.)
    ///
    /// ```
    /// use asyncio::signals::SIGHUP;
    ///
    /// let event_loop = asyncio::new_event_loop();
    /// event_loop.add_signal_handler(SIGHUP, || println!("reading the settings again"))?;
    /// assert!(event_loop.remove_signal_handler(SIGHUP));
    /// assert!(!event_loop.remove_signal_handler(SIGHUP));
    /// event_loop.close();
    /// # std::io::Result::Ok(())
    /// ```
    pub fn remove_signal_handler(&self, signal: i32) -> bool {
        self.tasks.watches.remove(Watched::Signal(signal))
    }
}

/// Calls `callback` in the loop of `tasks` for each `signal`, until the service is stopped or the loop closed.
pub(crate) fn handle(
    tasks: &Rc<Tasks>,
    signal: i32,
    mut callback: impl FnMut() + 'static,
    added_at: &'static Location<'static>,
) -> io::Result<Service> {
    let core = tasks.core.clone();
    let arrivals = core.awaited_signals.arrivals(signal)?;
    let taker = (signal == SIGINT).then(|| core.interrupt_takers.join());
    let name = format!("handler of signal {signal}");
    let origin = format!("the {name}, added at {}", place(added_at));
    let call = async move {
        let _taker = taker;
        loop {
            poll_fn(|cx| arrivals.poll_next(cx)).await;
            core.contain(&origin, &mut callback);
        }
    };
    Ok(service::spawn(tasks, name, call, added_at))
}
