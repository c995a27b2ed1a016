//! What a signal does to this process: it reaches whoever registered for it, and while nobody does, what it
//! did before.
//!
//! The handler that signal-hook installs for a signal stays there for good. So that the signal isn't swallowed
//! once nobody wants it, an action of ours, the first of each signal, does what the default one would have done.
//! Where the program ignored the signal or had a handler of its own before us, there is no such action: then
//! the one is swallowed, and the other is called, as before.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{FORBIDDEN, SIGKILL, SIGPIPE, SIGSTOP};
use signal_hook::{SigId, flag, low_level};

/// The actions that one of us has for a signal, until it is dropped.
pub(crate) struct Registration {
    signal: i32,
    actions: Vec<SigId>,
    /// Whether the actions are all there, and the default one stays away.
    counts: bool,
}

/// Who is registered for a signal in this process.
struct Registered {
    count: usize,
    /// Read by the handler. `None`: the signal did something else than the default before us.
    nobody: Option<Arc<AtomicBool>>,
}

/// An entry stays for good, as the handler does.
static REGISTERED: Mutex<BTreeMap<i32, Registered>> = Mutex::new(BTreeMap::new());

fn with_registered<R>(f: impl FnOnce(&mut BTreeMap<i32, Registered>) -> R) -> R {
    f(&mut REGISTERED.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Registered {
    /// The first registration for `signal` in this process.
    fn install(signal: i32) -> io::Result<Self> {
        if had_disposition(signal) {
            return Ok(Self { count: 0, nobody: None });
        }
        let nobody = Arc::new(AtomicBool::new(true));
        if low_level::signal_name(signal).is_some() {
            flag::register_conditional_default(signal, nobody.clone())?;
        } else {
            // A real-time signal. Its default is to end the process; a shell would report this status.
            flag::register_conditional_shutdown(signal, 128 + signal, nobody.clone())?;
        }
        Ok(Self { count: 0, nobody: Some(nobody) })
    }

    fn change(&mut self, count: usize) {
        self.count = count;
        if let Some(nobody) = &self.nobody {
            nobody.store(count == 0, Ordering::SeqCst);
        }
    }
}

/// Whether the program ignores `signal`, or handles it, before we do.
#[cfg(target_os = "linux")]
fn had_disposition(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return signal == SIGPIPE };
    let has = |field: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(field));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| (1..=64).contains(&signal) && mask >> (signal - 1) & 1 == 1)
    };
    has("SigIgn:") || has("SigCgt:")
}

/// Elsewhere, no safe call tells. Rust programs ignore SIGPIPE.
#[cfg(not(target_os = "linux"))]
fn had_disposition(signal: i32) -> bool {
    signal == SIGPIPE
}

impl Registration {
    /// Registers the actions that `register` adds. Until all of them are there, the signal does what it did.
    pub(crate) fn new(
        signal: i32,
        register: impl FnOnce(&mut Vec<SigId>) -> io::Result<()>,
    ) -> io::Result<Self> {
        check(signal)?;
        // First, since actions run in the order in which they were registered.
        with_registered(|all| {
            if let std::collections::btree_map::Entry::Vacant(vacant) = all.entry(signal) {
                vacant.insert(Registered::install(signal)?);
            }
            Ok(())
        })
        .map_err(|error: io::Error| named(signal, error))?;
        let mut this = Self { signal, actions: Vec::new(), counts: false };
        register(&mut this.actions).map_err(|error| named(signal, error))?;
        this.count(|count| count + 1);
        this.counts = true;
        Ok(this)
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        with_registered(|all| {
            if let Some(registered) = all.get_mut(&self.signal) {
                registered.change(change(registered.count));
            }
        });
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // First: a signal that comes in between does what it did before, and isn't swallowed.
        if self.counts {
            self.count(|count| count - 1);
        }
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
    }
}

fn check(signal: i32) -> io::Result<()> {
    let fault = if [SIGKILL, SIGSTOP].contains(&signal) {
        format!("sig {signal} cannot be caught: no program can handle SIGKILL and SIGSTOP")
    } else if FORBIDDEN.contains(&signal) {
        format!(
            "sig {signal} cannot be handled in an event loop: the program can't go on after a fault of its own"
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, fault))
}

/// The system calls a number that is no signal an invalid argument, and that alone.
fn named(signal: i32, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::InvalidInput {
        return error;
    }
    let fault =
        format!("invalid signal number {signal}: the constants of `asyncio::signals` are valid");
    io::Error::new(io::ErrorKind::InvalidInput, fault)
}
