//! The numbers of signals, for [`EventLoop::add_signal_handler`](crate::EventLoop::add_signal_handler). Mirrors
//! the constants of Python's `signal` module. Unix only.
//!
//! ```
//! let event_loop = asyncio::new_event_loop();
//! let this = event_loop.clone();
//! event_loop.add_signal_handler(asyncio::signals::SIGTERM, move || this.stop())?;
//! event_loop.close();
//! # std::io::Result::Ok(())
//! ```

// What is behind the numbers mirrors `add_signal_handler` of `asyncio.unix_events`, and what `asyncio.Runner`
// does with SIGINT: `registration` (what a signal does to the process), `arrivals` (awaiting it), `handlers`
// (calling back), `interrupts` (Ctrl-C for a runner), `ctrl_c` (awaiting Ctrl-C).

#[cfg(unix)]
mod arrivals;
pub(crate) mod ctrl_c;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
pub(crate) mod handlers;
#[cfg(unix)]
mod interrupts;
#[cfg(unix)]
mod registration;

#[cfg(unix)]
pub(crate) use arrivals::Awaited;
#[cfg(not(unix))]
pub(crate) use elsewhere::{Interrupts, Takers};
#[cfg(unix)]
pub(crate) use interrupts::{Interrupts, Takers};
#[cfg(unix)]
pub(crate) use registration::Registration;
#[cfg(unix)]
pub use signal_hook::consts::signal::{
    SIGALRM, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
};
