//! Lesson 12: locks, events, conditions, semaphores, barriers.
//!
//! Tasks take turns at every `.await`, and at no other place. You will see five things go wrong at one, and what
//! puts each of them right.
//!
//! ```text
//! cargo run --bin 12_synchronization
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use asyncio::{Barrier, Condition, Event, Lock, Semaphore, gather, sleep, yield_now};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[asyncio::main]
async fn main() {
    lock().await;
    event().await;
    condition().await;
    semaphore().await;
    barrier().await;
}

/// Five tasks put a coin each into a box. To count, each reads, waits, and writes.
async fn lock() {
    let coins = Cell::new(0);
    let add = async || {
        let before = coins.get();
        yield_now().await; // The others read, too, before this one writes.
        coins.set(before + 1);
    };
    gather((0..5).map(|_| add())).await;
    println!("without a lock, 5 coins are {}", coins.get());

    // The value lives in the lock: nobody gets at it without.
    let coins = Lock::new(0);
    let add = async || {
        let mut coins = coins.acquire().await;
        let before = *coins;
        yield_now().await;
        *coins = before + 1;
        // Dropped here, the guard lets the next one in.
    };
    gather((0..5).map(|_| add())).await;
    println!("with a lock, 5 coins are {}", coins.into_inner());
}

/// Two workers need the settings, which take a while to load.
async fn event() {
    let settings = Cell::new("nothing");
    let load = async || {
        sleep(ms(100)).await;
        settings.set("the settings");
    };
    let work = async |name| println!("without an event, {name} has {}", settings.get());
    gather!(load(), work("Ann"), work("Bob")).await;

    settings.set("nothing");
    let loaded = Event::new();
    let load = async || {
        load().await;
        loaded.set(); // All who wait go on, and whoever comes later doesn't wait.
    };
    let work = async |name| {
        loaded.wait().await;
        println!("with an event, {name} has {}", settings.get());
    };
    gather!(load(), work("Ann"), work("Bob")).await;
}

/// A customer wants three apples. A farmer brings four, one by one.
async fn condition() {
    let stock = Cell::new(0);
    let delivered = Event::new();
    let farmer = async || {
        for _ in 0..4 {
            sleep(ms(20)).await;
            stock.set(stock.get() + 1);
            delivered.set();
        }
    };
    let customer = async || {
        delivered.wait().await; // Something has come. Enough?
        println!("without a condition, the customer wants 3 and finds {}", stock.get());
    };
    gather!(farmer(), customer()).await;

    let stock = Lock::new(0);
    let changed = Condition::new();
    let farmer = async || {
        for _ in 0..4 {
            sleep(ms(20)).await;
            *stock.acquire().await += 1;
            changed.notify_all();
        }
    };
    let customer = async || {
        let mut stock = stock.acquire().await;
        // While it waits, the lock is free. When it goes on, it has the lock again.
        changed.wait_for(&mut stock, |stock| *stock >= 3).await;
        println!("with a condition, the customer wants 3 and finds {}", *stock);
        *stock -= 3;
    };
    gather!(farmer(), customer()).await;
    println!("left over: {}", stock.into_inner());
}

/// A server that serves two at a time, and turns away who comes beyond that.
#[derive(Default)]
struct Server {
    serving: Cell<usize>,
    refused: Cell<usize>,
}

impl Server {
    async fn ask(&self) {
        if self.serving.get() == 2 {
            self.refused.set(self.refused.get() + 1);
            return;
        }
        self.serving.set(self.serving.get() + 1);
        sleep(ms(20)).await;
        self.serving.set(self.serving.get() - 1);
    }
}

async fn semaphore() {
    let server = Server::default();
    gather((0..6).map(|_| server.ask())).await;
    println!("without a semaphore, {} of 6 are refused", server.refused.get());

    let server = Server::default();
    let two = Semaphore::new(2);
    let ask = async || {
        let _permit = two.acquire().await;
        server.ask().await;
    };
    gather((0..6).map(|_| ask())).await;
    println!("with a semaphore, {} of 6 are refused", server.refused.get());
}

/// Three bakers make a layer each, at their own pace. Each then puts cream on the layer of the next one.
async fn barrier() {
    let layers = RefCell::new(vec![]);
    let bake = async |baker: u64| {
        sleep(ms(50 * baker)).await;
        layers.borrow_mut().push(baker);
    };
    let finish = |baker: u64| {
        let next = (baker + 1) % 3;
        if layers.borrow().contains(&next) { "cream" } else { "no layer there" }
    };

    let work = async |baker| {
        bake(baker).await;
        finish(baker)
    };
    let done = gather((0..3).map(work)).await;
    println!("without a barrier: {}", done.join(", "));

    layers.take();
    let all_baked = Barrier::new(3);
    let work = async |baker| {
        bake(baker).await;
        // The third to come lets all go on. It fails only where somebody aborts or resets the barrier.
        all_baked.wait().await.map_or("broken off", |_| finish(baker))
    };
    let done = gather((0..3).map(work)).await;
    println!("with a barrier: {}", done.join(", "));
}
