//! Something has happened: told from any thread, awaited by one.
//!
//! Like `asyncio.Event`, but it may be raised on another thread, and a wait takes it back.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Raised any number of times, taken once.
#[derive(Debug, Default)]
pub(super) struct Signal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_raised: bool,
    waiter: Option<Waker>,
}

impl Signal {
    /// Wakes whoever waits; the next wait, if nobody does, is over at once.
    pub(super) fn raise(&self) {
        let mut state = self.state();
        state.is_raised = true;
        let waiter = state.waiter.take();
        // A waker may run foreign code.
        drop(state);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Whether it was raised since the last time it was taken; takes it.
    pub(super) fn take(&self) -> bool {
        std::mem::take(&mut self.state().is_raised)
    }

    /// Waits until it is raised, and takes it.
    pub(super) async fn wait(&self) {
        poll_fn(|cx| self.poll_wait(cx)).await;
    }

    /// [`wait`](Signal::wait), for who polls by hand.
    pub(super) fn poll_wait(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if std::mem::take(&mut state.is_raised) {
            return Poll::Ready(());
        }
        let former = state.waiter.replace(cx.waker().clone());
        drop(state);
        drop(former);
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[asyncio::test]
    async fn another_thread_ends_a_wait() {
        let signal = Arc::new(Signal::default());
        let raised = signal.clone();
        // The task is spawned first, so it waits before the loop's callback starts the thread.
        let waiting = asyncio::create_task(async move { signal.wait().await });
        asyncio::yield_now().await;
        thread::spawn(move || raised.raise());
        waiting.await.unwrap();
    }

    #[test]
    fn it_is_taken_once_however_often_it_was_raised() {
        let signal = Signal::default();
        signal.raise();
        signal.raise();
        assert!(signal.take());
        assert!(!signal.take());
    }
}
