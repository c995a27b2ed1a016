//! Tasks that wake each other, and a thread that wakes a task. The channels are those of the futures
//! crate on every runtime, so that what differs is the waking.

use std::sync::mpsc as threads;
use std::thread;

use futures::channel::mpsc::{self, Receiver, Sender};
use futures::{SinkExt, StreamExt};

use crate::runtimes::Runtime;

/// Two tasks with a channel each way. An operation is a number that goes there and comes back.
pub(super) fn ping_pong<R: Runtime>(n: u64) {
    R::run(async move {
        let (there, arrived) = mpsc::channel(0);
        let (back, returned) = mpsc::channel(0);
        let player = R::spawn(play(n, there, returned));
        let partner = R::spawn(play_back(n, back, arrived));
        player.await;
        partner.await;
    });
}

async fn play(n: u64, mut there: Sender<u64>, mut returned: Receiver<u64>) {
    for number in 0..n {
        there.send(number).await.expect("the partner plays");
        returned.next().await.expect("the partner plays");
    }
}

async fn play_back(n: u64, mut back: Sender<u64>, mut arrived: Receiver<u64>) {
    for _ in 0..n {
        let number = arrived.next().await.expect("the player plays");
        back.send(number).await.expect("the player plays");
    }
}

/// A thread answers a task that has nothing else to do. An operation is a question and its answer: the
/// thread and the loop both park and are woken, so most of the cost is the system's.
pub(super) fn wake_from_thread<R: Runtime>(n: u64) {
    let (ask, asked) = threads::channel();
    let (answer, mut answered) = mpsc::unbounded();
    let thread = thread::spawn(move || {
        for number in asked {
            answer.unbounded_send(number).expect("the task listens");
        }
    });
    R::run(async move {
        for number in 0..n {
            ask.send(number).expect("the thread listens");
            answered.next().await.expect("the thread answers");
        }
    });
    thread.join().expect("the thread ends with the task");
}
