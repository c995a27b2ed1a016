//! Two futures by hand that wait for a flag. One forgets to keep the waker, and is never polled again.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin break_hang_waker
//! ```

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use asyncio::{create_task, sleep};

#[derive(Default)]
struct Flag {
    is_up: Cell<bool>,
    waiter: RefCell<Option<Waker>>,
}

impl Flag {
    fn raise(&self) {
        self.is_up.set(true);
        if let Some(waker) = self.waiter.take() {
            waker.wake();
        }
    }

    async fn wait_one_way(&self) {
        poll_fn(|_| if self.is_up.get() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    async fn wait_the_other_way(&self) {
        poll_fn(|cx| {
            if self.is_up.get() {
                return Poll::Ready(());
            }
            self.waiter.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[asyncio::main(clock = "virtual")]
async fn main() {
    let flags = [Rc::new(Flag::default()), Rc::new(Flag::default())];
    let [a, b] = flags.clone();
    let one = create_task(async move { a.wait_one_way().await }).with_name("one way");
    let other = create_task(async move { b.wait_the_other_way().await }).with_name("the other way");
    sleep(Duration::from_secs(1)).await;

    println!("both flags go up");
    for flag in &flags {
        flag.raise();
    }
    sleep(Duration::from_secs(1)).await;
    for task in [&one, &other] {
        println!("{}, done: {}", task.name(), task.is_done());
    }
}
