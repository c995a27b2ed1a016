//! Which loop is meant: the running one, the thread's own, or a new one. Mirrors the functions at the
//! end of `asyncio.events`.

use std::cell::RefCell;

use super::EventLoop;
use super::settings::Settings;
use crate::exceptions::NoRunningLoop;
use crate::task::table;

thread_local! {
    /// The loop that `get_event_loop` gives outside a run.
    static OWN: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// Makes an event loop. Mirrors `asyncio.new_event_loop()`.
///
/// It goes by the environment: `ASYNCIO_DEBUG`, `ASYNCIO_SEED`, `ASYNCIO_TRACE`; for more than that
/// there is [`Runner::builder`](crate::Runner::builder).
///
/// # Panics
///
/// When `ASYNCIO_SEED` is set to what is no number, and when the file that `ASYNCIO_TRACE` names
/// can't be created.
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// event_loop.run_until_complete(async { println!("hello") });
/// event_loop.close();
/// ```
#[track_caller]
pub fn new_event_loop() -> EventLoop {
    EventLoop::new(&Settings::default().with_environment())
}

/// The running event loop; outside a run this thread's own, made on first use.
/// Mirrors `asyncio.get_event_loop()`, as it was before Python 3.14 took the second half away.
///
/// # Panics
///
/// As [`new_event_loop`].
///
/// ```
/// let event_loop = asyncio::get_event_loop();
/// assert_eq!(event_loop.run_until_complete(async { 42 }), 42);
/// event_loop.close();
/// ```
#[track_caller]
pub fn get_event_loop() -> EventLoop {
    if let Ok(running) = get_running_loop() {
        return running;
    }
    if let Some(own) = OWN.with_borrow(Clone::clone) {
        return own;
    }
    let event_loop = new_event_loop();
    set_event_loop(Some(event_loop.clone()));
    event_loop
}

/// Makes `event_loop` the one that [`get_event_loop`] gives on this thread outside a run; `None`: a
/// new one next time. Mirrors `asyncio.set_event_loop(loop)`.
///
/// ```
/// let event_loop = asyncio::new_event_loop();
/// event_loop.set_debug(true);
/// asyncio::set_event_loop(Some(event_loop));
/// assert!(asyncio::get_event_loop().is_debug());
/// asyncio::set_event_loop(None);
/// ```
pub fn set_event_loop(event_loop: Option<EventLoop>) {
    let former = OWN.with(|own| own.replace(event_loop));
    drop(former);
}

/// The event loop that runs on this thread. Mirrors `asyncio.get_running_loop()`.
///
/// # Errors
///
/// [`NoRunningLoop`] outside a run.
///
/// ```
/// assert!(asyncio::get_running_loop().is_err());
/// asyncio::run(async {
///     assert!(asyncio::get_running_loop().is_ok());
/// });
/// ```
pub fn get_running_loop() -> Result<EventLoop, NoRunningLoop> {
    table::running().map(|tasks| EventLoop { tasks }).ok_or(NoRunningLoop)
}
