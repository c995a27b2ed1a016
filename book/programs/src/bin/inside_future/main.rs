//! An async function, and the state machine that the compiler makes of it, written by hand.

use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Pending once, then ready.
#[derive(Default)]
struct Pause {
    was_polled: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        if mem::replace(&mut self.was_polled, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn greet(name: String) -> usize {
    println!("  hello");
    Pause::default().await;
    println!("  {name}");
    Pause::default().await;
    name.len()
}

/// What `greet` returns: where it stands, and what it needs from there on.
enum Greet {
    Start { name: String },
    AtFirstPause { name: String, pause: Pause },
    AtSecondPause { name: String, pause: Pause },
    Over,
}

impl Future for Greet {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            match mem::replace(&mut *self, Self::Over) {
                Self::Start { name } => {
                    println!("  hello");
                    *self = Self::AtFirstPause { name, pause: Pause::default() };
                }
                Self::AtFirstPause { name, mut pause } => {
                    if Pin::new(&mut pause).poll(cx).is_pending() {
                        *self = Self::AtFirstPause { name, pause };
                        return Poll::Pending;
                    }
                    println!("  {name}");
                    *self = Self::AtSecondPause { name, pause: Pause::default() };
                }
                Self::AtSecondPause { name, mut pause } => {
                    if Pin::new(&mut pause).poll(cx).is_pending() {
                        *self = Self::AtSecondPause { name, pause };
                        return Poll::Pending;
                    }
                    return Poll::Ready(name.len());
                }
                Self::Over => panic!("a future that is over must not be polled"),
            }
        }
    }
}

/// Polls at once, again and again: a pause is over as soon as it was polled once.
fn poll_to_the_end(what: &str, future: impl Future<Output = usize>) {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for polls in 1.. {
        println!("{what}, poll {polls}");
        match future.as_mut().poll(&mut cx) {
            Poll::Pending => println!("  Pending"),
            Poll::Ready(length) => {
                println!("  Ready({length})");
                println!("{what}: {polls} polls");
                return;
            }
        }
    }
}

/// What lives across a pause is part of the future. What doesn't is not.
async fn keeps() -> usize {
    let buffer = [1_u8; 1000];
    Pause::default().await;
    buffer.len()
}

async fn lets_go() -> usize {
    let length = [1_u8; 1000].len();
    Pause::default().await;
    length
}

fn main() {
    poll_to_the_end("async fn", greet("Ada".to_owned()));
    poll_to_the_end("by hand", Greet::Start { name: "Ada".to_owned() });

    println!("keeps: over 1000 bytes: {}", size_of_val(&keeps()) > 1000);
    println!("lets_go: over 1000 bytes: {}", size_of_val(&lets_go()) > 1000);
}
