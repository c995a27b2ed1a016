//! Waking a task from the loop's own thread, and nothing else.

use std::future::{pending, poll_fn};
use std::hint::black_box;
use std::task::{Poll, Waker};

use futures::channel::oneshot::{self, Sender};

use crate::runtimes::Runtime;

/// A task that is woken again and again before it runs. An operation is a wake.
pub(super) fn wake<R: Runtime>(n: u64) {
    R::run(async move {
        let (tell, told) = oneshot::channel();
        R::spawn_detached(tell_waker(tell));
        let waker = told.await.expect("the task tells its waker");
        for _ in 0..n {
            black_box(&waker).wake_by_ref();
        }
    });
}

async fn tell_waker(tell: Sender<Waker>) {
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    tell.send(waker).expect("somebody listens");
    pending::<()>().await;
}
