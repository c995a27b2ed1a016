//! The jobs of a loop that run on other threads, and waiting for them at its end. Mirrors what
//! `loop._default_executor` keeps.
//!
//! The threads are those of the `blocking` crate, shared by all loops: they are made when needed and end
//! when they have had nothing to do for a while. What must hold: a job is counted from the moment it is
//! handed over until what it owns is dropped, on whichever thread that happens.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use async_io::Timer;

use super::core::warn;

/// Python's limit for the threads' end.
pub(crate) const JOIN_LIMIT: Duration = Duration::from_secs(300);

/// A loop's jobs.
#[derive(Default)]
pub(crate) struct Executor {
    jobs: Arc<Jobs>,
    is_shut_down: Cell<bool>,
}

/// How many jobs are not done, and who waits until none is.
#[derive(Default)]
struct Jobs(Mutex<(usize, Option<Waker>)>);

impl Executor {
    /// Counts a job for as long as the guard lives.
    #[track_caller]
    pub(crate) fn job(&self) -> Job {
        assert!(
            !self.is_shut_down.get(),
            "Executor shutdown has been called: hand over what is to run on another thread before that"
        );
        self.jobs.lock().0 += 1;
        Job(self.jobs.clone())
    }

    /// Takes no job any more.
    pub(crate) fn shut_down(&self) {
        self.is_shut_down.set(true);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.lock().0 == 0
    }

    /// Waits until no job is left, for `limit` at most, in real time: other threads know no other.
    pub(crate) async fn join(&self, limit: Duration) {
        let mut timer = Timer::after(limit);
        let left = poll_fn(|cx| {
            let mut jobs = self.jobs.lock();
            if jobs.0 == 0 {
                return Poll::Ready(0);
            }
            jobs.1 = Some(cx.waker().clone());
            let left = jobs.0;
            drop(jobs);
            std::pin::Pin::new(&mut timer).poll(cx).map(|_| left)
        });
        let left = left.await;
        if left > 0 {
            warn(&format!(
                "calls on other threads still running after {} seconds: {left}; they are not waited for \
                 any longer",
                limit.as_secs_f64()
            ));
        }
    }
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, (usize, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is not done.
pub(crate) struct Job(Arc<Jobs>);

impl Drop for Job {
    fn drop(&mut self) {
        let mut jobs = self.0.lock();
        jobs.0 -= 1;
        let waker = if jobs.0 == 0 { jobs.1.take() } else { None };
        // A waker is foreign code: it is called without the lock.
        drop(jobs);
        waker.into_iter().for_each(Waker::wake);
    }
}
