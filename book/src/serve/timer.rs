//! hyper's timeouts on our loop's clock.
//!
//! hyper asks for a sleep that is `Send`, which `asyncio::sleep` isn't. So each sleep is a task of the
//! loop, and hyper holds a handle that may travel.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use asyncio::{LoopHandle, NoRunningLoop, RemoteTask};
use hyper::rt;

/// The running loop's timers.
#[derive(Clone, Debug)]
pub(super) struct Timer(LoopHandle);

impl Timer {
    pub(super) fn of_running_loop() -> Result<Self, NoRunningLoop> {
        asyncio::get_running_loop().map(|event_loop| Self(event_loop.handle()))
    }
}

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        let task = self.0.spawn(async move || asyncio::sleep_until(deadline).await);
        Box::pin(Sleep(task.ok()))
    }

    fn now(&self) -> Instant {
        asyncio::get_running_loop().map_or_else(|_| Instant::now(), |event_loop| event_loop.time())
    }
}

/// None: the loop was closed, and nobody will wait.
struct Sleep(Option<RemoteTask<()>>);

impl rt::Sleep for Sleep {}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(task) => Pin::new(task).poll(cx).map(drop),
            None => Poll::Pending,
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::rt::Timer as _;

    #[asyncio::test(clock = "virtual")]
    async fn a_sleep_ends_by_the_loop_s_clock() {
        let timer = Timer::of_running_loop().unwrap();
        let start = timer.now();
        timer.sleep(Duration::from_secs(3600)).await;
        assert_eq!(timer.now() - start, Duration::from_secs(3600));
    }

    #[asyncio::test(clock = "virtual")]
    async fn a_dropped_sleep_leaves_no_task() {
        let timer = Timer::of_running_loop().unwrap();
        let sleep = timer.sleep(Duration::from_secs(3600));
        // Long enough for what is handed to the loop to arrive, far from the sleep's end.
        asyncio::sleep(Duration::from_secs(1)).await;
        assert_eq!(asyncio::all_tasks().len(), 2, "the sleep's and this one");
        drop(sleep);
        asyncio::sleep(Duration::from_secs(1)).await;
        assert_eq!(asyncio::all_tasks().len(), 1);
    }
}
