use std::pin::Pin;
use std::task::{Context, Waker};

async fn second_half() -> usize {
    let text = [1_u8; 16];
    // A reference to `text`, kept over the await. Both are parts of the future.
    let half = &text[8..];
    asyncio::yield_now().await;
    half.len()
}

fn main() {
    let mut cx = Context::from_waker(Waker::noop());
    let mut future = second_half();
    let _ = Pin::new(&mut future).poll(&mut cx);
    // A move: the bytes go to another address, and `half` would still point to the old one.
    let moved = Box::new(future);
    drop(moved);
}
