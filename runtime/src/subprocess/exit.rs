//! Waiting for a process's end. Mirrors the child watchers of `asyncio.unix_events`.
//!
//! A service of the loop waits, so that `return_code` is known though nobody awaits it, and no zombie stays.
//! async-process tells it: on Linux by a descriptor of the process, elsewhere by SIGCHLD.
//!
//! What must hold: the process's number is its own until `code` is set or the service is gone, since only the
//! service reaps it until then; so no signal hits somebody else. Whatever drops the service kills the process,
//! unless that is to live on; then a thread of async-process reaps it, and nobody sends it a signal any more.

use std::cell::Cell;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::rc::Rc;

use async_process::Child;
use rustix::process::{Pid, Signal, kill_process};

use crate::event_loop::core::warn;
use crate::locks::Event;

/// What is known of a process's life. Its handle and its watcher share it.
#[derive(Debug)]
pub(super) struct Exit {
    pid: Pid,
    code: Cell<Option<i32>>,
    ended: Event,
    lives_on: Cell<bool>,
    /// The service is there, which alone reaps it.
    is_watched: Cell<bool>,
}

/// Python's code for a process that somebody else has reaped.
const UNKNOWN: i32 = 255;

impl Exit {
    pub(super) fn new(child: &Child, lives_on: bool) -> Rc<Self> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.expect("the number of a process is above 0");
        Rc::new(Self {
            pid,
            code: Cell::new(None),
            ended: Event::new(),
            lives_on: Cell::new(lives_on),
            is_watched: Cell::new(true),
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(super) fn code(&self) -> Option<i32> {
        self.code.get()
    }

    pub(super) async fn wait(&self) -> i32 {
        self.ended.wait().await;
        self.code().expect("who has ended has a code")
    }

    pub(super) fn live_on(&self) {
        self.lives_on.set(true);
    }

    pub(super) fn send(&self, signal: i32) -> io::Result<()> {
        if let Some(code) = self.code() {
            let message = format!("process {} has ended with {code}", self.pid());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        if !self.is_watched.get() {
            let message =
                format!("process {} is watched no longer: its loop is closed", self.pid());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        let Some(named) = Signal::from_named_raw(signal) else {
            let message = format!("{signal} is the number of no signal");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        Ok(kill_process(self.pid, named)?)
    }

    /// Kills it, unless it has ended, is to live on, or may be reaped by others.
    pub(super) fn kill_if_left(&self) {
        if self.code().is_none() && self.is_watched.get() && !self.lives_on.get() {
            // Of a process that has set another user, it may be refused.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }

    fn end(&self, code: i32) {
        self.code.set(Some(code));
        self.ended.set();
    }
}

/// What the service that waits has. The order matters: killed first, then given away to be reaped.
pub(super) struct Watcher {
    exit: Rc<Exit>,
    child: Child,
}

impl Watcher {
    pub(super) fn new(exit: Rc<Exit>, child: Child) -> Self {
        Self { exit, child }
    }

    pub(super) async fn watch(mut self) {
        let code = match self.child.status().await {
            Ok(status) => code_of(status),
            Err(error) => {
                let pid = self.exit.pid();
                warn(&format!("process {pid} can't be waited for, its code is {UNKNOWN}: {error}"));
                UNKNOWN
            }
        };
        self.exit.end(code);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.exit.kill_if_left();
        self.exit.is_watched.set(false);
    }
}

/// Python's way to say it: `-n` for a process that signal n has ended.
fn code_of(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| -signal)).unwrap_or(UNKNOWN)
}
